import type { BackgroundTask } from "./context.ts";
import type { Chain } from "./chain.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { DurableAttempt, DurableRequest, DurableTasks } from "./durable.ts";
import type { Instance } from "./instance.ts";
import type { Runtime } from "./runtime.ts";
import type { Tab } from "./tab.ts";
import { BackgroundRun } from "./background-run.ts";
import { combine, messageOf } from "../../kernel/errors.ts";
import { DurableRun, requestOf } from "./durable-run.ts";
import { isDurable } from "./member.ts";
import { liveError } from "../errors.ts";
import { memberNamed } from "./argument.ts";

/** A start that was asked for. */
interface Asked {
  readonly instance: Instance;
  readonly name: string;
  readonly arg: unknown;
  readonly tab: Tab;
  readonly chain: Chain | undefined;
  /** Of a durable task that may be asked for again: the same each time. */
  readonly id: string | undefined;
}

/** What starts a task that was found: here and now, or, where it is durable, by having it kept. */
type Start = { readonly now: () => void } | { readonly kept: () => Promise<void> };

/** The runs of one background task of one instance: those that run, and those that wait for their turn. */
interface Lane {
  readonly running: Set<BackgroundRun>;
  readonly waiting: BackgroundRun[];
}

/** Milliseconds that a background task may take to end after an abort, unless it says otherwise. */
const stopTimeout = 5_000;
/** Milliseconds that a tab may be gone before its tasks that do not outlive it are aborted, unless they say otherwise. */
const grace = 10_000;

/** Every background task of a process: how many run at once, when they are aborted, and that all have ended at the end. */
export class BackgroundTasks {
  /** Those that run now. */
  readonly running = new Set<BackgroundRun>();
  private readonly runtime: Runtime;
  private readonly clock: Clock;
  private readonly durable: DurableTasks;
  private readonly lanes = new Map<Instance, Map<string, Lane>>();
  private readonly left: Error[] = [];
  private reason: { readonly of: unknown } | undefined;

  constructor(runtime: Runtime, clock: Clock, durable: DurableTasks) {
    this.runtime = runtime;
    this.clock = clock;
    this.durable = durable;
  }

  /** What `app.backgroundTasks` is. */
  get all(): ReadonlySet<BackgroundTask> {
    return this.running;
  }

  /** Finds the task at once, and gives what starts it. @throws LivespanError UNKNOWN_EVENT, STATE_VALUE */
  prepare({ instance, name, arg, tab, chain, id }: Asked): Start {
    const member = memberNamed(instance.declaration, "background", name);
    if (isDurable(member)) {
      const request = requestOf(instance, name, arg, tab);
      return { kept: () => this.keep(request, id) };
    }
    const now = (): void => {
      if (this.reason !== undefined || chain?.aborted === true) return;
      const run = new BackgroundRun(instance, name, member, arg, tab, chain, this.runtime, this.clock.wall());
      if (chain !== undefined) this.endWith(run, chain.signal);
      this.admit(run, this.laneOf(run));
    };
    return { now };
  }

  private async keep(request: DurableRequest, id: string | undefined): Promise<void> {
    try {
      await this.durable.start(request, id);
    } catch (cause) {
      const what = `background task "${request.name}" of state "${request.state}"`;
      throw liveError("TASK_NOT_STARTED", `${what} was not started: ${messageOf(cause)}.`, { cause });
    }
  }

  /** Runs one attempt of a durable task. Rejects with what its body throws. */
  async attempt(instance: Instance, tab: Tab, request: DurableRequest, job: DurableAttempt): Promise<void> {
    const member = memberNamed(instance.declaration, "background", request.name);
    const run = new DurableRun(instance, member, tab, request, job, this.runtime);
    this.endWith(run, job.signal);
    this.began(run);
    void run.ended.then(() => this.ends(run));
    await run.perform();
  }

  private endWith(run: BackgroundRun, signal: AbortSignal): void {
    const abort = (): void => this.abort(run, signal.reason);
    signal.addEventListener("abort", abort);
    void run.ended.then(() => signal.removeEventListener("abort", abort));
  }

