import type { Alarms, Limited } from "./alarms.ts";
import type { Backlog } from "./backlog.ts";
import type { Budgets } from "./budgets.ts";
import type { Component, Surroundings } from "./component.ts";
import type { Intake, Leftover } from "./intake.ts";
import type { StopCause, StopEntry, StopReport } from "./report.ts";
import type { Task } from "./task.ts";
import { Descent } from "./descent.ts";
import { expired, until } from "./alarms.ts";
import { kernelError, Stopping } from "./catalogue.ts";
import { messageOf } from "./errors.ts";

/** What there is to stop. */
export interface Stoppable {
  readonly name: string;
  readonly components: readonly Component[];
  readonly tasks: readonly Task[];
  readonly intakes: readonly Intake[];
  readonly backlog: Backlog;
  readonly around: Surroundings;
  readonly budgets: Budgets;
}

/**
 * One stop, or the rollback of a failed start, in the order that loses nothing:
 *
 *     lame duck → intakes closed and drained, then the work they handed over → tasks aborted and awaited
 *       → lifespans down, dependents first → what is marked last
 *
 * Every step has its budget and all have one deadline. `force` skips to the tasks and shortens what is left.
 */
export class Stop {
  readonly cause: StopCause;
  readonly entries: StopEntry[] = [];
  readonly errors: unknown[] = [];
  forced = false;
  private readonly what: Stoppable;
  private readonly alarms: Alarms;
  private readonly began: number;
  private readonly limitMs: number;
  private readonly forcing = Promise.withResolvers<typeof expired>();
  private readonly hurrying = Promise.withResolvers<void>();
  /** While intakes are aborted: their common limit. */
  private readonly aborting: Limited = { limit: undefined };
  private total: number;
  /** Milliseconds before the end that are kept for what is `last`. */
  private kept: number;

  constructor(what: Stoppable, cause: StopCause, limitMs: number) {
    this.what = what;
    this.cause = cause;
    this.alarms = what.around.alarms;
    this.began = this.now();
    this.limitMs = limitMs;
    this.total = this.began + limitMs;
    // Of a stop without an end nothing need be kept, and nothing can be taken away.
    const keeps = limitMs < Infinity && what.components.some(({ last }) => last);
    this.kept = keeps ? Math.min(what.budgets.last, limitMs / 2) : 0;
  }

  /** The moment past which nothing of the present step goes on, nor is extended. */
  get due(): number {
    return this.total - this.kept;
  }

  /** A whole stop. Never rejects: failures are in the report. */
  async run(lameDuckMs: number, stopping: () => void): Promise<StopReport> {
    await this.drain(lameDuckMs);
    stopping();
    await this.endTasks(new Stopping(`"${this.what.name}" is stopping`));
    await this.descend((longest) => this.now() + Math.max(this.what.budgets.resources, longest));
    return this.report();
  }

  /** The undoing of a failed start: half of its budget awaits the setups that still run, all of it bounds the rest. */
  async rollback(reason: unknown): Promise<StopReport> {
    for (const component of this.what.components) if (component.state === "starting") component.abort(reason);
    for (const task of this.what.tasks) task.abort(reason);
    await this.abortIntakes(new Set(this.what.intakes), reason);
    await this.endTasks(reason);
    await this.descend(() => this.total, this.began + this.limitMs / 2);
    return this.report();
  }

  /** Ends the lame duck: whoever asks now does not want to wait for it. */
  hurry(): void {
    this.hurrying.resolve();
  }

  /** Skips the drain, and leaves what remains at most `ms`. */
  force(ms: number): void {
    if (this.forced) return;
    this.forced = true;
    this.total = Math.min(this.total, this.now() + ms);
    this.kept = Math.min(this.kept, ms / 2);
    for (const { limit } of [...this.what.components, ...this.what.tasks, this.aborting]) {
      if (limit !== undefined) this.alarms.move(limit, Math.min(limit.due, this.due));
    }
    this.what.around.emit("forced", { limitMs: ms });
    this.forcing.resolve(expired);
  }

  /** Everything that brings work is closed at once and together; then what it brought is awaited. */
  private async drain(lameDuckMs: number): Promise<void> {
    const { intakes, backlog, budgets } = this.what;
    for (const intake of intakes) void this.warn(intake);
    if (lameDuckMs > 0) await this.within(this.hurrying.promise, this.now() + lameDuckMs);
    const from = this.now();
    const open = new Set(intakes);
    // Whoever takes requests may hand work over to the end; then nothing more is taken.
    const all = Promise.all(intakes.map((each) => this.drainIntake(each, open, from))).then(() => backlog.drain());
    if ((await this.within(all, from + budgets.drain)) !== expired) return;
    await this.abortIntakes(open, new Stopping(this.forced ? "the stop was forced" : "the drain budget is spent"));
  }

  /** Not awaited: a warning that hangs holds up nothing. */
  private async warn(intake: Intake): Promise<void> {
    const error = await this.attempt(intake, () => intake.lameDuck?.());
    if (error !== undefined) this.errors.push(error);
  }

