import type { Alarm } from "./alarms.ts";
import type { Component, Surroundings } from "./component.ts";
import type { Provided } from "./context.ts";
import type { BackoffOptions, Intensity } from "./backoff.ts";
import type { LifespanContext } from "./lifespan.ts";
import type { StopEntry } from "./report.ts";
import { Aborter } from "./aborter.ts";
import { Attempt } from "./attempt.ts";
import { Backoff, RestartWindow } from "./backoff.ts";
import { expired, sleep, until } from "./alarms.ts";
import { kernelError } from "./catalogue.ts";
import { runPeriodically } from "./periodic.ts";
import { unhealthy } from "./health.ts";

export interface TaskContext<N> extends LifespanContext<N> {
  /** Says that the task is up, with a value for whoever awaits it. A generator's yield says the same. */
  readonly started: (value?: unknown) => void;
}

/** What happens when a task ends. */
export interface TaskPolicy {
  /** permanent: always again. transient: again after a failure (unless said otherwise). temporary: never again. */
  readonly restart?: "permanent" | "transient" | "temporary";
  readonly backoff?: BackoffOptions;
  /** More restarts than this are too many. 3 within 60,000 ms unless said. */
  readonly intensity?: Intensity;
  /** escalate: the program stops with 70 (unless said otherwise). degrade: kept at the longest wait. ignore: given up. */
  readonly onExceeded?: "escalate" | "degrade" | "ignore";
  /** Milliseconds between the abort and being left behind. 2,000 unless said. */
  readonly stopTimeout?: number;
}

/** A task that runs again and again. */
export interface Periodic {
  /** Milliseconds from start to start, or a cron expression. */
  readonly every?: number | string;
  /** For a number: from each start (unless said otherwise), or from each end. */
  readonly pace?: "fixed-rate" | "fixed-delay";
  /** Whether the first run begins at once; otherwise one period after the start. False unless said. */
  readonly immediately?: boolean;
  /** What a tick does while the run before it goes on. skip unless said. */
  readonly overlap?: "skip" | "queue-one" | "cancel-previous" | "allow";
  /** Up to this many milliseconds are added to each wait. */
  readonly jitter?: number;
  /** What becomes of ticks that could not run in time: the machine slept, the clock jumped. skip unless said. */
  readonly onMissed?: "skip" | "run-once";
}

export interface TaskOptions extends TaskPolicy, Periodic {}
export type ChildOptions = TaskPolicy;

export interface ChildTask<V> {
  readonly name: string;
  /** Settles with what the child gave to `ctx.started`, or when it has ended; rejects when it failed before. */
  readonly started: Promise<V>;
  /** Settles when the child has ended for good. A failure is its parent's, by its policy. */
  readonly ended: Promise<void>;
  /** Aborts the child; settles when it has ended. */
  stop(reason?: unknown): Promise<void>;
}

export type TaskState = "waiting" | "running" | "backing-off" | "paused" | "ended" | "failed" | "stopped" | "abandoned";

/** All that a task is made of. */
export interface TaskSpec {
  readonly name: string;
  readonly options: TaskOptions;
  readonly values: object;
  readonly needs: readonly Component[];
  readonly body: (ctx: never, args: never) => unknown;
  /** The body's second argument. */
  readonly args?: unknown;
  /** Put on the body's context as they are. */
  readonly extras?: object | undefined;
  provided(): readonly Provided[];
  /** True while a failure is not retried. */
  failsAtOnce(): boolean;
  /** The task has ended for good with an error that its owner must act on. */
  lost(error: unknown): void;
}

/**
 * A supervised task.
 *
 *     waiting → running → ended | failed | stopped
 *                 ↓  ↑
 *      backing-off, paused (what it needs is unhealthy; costs no restart)
 *
 * Abort is not a failure and never restarts. `abandoned` is set from outside, when `finished` did not come in time.
 */
export class Task {
  readonly name: string;
  readonly spec: TaskSpec;
  readonly around: Surroundings;
  readonly attempts = new Set<Attempt>();
  state: TaskState = "waiting";
  degraded = false;
  isUp = false;
  restarts = 0;
  /** What it threw while it was to end. */
  readonly stopErrors: unknown[] = [];
  skips = 0;
  runs = 0;
  /** When its last run ended, on the clock's scale. */
  ranUntil = -Infinity;
  limit: Alarm | undefined;
  /** Settles when the task has ended for good, however. */
  readonly finished: Promise<void>;
  /** Settles when the task is up: see `ChildTask.started`. */
  readonly up: Promise<never>;
  private readonly aborter = new Aborter();
  private readonly backoff: Backoff;
  private readonly window: RestartWindow;
  private readonly end: () => void;
  private readonly upResolvers = Promise.withResolvers<never>();

  constructor(spec: TaskSpec, around: Surroundings) {
    this.name = spec.name;
    this.spec = spec;
    this.around = around;
    this.backoff = new Backoff(spec.options.backoff ?? {}, around.world.random);
    this.window = new RestartWindow(spec.options.intensity ?? { restarts: 3, withinMs: 60_000 });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.finished = promise;
    this.end = resolve;
    this.up = this.upResolvers.promise;
    this.up.catch(() => {});
  }

  /** Fires when the task is to end for good. */
  get signal(): AbortSignal {
    return this.aborter.signal;
  }

  /** A context manager: start waits for its yield. Seen without calling it, for calling would run a plain body. */
  get isManager(): boolean {
    return /Generator/.test(Object.prototype.toString.call(this.spec.body));
  }

  /** Where its runs are waiting, as far as they said. */
  get waiting(): string | undefined {
    for (const { waiting } of this.attempts) if (waiting !== undefined) return waiting;
    return undefined;
  }

