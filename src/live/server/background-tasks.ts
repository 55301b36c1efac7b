import type { BackgroundTask } from "./context.ts";
import type { Chain } from "./chain.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Instance } from "./instance.ts";
import type { Runtime } from "./runtime.ts";
import type { Tab } from "./tab.ts";
import { BackgroundRun } from "./background-run.ts";
import { liveError } from "../errors.ts";
import { memberNamed } from "./argument.ts";

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
  private readonly lanes = new Map<Instance, Map<string, Lane>>();
  private reason: { readonly of: unknown } | undefined;

  constructor(runtime: Runtime, clock: Clock) {
    this.runtime = runtime;
    this.clock = clock;
  }

  /** What `app.backgroundTasks` is. */
  get all(): ReadonlySet<BackgroundTask> {
    return this.running;
  }

  /** Finds the task at once, and gives what starts it. @throws LivespanError UNKNOWN_EVENT */
  prepare(instance: Instance, name: string, arg: unknown, tab: Tab | undefined, chain: Chain | undefined): () => void {
    const member = memberNamed(instance.declaration, "background", name);
    return () => {
      if (this.reason !== undefined) return;
      const run = new BackgroundRun(instance, name, member, arg, tab, this.runtime, this.clock.wall());
      if (chain !== undefined) chain.signal.addEventListener("abort", () => this.abort(run, chain.signal.reason));
      this.admit(run, this.laneOf(run));
    };
  }

  /** Aborts them all, for good: none starts any more. */
  abortAll(reason: unknown): void {
    this.reason ??= { of: reason };
    for (const lanes of this.lanes.values()) {
      for (const lane of lanes.values()) {
        for (const run of lane.waiting.splice(0)) run.abort(reason);
      }
    }
    for (const run of this.running) this.abort(run, reason);
  }

  /** Settles when every one has ended or was left behind; gives those that were. */
  async ended(): Promise<void> {
    while (this.running.size > 0) await Promise.all(Array.from(this.running, ({ ended }) => ended));
  }

  /** The tab is gone: those that end with it get their time of grace. The returned function ends that. */
  orphaned(tab: Tab): () => void {
    const mine = [...this.running].filter((run) => run.tab === tab && run.member.options.onDisconnect === "abort");
    const timers = mine.map((run) =>
      this.clock.after(
        run.member.options.grace ?? grace,
        () => this.abort(run, liveError("TASK_ABORTED", `the tab of background task "${run.name}" is gone.`)),
        true,
      ),
    );
    return () => timers.forEach((cancel) => cancel());
  }

  private admit(run: BackgroundRun, lane: Lane): void {
    const { concurrency } = run.member.options;
    if (concurrency === undefined || lane.running.size === 0) return this.launch(run, lane);
    if (concurrency === "single") return;
    if (typeof concurrency === "number" && lane.running.size < concurrency) return this.launch(run, lane);
    if (concurrency === "replace") {
      // The latest counts: who waited to take the place is replaced as well.
      lane.waiting.length = 0;
      for (const old of lane.running) this.abort(old, liveError("TASK_ABORTED", `a newer "${run.name}" was started.`));
    }
    lane.waiting.push(run);
  }

  private launch(run: BackgroundRun, lane: Lane): void {
    lane.running.add(run);
    this.running.add(run);
    run.tab?.retain();
    void run.ended.then(() => this.over(run, lane));
    void run.run();
  }

  private over(run: BackgroundRun, lane: Lane): void {
    lane.running.delete(run);
    this.running.delete(run);
    run.tab?.release();
    const next = lane.waiting.shift();
    if (next !== undefined) return this.launch(next, lane);
    if (lane.running.size > 0) return;
    const lanes = this.lanes.get(run.instance);
    lanes?.delete(run.name);
    if (lanes?.size === 0) this.lanes.delete(run.instance);
  }

  /** Aborts one, and leaves it behind when its time is over. */
  abort(run: BackgroundRun, reason: unknown): void {
    if (run.isAborted) return;
    run.abort(reason);
    const cancel = this.clock.after(run.member.options.stopTimeout ?? stopTimeout, () => run.leave(), true);
    void run.ended.then(cancel);
  }

  private laneOf(run: BackgroundRun): Lane {
    const lanes = this.lanes.get(run.instance) ?? new Map<string, Lane>();
    this.lanes.set(run.instance, lanes);
    const lane = lanes.get(run.name) ?? { running: new Set(), waiting: [] };
    lanes.set(run.name, lane);
    return lane;
  }
}
