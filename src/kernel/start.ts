import type { Alarm } from "./alarms.ts";
import type { Budgets } from "./budgets.ts";
import type { Component, Surroundings } from "./component.ts";
import { kernelError, Stopping } from "./catalogue.ts";
import { messageOf } from "./errors.ts";

/** Brings every component of a graph up: what needs nothing at once, the rest as soon as its needs have yielded. */
export class Start {
  private readonly components: readonly Component[];
  private readonly around: Surroundings;
  private readonly budgets: Budgets;
  private readonly outcome = Promise.withResolvers<void>();
  private missing: number;
  private whole: Alarm | undefined;
  private over = false;

  constructor(components: readonly Component[], around: Surroundings, budgets: Budgets) {
    this.components = components;
    this.around = around;
    this.budgets = budgets;
    this.missing = components.length;
  }

  /** Settles when all are up, or failed though optional; rejects with the first failure. Undoes nothing. */
  run(): Promise<void> {
    const { alarms, world } = this.around;
    if (this.missing === 0) return Promise.resolve();
    this.whole = alarms.at(world.clock.now() + this.budgets.start, () => this.failWhole());
    for (const component of this.components) component.waitsFor = component.needs.length;
    for (const component of this.components) if (component.needs.length === 0) this.launch(component);
    return this.outcome.promise;
  }

  /** Ends the start with an error; the first one counts. */
  fail(error: unknown): void {
    if (this.over) return;
    this.over = true;
    this.clear();
    this.outcome.reject(error);
  }

  private launch(component: Component): void {
    if (this.over) return;
    const { alarms, world, emit } = this.around;
    const limit = component.declaration.options.startTimeout ?? this.budgets.startEach;
    component.limit = alarms.at(world.clock.now() + limit, () => this.timeOut(component, limit));
    emit("lifespan.starting", { name: component.name });
    component.up(
      this.around,
      (value) => this.up(component, value),
      (error) => this.down(component, error),
    );
  }

  private up(component: Component, value: unknown): void {
    if (this.over || component.state !== "starting") return;
    this.around.alarms.clear(component.limit!);
    component.state = "up";
    component.value = value;
    component.upMs = this.around.world.clock.now() - component.startedAt;
    this.around.emit("lifespan.up", { name: component.name, ms: component.upMs });
    for (const dependent of component.dependents) {
      if (--dependent.waitsFor === 0 && dependent.state === "idle") this.launch(dependent);
    }
    this.count();
  }

  private down(component: Component, error: unknown): void {
    if (this.over || component.state !== "starting") return;
    this.around.alarms.clear(component.limit!);
    component.state = "failed";
    component.error = error;
    this.around.emit("lifespan.failed", { name: component.name, error, optional: component.optional });
    if (component.optional) return this.goWithout(component);
    this.fail(
      kernelError("START_FAILED", `lifespan "${component.name}" failed while starting: ${messageOf(error)}.`, {
        cause: error,
        remedy: "",
      }),
    );
  }

  private timeOut(component: Component, limit: number): void {
    const waiting = component.waiting === undefined ? "" : ` (in ${component.waiting})`;
    const error = kernelError("START_TIMEOUT", `lifespan "${component.name}" did not start within ${limit} ms${waiting}.`);
    if (!component.optional) return this.fail(error);
    component.state = "abandoned";
    component.error = error;
    component.abort(error);
    closeWhenLate(component, this.around);
    this.around.emit("lifespan.abandoned", { name: component.name, during: "start", ms: limit });
    this.goWithout(component);
  }

  private failWhole(): void {
    const pending = this.components.filter(({ state }) => state === "starting").map(({ name }) => `"${name}"`);
    this.fail(
      kernelError("START_TIMEOUT", `not all was up within ${this.budgets.start} ms; still starting: ${pending.join(", ")}.`),
    );
  }

  /** The program starts degraded: what needs the optional component is skipped, and so on. */
  private goWithout(component: Component): void {
    const skipping = [component];
    for (let absent = skipping.pop(); absent !== undefined; absent = skipping.pop()) {
      for (const dependent of absent.dependents) {
        if (dependent.state !== "idle") continue;
        dependent.state = "skipped";
        this.around.emit("lifespan.skipped", { name: dependent.name, because: absent.name });
        skipping.push(dependent);
        this.count();
      }
    }
    this.count();
  }

  private count(): void {
    if (--this.missing > 0 || this.over) return;
    this.over = true;
    this.clear();
    this.outcome.resolve();
  }

  private clear(): void {
    this.around.alarms.clear(this.whole!);
    for (const { limit } of this.components) if (limit !== undefined) this.around.alarms.clear(limit);
  }
}

/** What yields after it was given up is closed all the same; its value was never published. */
export function closeWhenLate(component: Component, { emit }: Surroundings): void {
  const close = async (): Promise<void> => {
    if (await component.yielded) await component.down();
    else await component.endChildren();
  };
  close().then(
    () => emit("lifespan.late", { name: component.name }),
    (error: unknown) => emit("lifespan.late", { name: component.name, error }),
  );
}

export function startAborted(by: string): Error {
  return kernelError("START_ABORTED", `the start was given up: ${by}.`, { cause: new Stopping(by) });
}
