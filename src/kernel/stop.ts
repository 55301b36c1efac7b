import type { Alarm, Alarms } from "./alarms.ts";
import type { Backlog } from "./backlog.ts";
import type { Budgets } from "./budgets.ts";
import type { Component, Surroundings } from "./component.ts";
import type { Intake } from "./intake.ts";
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
  private readonly force_ = Promise.withResolvers<typeof expired>();
  private readonly step: { limit: Alarm | undefined } = { limit: undefined };
  private total: number;

  constructor(what: Stoppable, cause: StopCause, limitMs: number) {
    this.what = what;
    this.cause = cause;
    this.alarms = what.around.alarms;
    this.began = this.now();
    this.limitMs = limitMs;
    this.total = this.began + limitMs;
  }

  /** The moment past which nothing is extended. */
  get due(): number {
    return this.total;
  }

  /** A whole stop. Never rejects: failures are in the report. */
  async run(lameDuckMs: number, stopping: () => void): Promise<StopReport> {
    await this.drain(lameDuckMs);
    stopping();
    const reserve = this.what.components.some(({ last }) => last) ? this.what.budgets.last : 0;
    await this.endTasks();
    await this.descend((component) => !component.last, this.what.budgets.resources, reserve);
    await this.descend((component) => component.last, this.what.budgets.last, 0);
    return this.report();
  }

  /** The undoing of a failed start: half of its budget awaits the setups that still run, all of it bounds the rest. */
  async rollback(reason: unknown): Promise<StopReport> {
    const { components, tasks, intakes } = this.what;
    const pendingDue = this.began + this.limitMs / 2;
    for (const component of components) if (component.state === "starting") component.abort(reason);
    for (const task of tasks) task.abort(reason);
    await Promise.all(intakes.map((intake) => this.attempt(intake.name, () => intake.abort(reason))));
    await this.settleTasks();
    const limits = { each: this.what.budgets.each, due: () => this.total, pendingDue: () => Math.min(pendingDue, this.total) };
    await new Descent(this.what.around, limits, (entry) => this.record(entry)).run(components);
    return this.report();
  }

  /** Skips the drain, and leaves what remains at most `ms`. */
  force(ms: number): void {
    if (this.forced) return;
    this.forced = true;
    this.total = Math.min(this.total, this.now() + ms);
    for (const limited of [...this.what.components, ...this.what.tasks]) {
      if (limited.limit !== undefined) this.alarms.move(limited.limit, Math.min(limited.limit.due, this.total));
    }
    this.what.around.emit("forced", { limitMs: ms });
    this.force_.resolve(expired);
  }

  private async drain(lameDuckMs: number): Promise<void> {
    const { intakes, around, budgets } = this.what;
    for (const intake of intakes) intake.lameDuck?.();
    if (lameDuckMs > 0) await this.within(new Promise<void>(() => {}), Math.min(this.now() + lameDuckMs, this.total));
    await Promise.all(intakes.map((intake) => this.attempt(intake.name, () => intake.close())));
    const from = this.now();
    const undrained = new Set<Intake>(intakes);
    const each = intakes.map(async (intake) => {
      await this.attempt(intake.name, () => intake.drained());
      if (!undrained.delete(intake)) return;
      around.emit("intake.drained", { name: intake.name, ms: this.now() - from });
      this.record({ name: intake.name, kind: "intake", state: "down", ms: this.now() - from, limitMs: budgets.drain });
    });
    const all = Promise.all(each).then(() => this.drainBacklog());
    if ((await this.within(all, Math.min(from + budgets.drain, this.total))) === expired) await this.abortIntakes(undrained);
  }

  /** Whoever takes requests may hand work over to the end; then nothing more is taken. */
  private async drainBacklog(): Promise<void> {
    const { backlog } = this.what;
    await backlog.drained();
    backlog.close();
  }

  private async abortIntakes(undrained: ReadonlySet<Intake>): Promise<void> {
    const { around, backlog, budgets } = this.what;
    const reason = new Stopping(this.forced ? "the stop was forced" : "the drain budget is spent");
    const limitMs = Math.max(0, Math.min(budgets.tasks, this.total - this.now()));
    const due = this.now() + limitMs;
    // First the signal that handlers listen to, so that they hear of it before their connections are cut.
    backlog.abort(reason);
    const aborted = Array.from(undrained, async (intake) => {
      const from = this.now();
      const entry = { name: intake.name, kind: "intake" as const, limitMs };
      const left = await until(this.alarms, due, (async () => intake.abort(reason))()).catch((error: unknown) => {
        this.errors.push(error);
        return [];
      });
      const ms = this.now() - from;
      if (left === expired) return this.record({ ...entry, state: "abandoned", ms });
      around.emit("intake.aborted", { name: intake.name, left });
      this.record({ ...entry, state: "aborted", ms, left });
    });
    const works = backlog.names.length === 0 ? undefined : until(this.alarms, due, backlog.drained());
    await Promise.all(aborted);
    if ((await works) !== expired) return;
    for (const name of backlog.names) this.record({ name, kind: "work", state: "abandoned", ms: limitMs, limitMs });
  }

  private async endTasks(): Promise<void> {
    const reason = new Stopping(`${this.what.name} is stopping`);
    for (const task of this.what.tasks.toReversed()) task.abort(reason);
    await this.settleTasks();
  }

  private async settleTasks(): Promise<void> {
    const from = this.now();
    const running = this.what.tasks.filter(({ state }) => state !== "ended" && state !== "failed");
    const settled = running.map((task) => {
      const limit = task.spec.options.stopTimeout ?? this.what.budgets.tasks;
      return task.settle(Math.min(from + limit, this.total));
    });
    for (const entry of await Promise.all(settled)) this.record(entry);
  }

  private async descend(which: (component: Component) => boolean, budget: number, reserve: number): Promise<void> {
    const components = this.what.components.filter(which);
    const longest = Math.max(budget, ...components.map(({ declaration }) => declaration.options.stopTimeout ?? 0));
    const due = this.now() + longest;
    const limits = { each: this.what.budgets.each, due: () => Math.min(due, this.total - reserve), pendingDue: () => due };
    await new Descent(this.what.around, limits, (entry) => this.record(entry)).run(components);
  }

  /** What there is to say where nothing had been started. */
  emptyReport(): StopReport {
    return this.report();
  }

  private report(): StopReport {
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
  private async attempt(name: string, fn: () => unknown): Promise<void> {
    try {
      await fn();
    } catch (cause) {
      const message = `intake "${name}" failed while stopping: ${messageOf(cause)}.`;
      this.errors.push(kernelError("TEARDOWN_FAILED", message, { cause, remedy: "" }));
    }
  }

  /** Waits for `promise` until `due` or until the stop is forced. */
  private within<T>(promise: Promise<T>, due: number): Promise<T | typeof expired> {
    if (this.forced) return Promise.resolve(expired);
    return until(this.alarms, due, Promise.race([promise, this.force_.promise]), this.step);
  }

  private now(): number {
    return this.what.around.world.clock.now();
  }
}

function taskError({ name, error }: StopEntry): unknown {
  const message = `task "${name}" failed while stopping: ${messageOf(error)}.`;
  return kernelError("TEARDOWN_FAILED", message, { cause: error, remedy: "" });
}
