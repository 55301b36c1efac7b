import { RunContext } from "./run-context.ts";
import type { Chain } from "./chain.ts";
import type { EventContext } from "./context.ts";
import type { EventMember } from "./member.ts";
import type { Instance } from "./instance.ts";
import type { Runtime } from "./runtime.ts";
import type { Tab } from "./tab.ts";
import { checked, detachedArgument, memberNamed } from "./argument.ts";
import { Hold } from "./hold.ts";
import { isThenable } from "./instance.ts";
import { liveError } from "../errors.ts";
import { sealedCopy } from "./seal.ts";

/** An event on its way through its tab. */
export interface EventEntry {
  readonly instance: Instance;
  readonly name: string;
  readonly member: EventMember;
  readonly arg: unknown;
  /** Names it over restarts of the server, when a client sent it: one that was kept is not done again. */
  readonly id: string | undefined;
  /** What it and all that it begins is cancelled with, when its event supersedes. */
  readonly chain: Chain | undefined;
}

/** What goes out with the next commit. */
type Effect = () => void;

class HandlerContext extends RunContext implements EventContext<{}, {}, {}> {
  private readonly entry: EventEntry;
  private readonly hold: Hold;
  private effects: Effect[] = [];
  /** Of durable tasks: what hands them to the engine. */
  private keeps: (() => Promise<void>)[] = [];
  private starts = 0;

  constructor(entry: EventEntry, tab: Tab, runtime: Runtime, hold: Hold) {
    super(entry.instance, tab, runtime);
    this.entry = entry;
    this.hold = hold;
  }

  get signal(): AbortSignal {
    return this.entry.chain?.signal ?? this.runtime.aborted;
  }

  readonly start = (name: string, arg?: unknown): void => {
    const { tab } = this;
    const { instance, chain, id: event } = this.entry;
    // Of an event that comes again, because its answer was lost, it is the same start.
    const id = event === undefined ? undefined : `${tab.token}/${event}/${++this.starts}`;
    const start = this.runtime.tasks.prepare({ instance, name, arg: detachedArgument(arg), tab, chain, id });
    if ("now" in start) this.effects.push(start.now);
    else this.keeps.push(start.kept);
  };

  readonly queue = (name: string, arg?: unknown): void => {
    const { instance, chain } = this.entry;
    const member = memberNamed(instance.declaration, "event", name);
    const entry = { instance, name, member, arg: detachedArgument(arg), id: undefined, chain };
    this.effects.push(() => this.tab.push(entry));
  };

  readonly own = (promise: Promise<unknown>): void => {
    const { instance, name } = this.entry;
    this.runtime.app.own(`${name} of ${instance.name}`, () => promise);
  };

  readonly flush = async (): Promise<void> => {
    await this.hold.flush();
    await this.release();
  };

  /**
   * Lets out what was started and queued, now that what it belongs to is kept.
   *
   * @throws LivespanError TASK_NOT_STARTED
   */
  release(): Promise<void> | undefined {
    const { effects, keeps } = this;
    this.effects = [];
    this.keeps = [];
    for (const effect of effects) effect();
    return keeps.length === 0 ? undefined : inTurn(keeps);
  }
}

/** In the order in which they were asked for: of those that replace each other the last one counts. */
async function inTurn(keeps: readonly (() => Promise<void>)[]): Promise<void> {
  for (const keep of keeps) await keep();
}

/** Runs one event inside its tab's block, from start to end. Settles with what the handler gives. */
export async function handle(entry: EventEntry, tab: Tab, runtime: Runtime): Promise<unknown> {
  const { instance, name, member, chain } = entry;
  const checking = checked(member.schema, entry.arg, `event "${name}"`);
  const arg = isThenable(checking) ? await checking : checking;
  return Hold.during(instance, { name: `event "${name}"`, id: entry.id }, async (hold) => {
    const context = new HandlerContext(entry, tab, runtime, hold);
    const result = await hold.run(async (state) => {
      chain?.throwIfAborted();
      const given = member.schema === undefined ? member.handler(state, context) : member.handler(state, arg, context);
      const value = await ended(given, context.flush);
      chain?.throwIfAborted();
      // Before anything is kept: what cannot be sent is the handler's fault.
      return sealedCopy(value, "the result");
    });
    const kept = context.release();
    if (kept !== undefined) await kept;
    return result;
  });
}

/** A generator's each `yield` keeps and sends; its `return` is the result. */
async function ended(given: unknown, flush: () => Promise<void>): Promise<unknown> {
  if (!isGenerator(given)) return given;
  for (;;) {
    const step = await given.next();
    if (step.done === true) return step.value;
    if (step.value !== undefined) {
      await given.return(undefined);
      const got = typeof step.value;
      throw liveError(
        "INVALID_STATE",
        `a handler yielded a value (${got}); a bare yield keeps and sends what was changed.`,
      );
    }
    await flush();
  }
}

function isGenerator(value: unknown): value is Generator<unknown, unknown> | AsyncGenerator<unknown, unknown> {
  return typeof value === "object" && value !== null && Object.prototype.toString.call(value).endsWith("Generator]");
}