  /** Aborts them all, for good: none starts any more. Durable ones are ended by whoever keeps them. */
  abortAll(reason: unknown): void {
    this.reason ??= { of: reason };
    for (const lanes of this.lanes.values()) {
      for (const lane of lanes.values()) {
        for (const run of lane.waiting.splice(0)) run.abort(reason);
      }
    }
    for (const run of this.own()) this.abort(run, reason);
  }

  /** Those that end with the process. */
  private own(): BackgroundRun[] {
    return Array.from(this.running).filter((run) => !(run instanceof DurableRun));
  }

  /** Settles when every one has ended, or was left behind. @throws LivespanError BACKGROUND_LEFT for those that were. */
  async ended(): Promise<void> {
    for (let own = this.own(); own.length > 0; own = this.own()) await Promise.all(own.map(({ ended }) => ended));
    if (this.left.length > 0) throw combine(this.left, "background tasks were left behind");
  }

  /** Its tab is gone: if it is one that ends with it, its time of grace begins. */
  orphaned(run: BackgroundRun): void {
    const { options } = run.member;
    if (options.onDisconnect !== "abort") return;
    const end = (): void =>
      this.abort(run, liveError("TASK_ABORTED", `the tab of background task "${run.name}" is gone.`));
    run.grace = this.clock.after(options.grace ?? grace, end, true);
  }

  private admit(run: BackgroundRun, lane: Lane): void {
    const { concurrency } = run.member.options;
    if (concurrency === undefined || lane.running.size === 0) return this.launch(run, lane);
    if (concurrency === "single") return;
    if (typeof concurrency === "number" && lane.running.size < concurrency) return this.launch(run, lane);
    if (concurrency === "replace") {
      // The latest counts: who waited to take the place is replaced as well.
      const newer = liveError("TASK_ABORTED", `a newer "${run.name}" was started.`);
      for (const old of [...lane.waiting.splice(0), ...lane.running]) this.abort(old, newer);
    }
    lane.waiting.push(run);
  }

  private launch(run: BackgroundRun, lane: Lane): void {
    lane.running.add(run);
    this.began(run);
    void run.ended.then(() => this.over(run, lane));
    void run.run();
  }

  private over(run: BackgroundRun, lane: Lane): void {
    lane.running.delete(run);
    this.ends(run);
    const next = lane.waiting.shift();
    if (next !== undefined) return this.launch(next, lane);
    if (lane.running.size > 0) return;
    const lanes = this.lanes.get(run.instance);
    lanes?.delete(run.name);
    if (lanes?.size === 0) this.lanes.delete(run.instance);
  }

  private began(run: BackgroundRun): void {
    const { tab, instance } = run;
    this.running.add(run);
    this.runtime.retain(instance.owner);
    tab.retain();
    (tab.tasks ??= new Set()).add(run);
    if (!tab.isConnected) this.orphaned(run);
  }

  private ends(run: BackgroundRun): void {
    const { tab, instance } = run;
    this.running.delete(run);
    this.runtime.release(instance.owner);
    tab.tasks?.delete(run);
    tab.release();
  }

  /** Aborts one, and leaves it behind when its time is over. */
  abort(run: BackgroundRun, reason: unknown): void {
    if (run.isAborted) return;
    run.abort(reason);
    const cancel = this.clock.after(run.member.options.stopTimeout ?? stopTimeout, () => this.leave(run), true);
    void run.ended.then(cancel);
  }

  /** At stop that is no matter of one tab: who waits for all of them is told. */
  private leave(run: BackgroundRun): void {
    const error = run.leave();
    if (error !== undefined && this.reason !== undefined && !(run instanceof DurableRun)) this.left.push(error);
  }

  private laneOf(run: BackgroundRun): Lane {
    const lanes = this.lanes.get(run.instance) ?? new Map<string, Lane>();
    this.lanes.set(run.instance, lanes);
    const lane = lanes.get(run.name) ?? { running: new Set(), waiting: [] };
    lanes.set(run.name, lane);
    return lane;
  }
}
