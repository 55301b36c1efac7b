import type { Budgets } from "./budgets.ts";
import type { Component, Surroundings } from "./component.ts";
import type { Intake } from "./intake.ts";
import type { Task } from "./task.ts";
import { expired, until } from "./alarms.ts";
import { inside } from "./context.ts";
import { kernelError, Stopping } from "./catalogue.ts";
import { messageOf } from "./errors.ts";

/** What there is to start. */
export interface Startable {
  readonly components: readonly Component[];
  readonly tasks: readonly Task[];
  readonly intakes: readonly Intake[];
  readonly around: Surroundings;
  readonly budgets: Budgets;
}

/**
 * One start: every lifespan, what needs nothing at once and the rest as soon as its needs have yielded; then the tasks that
 * are context managers, to their yields; then the intakes. Undoes nothing: that is a `Stop`'s business.
 */
export class Start {
  /** The moment by which all must be up. */
  readonly due: number;
  /** Those that were opened, or were about to. */
  readonly opened: Intake[] = [];
  private readonly what: Startable;
  private readonly around: Surroundings;
  private readonly outcome = Promise.withResolvers<void>();
  private readonly allUp = Promise.withResolvers<void>();
  private missing: number;
  private over = false;

  constructor(what: Startable) {
    this.what = what;
    this.around = what.around;
    this.missing = what.components.length;
    this.due = this.now() + what.budgets.start;
  }

  /** Calls `ready` when all is up, and settles; rejects with the first failure. */
  run(ready: () => void): Promise<void> {
    const { alarms } = this.around;
    const whole = alarms.at(this.due, () => this.fail(this.notInTime()));
    this.steps().then(
      () => {
        if (this.over) return;
        this.over = true;
        // Before anything else has its turn: whoever asks for a stop from now on stops what is ready.
        ready();
        this.outcome.resolve();
      },
      (error: unknown) => this.fail(error),
    );
    return this.outcome.promise.finally(() => alarms.clear(whole));
  }

  /** Ends the start with an error; the first one counts. */
  fail(error: unknown): void {
    if (this.over) return;
    this.over = true;
    for (const component of this.what.components) this.clearLimit(component);
    this.outcome.reject(error);
  }

  private async steps(): Promise<void> {
    const { components, tasks, intakes } = this.what;
    if (components.length > 0 && !this.over) await this.bringUp(components);
    if (this.over) return;
    const managers = tasks.filter(({ isManager }) => isManager);
    if (managers.length > 0) await Promise.all(managers.map((task) => this.begin(task)));
    for (const intake of intakes) {
      if (this.over) return;
      this.opened.push(intake);
      // Inside what lifespans provided: whatever comes in by an intake sees it, and pays nothing for it.
      await inside(this.around.provided(), () => intake.open());
      this.around.emit("intake.open", { name: intake.name });
    }
  }

  private bringUp(components: readonly Component[]): Promise<void> {
    for (const component of components) component.waitsFor = component.needs.length;
    const now = this.now();
    for (const component of components) if (component.needs.length === 0) this.launch(component, now);
    return this.allUp.promise;
  }

  private launch(component: Component, now = this.now()): void {
    if (this.over) return;
    const { alarms, emit } = this.around;
    const limit = component.declaration.options.startTimeout ?? this.what.budgets.startEach;
    component.startedAt = now;
    component.limit = alarms.at(now + limit, () => this.timeOut(component, limit));
    emit("lifespan.starting", { name: component.name });
    component.up(
      this.around,
      (value) => this.up(component, value),
      (error) => this.down(component, error),
    );
  }

  private up(component: Component, value: unknown): void {
    if (this.over || component.state !== "starting") return;
    this.clearLimit(component);
    component.state = "up";
    component.value = value;
    component.upMs = this.now() - component.startedAt;
    this.around.emit("lifespan.up", { name: component.name, ms: component.upMs });
    for (const dependent of component.dependents) {
      if (--dependent.waitsFor === 0 && dependent.state === "idle") this.launch(dependent);
    }
    this.count();
  }

