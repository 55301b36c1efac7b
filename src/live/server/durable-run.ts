import type { BackgroundMember } from "./member.ts";
import type { DurableAttempt, DurableRequest } from "./durable.ts";
import type { DurableSelf } from "./context.ts";
import type { Instance } from "./instance.ts";
import type { Payload } from "./engine.ts";
import type { Runtime } from "./runtime.ts";
import type { Tab } from "./tab.ts";
import { BackgroundRun } from "./background-run.ts";
import { decode, encode } from "./encode.ts";
import { sealedCopy } from "./seal.ts";

/** One attempt of a durable background task. How many run, when it ends and what follows is said by whoever keeps it. */
export class DurableRun extends BackgroundRun implements DurableSelf<object, object, {}, {}> {
  private readonly job: DurableAttempt;
  private starts = 0;

  constructor(
    instance: Instance,
    member: BackgroundMember,
    tab: Tab,
    { name, arg }: DurableRequest,
    job: DurableAttempt,
    runtime: Runtime,
  ) {
    super(instance, name, member, argumentOf(arg), tab, undefined, runtime, runtime.clock.wall());
    this.job = job;
  }

  get attempt(): number {
    return this.job.attempt;
  }
  get draining(): AbortSignal {
    return this.job.draining;
  }

  readonly step = <T>(name: string, fn: () => T | Promise<T>): Promise<T> => this.job.step(name, fn);

  override cancel(): Promise<void> {
    this.job.cancel(`${this.title} was cancelled.`);
    return this.ended;
  }

  protected override startId(): string {
    return `${this.job.id}/${++this.starts}`;
  }

  protected override assertLasts(): void {
    super.assertLasts();
    this.job.assertHeld();
  }
}

/** What a durable task is started with, as it is kept. @throws LivespanError STATE_VALUE */
export function requestOf(instance: Instance, name: string, arg: unknown, { token, session }: Tab): DurableRequest {
  const { declaration, key } = instance;
  const kept = arg === undefined ? undefined : encode(sealedCopy(arg, "the argument"));
  return { state: declaration.name, key, tab: token, session, name, arg: kept };
}

function argumentOf(arg: Payload | undefined): unknown {
  if (arg === undefined) return undefined;
  return arg.rich ? decode(arg.text) : JSON.parse(arg.text);
}
