import type { Budgets } from "./budgets.ts";
import type { EventListener, LifespanEvent } from "./events.ts";
import type { Intake } from "./intake.ts";
import type { Lifespan, Needs } from "./lifespan.ts";
import type { Overrides, Root } from "./graph.ts";
import type { Provided } from "./context.ts";
import type { StopCause, StopReport } from "./report.ts";
import type { Component, Surroundings } from "./component.ts";
import type { TaskOptions } from "./task.ts";
import type { World } from "./world.ts";
import { Aborter } from "./aborter.ts";
import { Alarms } from "./alarms.ts";
import { Backlog } from "./backlog.ts";
import { budgetsFrom } from "./budgets.ts";
import { combine, messageOf } from "./errors.ts";
import { Events } from "./events.ts";
import { Graph } from "./graph.ts";
import { inside } from "./context.ts";
import { kernelError, Stopping } from "./catalogue.ts";
import { Start, startAborted } from "./start.ts";
import { Stop } from "./stop.ts";
import { Task } from "./task.ts";
import { unhealthy } from "./health.ts";

/** A task as a generation takes it: registered, with what its body is to find on its context. */
export interface TaskEntry {
  readonly name: string;
  readonly needs: Needs;
  readonly options: TaskOptions;
  readonly body: (ctx: never, args: never) => unknown;
  readonly args?: unknown;
  readonly extras?: object;
}

/** All that one generation runs. */
export interface Plan {
  readonly name: string;
  readonly roots: readonly Root[];
  readonly tasks?: readonly TaskEntry[];
  readonly intakes?: readonly Intake[];
  readonly overrides?: Overrides;
  readonly budgets?: Partial<Budgets>;
}

export type GenerationState = "idle" | "starting" | "ready" | "draining" | "stopping" | "stopped" | "failed";

export interface StopRequest {
  readonly cause?: StopCause;
  /** Milliseconds in place of the budget's lame duck. */
  readonly lameDuck?: number;
  /** Skips the drain. A later forced request escalates a stop that has begun. */
  readonly force?: boolean;
}

/**
 * One running graph, from its start to its end. What is outside, such as a listening socket, may outlive it and be handed to
 * the next one.
 *
 *     idle ── start ──→ starting ── all up, intakes open ──→ ready
 *                          │                                   │ stop, a fatal task, a stray rejection
 *            failure, limit, stop: roll back                   ▼
 *                          │                              draining → stopping
 *                          ▼                                   ▼
 *                   failed | stopped                    stopped | failed
 *
 * `failed` is entered only after rollback or stop; `stopped` means that nothing is left, or that the report names it.
 */
export class Generation {
  readonly name: string;
  readonly graph: Graph;
  readonly tasks: readonly Task[];
  readonly intakes: readonly Intake[];
  readonly budgets: Budgets;
  readonly events: Events;
  readonly backlog: Backlog;
  state: GenerationState = "idle";
  /** Settles with the report once stopped or failed, however that came about. Never rejects. */
  readonly ended: Promise<StopReport>;
  private readonly world: World;
  private readonly around: Surroundings;
  private readonly drainer = new Aborter();
  private readonly end = Promise.withResolvers<StopReport>();
  private startRun: Start | undefined;
  private stopRun: Stop | undefined;
  private stopped: Promise<StopReport> | undefined;
  private forced = false;
  private captured: <R>(fn: () => R) => R = (fn) => fn();
  private unwatch: (() => void) | undefined;

  /** @throws LivespanError when the graph has a cycle, a duplicate name or something that is not a lifespan. */
  constructor(plan: Plan, world: World) {
    this.name = plan.name;
    this.world = world;
    this.budgets = budgetsFrom(plan.budgets);
    const entries = plan.tasks ?? [];
    const needed = entries.map(({ name, needs }) => ({ owner: `task "${name}"`, needs }));
    this.graph = new Graph([...plan.roots, ...needed], plan.overrides);
    this.events = new Events(() => world.clock.now(), world.log);
    this.around = this.surroundings();
    this.tasks = entries.map((entry) => this.taskOf(entry));
    this.intakes = plan.intakes ?? [];
    this.backlog = new Backlog((name, error) => world.log("error", `"${name}" failed: ${messageOf(error)}`, { error }));
    this.ended = this.end.promise;
  }

  /** Fires when the stop begins. */
  get draining(): AbortSignal {
    return this.drainer.signal;
  }
  get ready(): boolean {
    return this.state === "ready";
  }
  /** Optional lifespans that did not start, what needs them, and tasks that are kept though they fail. */
  get degraded(): readonly string[] {
    const absent = this.graph.components.filter(
      ({ state }) => state === "skipped" || state === "failed" || state === "abandoned",
    );
    return [...absent, ...this.tasks.filter(({ degraded }) => degraded)].map(({ name }) => name);
  }