  private async drainIntake(intake: Intake, open: Set<Intake>, from: number): Promise<void> {
    const { around, budgets } = this.what;
    const { name } = intake;
    const error = await this.attempt(intake, async () => {
      await intake.close();
      around.emit("intake.closed", { name });
      await intake.drained();
    });
    const ms = this.now() - from;
    if (!open.delete(intake)) return;
    if (error === undefined) around.emit("intake.drained", { name, ms });
    this.record({
      name,
      kind: "intake",
      state: error === undefined ? "down" : "failed",
      ms,
      limitMs: budgets.drain,
      error,
    });
  }

  private async abortIntakes(open: Set<Intake>, reason: unknown): Promise<void> {
    const { backlog, budgets } = this.what;
    const from = this.now();
    const limitMs = Math.max(0, Math.min(budgets.tasks, this.due - from));
    // First the signal that handlers listen to, so that they hear of it before their connections are cut.
    backlog.abort(reason);
    const left = new Set(open);
    open.clear();
    const aborted = Array.from(left, (intake) => this.abortIntake(intake, reason, left, limitMs));
    const all = Promise.all([...aborted, backlog.drain()]);
    if ((await until(this.alarms, from + limitMs, all, this.aborting)) !== expired) return;
    const entry = { state: "abandoned" as const, ms: this.now() - from, limitMs };
    for (const { name } of left) this.record({ ...entry, name, kind: "intake" });
    for (const name of backlog.names) this.record({ ...entry, name, kind: "work" });
    left.clear();
  }

  private async abortIntake(intake: Intake, reason: unknown, left: Set<Intake>, limitMs: number): Promise<void> {
    const from = this.now();
    let leftover: readonly Leftover[] = [];
    const error = await this.attempt(intake, async () => (leftover = await intake.abort(reason)));
    if (!left.delete(intake)) return;
    const entry = { name: intake.name, kind: "intake" as const, limitMs, ms: this.now() - from };
    if (error !== undefined) return this.record({ ...entry, state: "failed", error });
    this.what.around.emit("intake.aborted", { name: intake.name, left: leftover });
    const isCut = leftover.some(({ count }) => count > 0);
    this.record({ ...entry, ...(isCut ? { state: "aborted", left: leftover } : { state: "down" }) });
  }

  private async endTasks(reason: unknown): Promise<void> {
    const { tasks, budgets } = this.what;
    for (const task of tasks.toReversed()) task.abort(reason);
    const from = this.now();
    const running = tasks.filter(({ state }) => state !== "ended" && state !== "failed");
    const settled = running.map((task) => {
      const limit = task.spec.options.stopTimeout ?? budgets.tasks;
      return task.settle(Math.min(from + limit, this.due));
    });
    for (const entry of await Promise.all(settled)) this.record(entry);
  }

  /** First what is not `last`. `dueOf` gives the moment by which a step must be over, from the longest limit in it. */
  private async descend(dueOf: (longest: number) => number, pendingDue = 0): Promise<void> {
    const { components, budgets, around } = this.what;
    for (const last of [false, true]) {
      if (last) this.kept = 0;
      const step = components.filter((component) => component.last === last);
      const due = dueOf(step.reduce((ms, { declaration }) => Math.max(ms, declaration.options.stopTimeout ?? 0), 0));
      const limits = {
        each: budgets.each,
        due: () => Math.min(due, this.due),
        pendingDue: () => Math.min(pendingDue, this.due),
      };
      await new Descent(around, limits, (entry) => this.record(entry)).run(step);
    }
  }

  /** What there is to say now. */
  report(): StopReport {
    const { entries, errors, cause, forced, limitMs } = this;
    const abandoned = entries.filter(({ state }) => state === "abandoned").map(({ name }) => name);
    return { app: this.what.name, cause, forced, ms: this.now() - this.began, limitMs, entries, abandoned, errors };
  }

  private record(entry: StopEntry): void {
    this.entries.push(entry);
    if (entry.state === "abandoned") {
      const where = entry.waiting === undefined ? "" : ` (in ${entry.waiting})`;
      const message = `${entry.kind} "${entry.name}" did not end within ${Math.round(entry.limitMs)} ms${where} and was left behind.`;
      this.errors.push(kernelError("ABANDONED", message));
    } else if (entry.state === "failed") {
      this.errors.push(entry.kind === "task" ? taskError(entry) : entry.error);
    }
  }

  /** An intake that throws is in the report; the stop goes on. */
  private async attempt({ name }: Intake, fn: () => unknown): Promise<Error | undefined> {
    try {
      await fn();
      return undefined;
    } catch (cause) {
      const message = `intake "${name}" failed while stopping: ${messageOf(cause)}.`;
      return kernelError("TEARDOWN_FAILED", message, { cause, remedy: "" });
    }
  }

  /** Waits for `promise` until `due` or until the stop is forced. */
  private within<T>(promise: Promise<T>, due: number): Promise<T | typeof expired> {
    return until(this.alarms, Math.min(due, this.due), Promise.race([promise, this.forcing.promise]));
  }

  private now(): number {
    return this.what.around.world.clock.now();
  }
}

function taskError({ name, error }: StopEntry): unknown {
  const message = `task "${name}" failed while stopping: ${messageOf(error)}.`;
  return kernelError("TEARDOWN_FAILED", message, { cause: error, remedy: "" });
}