  /** Whether code of its own may have run after `at`, on the clock's scale. */
  activeSince(at: number): boolean {
    if (this.ranUntil >= at) return true;
    return [...this.attempts].some(({ waiting, waitingSince }) => waiting === undefined || waitingSince >= at);
  }

  launch(): void {
    if (this.signal.aborted) return this.finish("stopped");
    const { every } = this.spec.options;
    const run = every === undefined ? this.supervise() : runPeriodically(this);
    run.catch((error: unknown) => this.lose(error));
  }

  /** Called by the first attempt that says so. */
  started(value: unknown): void {
    this.isUp = true;
    this.upResolvers.resolve(value as never);
  }

  abort(reason: unknown): void {
    if (this.signal.aborted) return;
    this.aborter.abort(reason);
    for (const attempt of this.attempts) attempt.abort(reason);
    if (this.state === "waiting") this.finish("stopped");
  }

  /** Awaits the end of an aborted task, until `due`. */
  async settle(due: number): Promise<StopEntry> {
    const { clock } = this.around.world;
    const from = clock.now();
    const limitMs = Math.max(0, due - from);
    const entry = { name: this.name, kind: "task" as const, limitMs };
    if ((await until(this.around.alarms, due, this.finished, this)) === expired) {
      const { waiting } = this;
      this.state = "abandoned";
      this.around.emit("task.abandoned", { name: this.name, ms: clock.now() - from });
      return { ...entry, state: "abandoned", ms: clock.now() - from, waiting };
    }
    const ms = clock.now() - from;
    const [error] = this.stopErrors;
    this.around.emit("task.stopped", { name: this.name, ms, ...(this.stopErrors.length > 0 && { error }) });
    return this.stopErrors.length > 0 ? { ...entry, state: "failed", ms, error } : { ...entry, state: "down", ms };
  }

  /** One run of the body, with its events. Undefined when it ended by itself or by the abort. */
  async attempt(): Promise<{ readonly error: unknown } | undefined> {
    const { world, emit } = this.around;
    const attempt = new Attempt(this, ++this.runs);
    const from = world.clock.now();
    this.attempts.add(attempt);
    this.state = "running";
    emit("task.started", { name: this.name, attempt: attempt.number });
    const failure = await attempt.run();
    this.attempts.delete(attempt);
    this.ranUntil = world.clock.now();
    if (failure === undefined) {
      if (!this.signal.aborted) emit("task.ended", { name: this.name, ms: world.clock.now() - from });
    } else {
      emit("task.failed", { name: this.name, error: failure.error, attempt: attempt.number });
      if (this.signal.aborted) this.stopErrors.push(failure.error);
    }
    return failure;
  }

  /** Decides after an attempt has ended, in a failure or, where it is permanent, without: true when the task goes on. */
  async survives(failure: { readonly error: unknown } | undefined): Promise<boolean> {
    const { restart, onExceeded = "escalate" } = this.spec.options;
    const error = failure === undefined ? endedThoughPermanent(this.name) : failure.error;
    if (!this.isUp && failure !== undefined && (this.spec.failsAtOnce() || this.isManager)) return this.lose(error);
    if (restart === "temporary") return this.lose(error);
    if (await this.pausedForNeeds()) return true;
    if (!this.window.exceeds(this.around.world.clock.now())) return true;
    if (this.degraded) return true;
    this.around.emit("task.exceeded", { name: this.name, policy: onExceeded, error });
    if (onExceeded === "degrade") return (this.degraded = true);
    return this.lose(error);
  }

  /** Waits, cut short by the abort; true when it ran its course. */
  async wait(ms: number, state: TaskState): Promise<boolean> {
    this.state = state;
    try {
      await sleep(this.around.world.clock, ms, this.signal);
      return true;
    } catch {
      return false;
    }
  }

  finish(state: "ended" | "failed" | "stopped"): void {
    if (this.state !== "abandoned") this.state = state;
    this.upResolvers.resolve(undefined as never);
    this.end();
  }

  private async supervise(): Promise<void> {
    const { around } = this;
    const { world, emit } = around;
    const again = this.spec.options.restart === "permanent";
    for (;;) {
      const from = world.clock.now();
      const failure = await this.attempt();
      if (this.signal.aborted || around.drainer.aborted) return this.finish("stopped");
      if (failure === undefined && (!again || this.isManager)) return this.finish("ended");
      if (!(await this.survives(failure))) return;
      const inMs = this.degraded ? this.backoff.longest() : this.backoff.next(world.clock.now() - from);
      emit("task.restarting", { name: this.name, inMs, restarts: ++this.restarts });
      if (!(await this.wait(inMs, "backing-off")) || around.drainer.aborted) return this.finish("stopped");
    }
  }

  /** A need that is down is not the task's fault: it waits for it, and its restart is not counted. */
  private async pausedForNeeds(): Promise<boolean> {
    let paused = false;
    for (;;) {
      const needs = await unhealthy(this.spec.needs, this.around, this.signal);
      if (needs.length === 0 || this.signal.aborted) break;
      if (!paused) this.around.emit("task.paused", { name: this.name, needs });
      paused = true;
      if (!(await this.wait(1_000, "paused"))) break;
    }
    if (paused) this.around.emit("task.resumed", { name: this.name });
    return paused;
  }

  private lose(error: unknown): false {
    const exceeded = this.spec.options.onExceeded;
    this.upResolvers.reject(error);
    this.finish("failed");
    if (exceeded !== "ignore") this.spec.lost(error);
    return false;
  }
}

function endedThoughPermanent(name: string): Error {
  return kernelError("TASK_FAILED", `task "${name}" is permanent, but ended.`, { remedy: "" });
}