  on(listener: EventListener, types?: ReadonlySet<LifespanEvent["type"]>): () => void {
    return this.events.on(listener, types);
  }

  /** What a lifespan yielded; undefined when it is optional and did not start. */
  value<V>(lifespan: Lifespan<V>): V {
    return this.graph.component(lifespan)?.value as V;
  }

  /** The values of a record of lifespans, by its keys. */
  values(needs: Needs): Record<string, unknown> {
    return Object.fromEntries(Object.keys(needs).map((key) => [key, this.graph.component(needs[key]!)?.value]));
  }

  /** Runs `fn` under everything that lifespans provided. */
  inside<R>(fn: () => R): R {
    return inside(this.around.provided(), fn);
  }

  /** Keeps work that goes on after what began it, and awaits it at stop. @throws LivespanError TASK_CALLED_LATE */
  own(name: string, work: (signal: AbortSignal) => unknown): void {
    this.backlog.own(name, work);
  }

  /** The names of the tasks whose code may have run after `at`, on the clock's scale. */
  activeSince(at: number): readonly string[] {
    return this.tasks.filter((task) => task.activeSince(at)).map(({ name }) => name);
  }

  /** The names of the lifespans whose health check fails now. */
  unhealthy(): Promise<readonly string[]> {
    return unhealthy(this.graph.components, this.around, this.draining);
  }

  /**
   * Starts everything and settles when it is ready. Rejects, after everything that had started was stopped, with an error
   * that names what failed, its cause within.
   */
  async start(): Promise<void> {
    if (this.state !== "idle") {
      throw kernelError("ALREADY_STARTED", `"${this.name}" cannot be started: it is ${this.state}.`);
    }
    const from = this.world.clock.now();
    this.state = "starting";
    this.captured = this.world.scope.capture();
    this.unwatch = this.world.unhandled?.watch((error, owner) => this.strayed(error, owner));
    const { tasks, intakes, around, budgets } = this;
    this.startRun = new Start({ components: this.graph.components, tasks, intakes, around, budgets });
    this.events.emit("starting", { lifespans: this.graph.components.length, tasks: tasks.length });
    try {
      await this.startRun.run(() => this.becomeReady(from));
    } catch (error) {
      throw await this.rollback(error);
    }
  }

  private becomeReady(from: number): void {
    this.state = "ready";
    this.events.emit("ready", { ms: this.world.clock.now() - from, degraded: this.degraded });
    if (this.tasks.length === 0) return;
    // In a turn of its own: a body that blocks before its first await must not hold up whoever awaits the start.
    this.world.defer(() => {
      for (const task of this.tasks) if (!task.isManager && this.state === "ready") task.launch();
    });
  }

  /**
   * Stops everything, once: every caller gets the same promise. Rejects when something failed or was left behind, with one
   * error or an AggregateError that holds each.
   */
  stop(request: StopRequest = {}): Promise<StopReport> {
    this.forced ||= request.force === true;
    if (this.stopped === undefined) {
      // What failed to start has said so to whoever started it.
      const isOver = this.state === "failed";
      this.stopped = isOver ? this.ended : this.ended.then((report) => this.outcomeOf(report));
      this.stopped.catch(() => {});
      // Last, since whoever is told of the stop may ask for it again.
      this.beginStop(request.cause ?? { kind: "asked", by: "stop()" }, request.lameDuck ?? this.budgets.lameDuck);
    }
    if (request.lameDuck === 0) this.stopRun?.hurry();
    if (this.forced) this.stopRun?.force(this.budgets.forced);
    return this.stopped;
  }

  private beginStop(cause: StopCause, lameDuck: number): void {
    if (this.state === "idle") this.finish("stopped", this.stopOf(cause, this.budgets.stop).report());
    else if (this.state === "starting")
      this.startRun?.fail(startAborted(cause.kind === "asked" ? cause.by : cause.kind));
    else if (this.state === "ready") void this.runStop(cause, lameDuck);
  }

  private outcomeOf(report: StopReport): StopReport {
    if (report.errors.length > 0) throw combine(report.errors, `"${this.name}" did not stop cleanly`);
    return report;
  }

  private async runStop(cause: StopCause, lameDuckMs: number): Promise<void> {
    this.state = "draining";
    this.stopRun = this.stopOf(cause, this.budgets.stop);
    if (cause.kind === "task" || cause.kind === "unhandled") this.stopRun.errors.push(cause.error);
    this.events.emit("draining", { cause, lameDuckMs });
    this.drainer.abort(new Stopping(`"${this.name}" is draining`));
    const stopping = (): void => {
      this.state = "stopping";
      this.events.emit("stopping", { cause });
    };
    const report = await this.reported(this.stopRun, this.stopRun.run(lameDuckMs, stopping));
    this.finish(cause.kind === "asked" ? "stopped" : "failed", report);
  }

