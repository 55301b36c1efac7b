import type { BackgroundMember } from "./member.ts";
import type { BackgroundTask, Block, Locked, Self } from "./context.ts";
import type { Chain } from "./chain.ts";
import type { Instance } from "./instance.ts";
import type { Runtime } from "./runtime.ts";
import type { Tab } from "./tab.ts";
import { Aborter } from "../../kernel/aborter.ts";
import { breath } from "./breath.ts";
import { checked, detachedArgument } from "./argument.ts";
import { Hold } from "./hold.ts";
import { isAbortOf, Stopping } from "../../kernel/catalogue.ts";
import { liveError } from "../errors.ts";
import { RunContext } from "./run-context.ts";
import { Scope } from "./scope.ts";
import { viewOf } from "./view.ts";

/** One background task that runs. Outside a block it only reads. */
export class BackgroundRun extends RunContext implements BackgroundTask, Self<object, object, {}, {}> {
  readonly name: string;
  readonly since: number;
  readonly member: BackgroundMember;
  /** Settles when it has ended, or was left behind. Never rejects. */
  readonly ended: Promise<void>;
  /** The event's that it comes from, when that supersedes. */
  readonly chain: Chain | undefined;
  /** Ends its time of grace, while that lasts. */
  grace: (() => void) | undefined;
  private readonly arg: unknown;
  private readonly aborter = new Aborter();
  private readonly scope = Scope.root();
  private readonly holds = new Set<Hold>();
  private readonly end = Promise.withResolvers<void>();
  private phase: "waiting" | "running" | "over" = "waiting";
  /** What it started that is durable, on its way to the engine. */
  private keeping: Promise<void> | undefined;

  constructor(
    instance: Instance,
    name: string,
    member: BackgroundMember,
    arg: unknown,
    tab: Tab,
    chain: Chain | undefined,
    runtime: Runtime,
    since: number,
  ) {
    super(instance, tab, runtime);
    this.name = name;
    this.member = member;
    this.arg = arg;
    this.chain = chain;
    this.since = since;
    this.ended = this.end.promise;
  }

  get state(): string {
    return this.instance.declaration.name;
  }
  get view(): object {
    return viewOf(this.instance.value);
  }
  get signal(): AbortSignal {
    return this.aborter.signal;
  }
  get isAborted(): boolean {
    return this.aborter.aborted;
  }

  readonly update = async <R>(fn: (state: never) => R): Promise<R> => {
    this.assertLasts();
    return this.instance.update(this.whileItLasts(fn));
  };

  readonly exclusive = async <R>(fn: (state: never, block: Block) => Promise<R>): Promise<R> => {
    this.assertLasts();
    const body = this.whileItLasts(fn);
    return Hold.during(this.instance, { name: this.title }, async (hold) => {
      this.holds.add(hold);
      try {
        return await hold.run(body);
      } finally {
        this.holds.delete(hold);
      }
    });
  };

  readonly lock = async (): Promise<object & Locked> => {
    this.assertLasts();
    const { owner } = this.instance;
    const hold = await Hold.take(this.instance, { name: this.title });
    this.holds.add(hold);
    if (this.phase === "over") await this.unlock(hold);
    this.assertLasts();
    this.scope.locked.add(owner);
    owner.heldBy(this.scope);
    return hold.handle({
      commit: () => hold.flush(),
      [Symbol.asyncDispose]: () => this.unlock(hold),
    }) as Locked;
  };

  readonly start = (name: string, arg?: unknown): void => {
    const { instance, tab, chain } = this;
    const start = this.runtime.tasks.prepare({
      instance,
      name,
      arg: detachedArgument(arg),
      tab,
      chain,
      id: this.startId(),
    });
    if ("now" in start) return start.now();
    this.keeping = (this.keeping ?? Promise.resolve()).then(start.kept);
    // Awaited at the end of the body.
    this.keeping.catch(() => {});
  };

  /** Names what it starts next over all its attempts, if it may have several. */
  protected startId(): string | undefined {
    return undefined;
  }

  /** Aborts it and settles when it has ended. */
  cancel(): Promise<void> {
    this.runtime.tasks.abort(this, liveError("TASK_ABORTED", `${this.title} was cancelled.`));
    return this.ended;
  }

  abort(reason: unknown): void {
    this.aborter.abort(reason);
    // What waits for its turn has nothing to clean up.
    if (this.phase === "waiting") this.settle();
  }

  /** Runs the body. Never rejects: what it throws is reported. */
  async run(): Promise<void> {
    try {
      await this.perform();
    } catch (error) {
      if (!isAbortOf(error, this.signal)) this.runtime.failed(this.title, this.instance, error);
    }
  }

  /** Runs the body. Rejects with what it throws. */
  async perform(): Promise<void> {
    if (this.phase !== "waiting") return;
    this.phase = "running";
    try {
      await breath();
      const arg = await checked(this.member.schema, this.arg, this.title);
      const { body, schema } = this.member;
      await this.scope.run(() => (schema === undefined ? body(this) : body(this, arg)));
      await this.keeping;
    } finally {
      await this.unlockAll();
      this.settle();
    }
  }

  /** Its time is over: it changes nothing any more, and nobody waits for it or its blocks. Gives what there is to say. */
  leave(): Error | undefined {
    if (this.phase === "over") return undefined;
    const left = liveError("BACKGROUND_LEFT", `${this.title} did not end when it was aborted.`);
    this.runtime.failed(this.title, this.instance, left);
    this.settle();
    void this.unlockAll();
    return left;
  }

  /** Its tab is there, again, or it needs none any more. */
  kept(): void {
    this.grace?.();
    this.grace = undefined;
  }

  protected get title(): string {
    return `background task "${this.name}"`;
  }

  private settle(): void {
    this.phase = "over";
    this.kept();
    this.end.resolve();
  }

  /** @throws LivespanError STOPPING when it may change nothing any more. */
  protected assertLasts(): void {
    if (this.phase === "over") throw new Stopping(`${this.title} is over, and changes its state no more.`);
  }

  /** A block may be waited for longer than the task lasts. */
  private whileItLasts<A extends readonly never[] | readonly [never, Block], R>(
    fn: (...args: A) => R,
  ): (...args: A) => R {
    return (...args) => {
      this.assertLasts();
      return fn(...args);
    };
  }

  private async unlock(hold: Hold): Promise<void> {
    this.scope.locked.delete(this.instance.owner);
    this.holds.delete(hold);
    await hold.drop();
  }

  /** A lock that was not given back by `await using` or its dispose function. */
  private async unlockAll(): Promise<void> {
    for (const hold of this.holds) await this.unlock(hold);
  }
}