  private down(component: Component, error: unknown): void {
    if (this.over || component.state !== "starting") return;
    this.clearLimit(component);
    this.around.emit("lifespan.failed", { name: component.name, error, optional: component.optional });
    // What was failed from outside still runs; it may yet yield, and is then closed like the others.
    if (component.settled) component.state = "failed";
    if (!component.optional) return this.fail(startFailed(component.name, error));
    if (!component.settled) leave(component, this.around, error);
    this.goWithout(component);
  }

  private timeOut(component: Component, limit: number): void {
    const error = startTimeout(`lifespan "${component.name}"`, limit, component.waiting);
    if (!component.optional) return this.fail(error);
    leave(component, this.around, error);
    this.goWithout(component);
  }

  /** The program starts degraded: what needs the optional component is skipped, and so on. */
  private goWithout(component: Component): void {
    const skipping = [component];
    for (let absent = skipping.pop(); absent !== undefined; absent = skipping.pop()) {
      for (const dependent of absent.dependents) {
        if (dependent.state !== "idle") continue;
        if (dependent.declaration.tolerant) {
          if (--dependent.waitsFor === 0) this.launch(dependent);
          continue;
        }
        dependent.state = "skipped";
        this.around.emit("lifespan.skipped", { name: dependent.name, because: absent.name });
        skipping.push(dependent);
        this.count();
      }
    }
    this.count();
  }

  private count(): void {
    if (--this.missing === 0) this.allUp.resolve();
  }

  private clearLimit(component: Component): void {
    if (component.limit !== undefined) this.around.alarms.clear(component.limit);
    component.limit = undefined;
  }

  private async begin(task: Task): Promise<void> {
    const limit = this.what.budgets.startEach;
    task.launch();
    const up = until(this.around.alarms, this.now() + limit, task.up, task).catch((cause: unknown) => {
      const message = `task "${task.name}" failed while starting: ${messageOf(cause)}.`;
      throw kernelError("START_FAILED", message, { cause, remedy: "" });
    });
    if ((await up) === expired) throw startTimeout(`task "${task.name}"`, limit, task.waiting);
  }

  private notInTime(): Error {
    const { components, tasks, budgets } = this.what;
    const starting = components.filter(({ state }) => state === "starting");
    const pending = [...starting, ...tasks.filter(({ isManager, isUp, runs }) => isManager && runs > 0 && !isUp)];
    const names = (pending.length > 0 ? pending : this.opened.slice(-1)).map(({ name }) => `"${name}"`);
    return kernelError(
      "START_TIMEOUT",
      `not all was up within ${budgets.start} ms; still starting: ${names.join(", ")}.`,
    );
  }

  private now(): number {
    return this.around.world.clock.now();
  }
}

/** Gives up a setup that still runs. What it yields after all is closed all the same; its value is never published. */
export function leave(component: Component, { emit, world }: Surroundings, reason: unknown): void {
  const { name, startedAt } = component;
  component.state = "abandoned";
  component.abort(reason);
  component.late = component.yielded
    .then(() => component.down())
    .then(
      () => emit("lifespan.late", { name }),
      (error: unknown) => emit("lifespan.late", { name, error }),
    );
  emit("lifespan.abandoned", { name, during: "start", ms: world.clock.now() - startedAt });
}

export function startFailed(name: string, cause: unknown): Error {
  return kernelError("START_FAILED", `lifespan "${name}" failed while starting: ${messageOf(cause)}.`, {
    cause,
    remedy: "",
  });
}

function startTimeout(what: string, limit: number, waiting: string | undefined): Error {
  const where = waiting === undefined ? "" : ` (in ${waiting})`;
  return kernelError("START_TIMEOUT", `${what} did not start within ${limit} ms${where}.`);
}

export function startAborted(by: string): Error {
  return kernelError("START_ABORTED", `the start was given up: ${by}.`, { cause: new Stopping(by) });
}