  /** A stop reports what fails and does not reject. Should it all the same, the program must still come to its end. */
  private reported(stop: Stop, stopping: Promise<StopReport>): Promise<StopReport> {
    return stopping.catch((error: unknown) => {
      stop.errors.push(error);
      return stop.report();
    });
  }

  /** Gives the error that the start rejects with: the cause, and what went wrong while it was undone. */
  private async rollback(error: unknown): Promise<unknown> {
    const asked = this.stopped !== undefined;
    const cause: StopCause = asked ? { kind: "asked", by: messageOf(error) } : { kind: "start", error };
    this.stopRun = this.stopOf(cause, this.budgets.rollback);
    if (this.forced) this.stopRun.force(this.budgets.forced);
    if (!asked) this.stopRun.errors.push(error);
    this.drainer.abort(new Stopping(`"${this.name}" did not start`, error));
    const reason = new Stopping(`the start of "${this.name}" was given up`, error);
    const report = await this.reported(this.stopRun, this.stopRun.rollback(reason));
    this.finish(asked ? "stopped" : "failed", report);
    return combine(asked ? [error, ...report.errors] : report.errors, `"${this.name}" did not start`);
  }

  private finish(state: "stopped" | "failed", report: StopReport): void {
    this.state = state;
    this.unwatch?.();
    if (state === "stopped") this.events.emit("stopped", { report });
    else this.events.emit("failed", { report, error: combine(report.errors, `"${this.name}" failed`) });
    this.end.resolve(report);
  }

  private stopOf(cause: StopCause, limitMs: number): Stop {
    const { name, tasks, backlog, around, budgets } = this;
    const intakes = this.startRun?.opened ?? [];
    const what = { name, components: this.graph.components, tasks, intakes, backlog, around, budgets };
    return new Stop(what, cause, limitMs);
  }

  private strayed(error: unknown, owner: unknown): void {
    const component = this.graph.components.find((each) => each === owner);
    const ours = component ?? this.tasks.find((task) => task === owner);
    if (owner !== undefined && ours === undefined) return;
    const from = ours === undefined ? "" : ` in ${component === undefined ? "task" : "lifespan"} "${ours.name}"`;
    const stray = kernelError("UNHANDLED", `nobody handled an error${from}: ${messageOf(error)}.`, { cause: error });
    this.events.emit("unhandled", { error, owner: ours?.name });
    if (this.stopRun !== undefined) this.stopRun.errors.push(stray);
    else if (this.state === "ready") void this.stop({ cause: { kind: "unhandled", owner: ours?.name, error: stray } });
    else if (component?.state === "starting") component.fail(stray);
    else this.startRun?.fail(stray);
  }

  private escalate(task: string, cause: unknown): void {
    const message = `task "${task}" failed more often than its policy allows: ${messageOf(cause)}.`;
    const error = kernelError("TASK_FAILED", message, { cause });
    if (this.stopRun !== undefined) this.stopRun.errors.push(error);
    else if (this.state === "ready") void this.stop({ cause: { kind: "task", name: task, error } });
    else this.startRun?.fail(error);
  }

  private taskOf({ name, needs, options, body, args, extras }: TaskEntry): Task {
    const components = this.graph.entries(needs);
    const values = {};
    // Read when the task runs; the lifespans are up by then.
    for (const [key, component] of components) {
      Object.defineProperty(values, key, { enumerable: true, get: () => component.value });
    }
    const temporary = options.restart === "temporary";
    const task: Task = new Task(
      {
        name,
        options,
        values,
        body,
        args,
        extras,
        needs: components.map(([, component]) => component),
        provided: () => this.around.provided(),
        failsAtOnce: () => false,
        lost: (error) => {
          // A context manager that did not come up is the start's business.
          if (!temporary && (task.isUp || this.state !== "starting")) this.escalate(name, error);
        },
      },
      this.around,
    );
    return task;
  }

  private surroundings(): Surroundings {
    let all: readonly Provided[] | undefined;
    // No getter in this literal: each would make a hidden class of its own, which keeps its generation from the young
    // collector.
    return {
      world: this.world,
      alarms: new Alarms(this.world.clock),
      emit: this.events.emit,
      drainer: this.drainer,
      captured: (fn) => this.captured(fn),
      provided: () => {
        if (this.state === "starting") return allProvided(this.graph.components);
        return (all ??= allProvided(this.graph.components));
      },
      latest: () => this.stopRun?.due ?? this.startRun?.due ?? Infinity,
      escalate: (task, error) => this.escalate(task, error),
    };
  }
}

function allProvided(components: readonly Component[]): readonly Provided[] {
  return [...new Set(components.flatMap(({ state, provided }) => (state === "up" ? provided : [])))];
}
