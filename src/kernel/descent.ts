import type { Component, Surroundings } from "./component.ts";
import type { StopEntry } from "./report.ts";
import { expired, until } from "./alarms.ts";
import { isAbortOf, kernelError, Stopping } from "./catalogue.ts";
import { leave, startFailed } from "./start.ts";
import { messageOf } from "./errors.ts";

/** The limits of a descent, in milliseconds on the clock's scale or as durations. */
export interface DescentLimits {
  /** For one teardown, unless it says otherwise. */
  readonly each: number;
  /** The moment by which all must be down; it moves when the stop is forced. */
  due(): number;
  /** The moment up to which setups that are still running are awaited. */
  pendingDue(): number;
}

/** Brings components down: each after all that need it, branches that do not need each other at the same time. */
export class Descent {
  private readonly around: Surroundings;
  private readonly limits: DescentLimits;
  private readonly record: (entry: StopEntry) => void;

  constructor(around: Surroundings, limits: DescentLimits, record: (entry: StopEntry) => void) {
    this.around = around;
    this.limits = limits;
    this.record = record;
  }

  /** `components` in the order of their graph. Settles when each is down, failed or abandoned; never rejects. */
  async run(components: readonly Component[]): Promise<void> {
    const neededBy = new Map(components.map((component) => [component, 0]));
    for (const { needs } of components) {
      for (const need of needs) if (neededBy.has(need)) neededBy.set(need, neededBy.get(need)! + 1);
    }
    const done = Promise.withResolvers<void>();
    let left = components.length;
    if (left === 0) done.resolve();
    const bring = async (component: Component): Promise<void> => {
      await this.bring(component);
      for (const need of component.needs) {
        const others = neededBy.get(need);
        if (others === undefined) continue;
        neededBy.set(need, others - 1);
        if (others === 1) void bring(need);
      }
      if (--left === 0) done.resolve();
    };
    for (const component of components.toReversed()) if (neededBy.get(component) === 0) void bring(component);
    await done.promise;
  }

  private async bring(component: Component): Promise<void> {
    if (component.state === "starting") await this.awaitSetup(component);
    else if (component.late !== undefined) await this.awaitLate(component, component.late);
    if (component.state === "up" || (component.state === "failed" && component.childGroup !== undefined))
      await this.tearDown(component);
  }

  /** A setup that was aborted may still yield; then it is closed like the others. */
  private async awaitSetup(component: Component): Promise<void> {
    const { alarms, world } = this.around;
    const { name, signal } = component;
    const from = world.clock.now();
    const entry = { name, kind: "lifespan" as const, limitMs: Math.max(0, this.limits.pendingDue() - from) };
    const yielded = await until(alarms, from + entry.limitMs, component.yielded, component);
    const ms = world.clock.now() - component.startedAt;
    if (yielded === expired) {
      this.record({ ...entry, state: "abandoned", ms, waiting: component.waiting });
      leave(component, this.around, signal.reason);
      return;
    }
    component.state = yielded ? "up" : "failed";
    if (yielded || isAbortOf(component.error, signal)) return;
    // It failed by itself while something else had ended the start: that is said beside the cause.
    this.record({ ...entry, state: "failed", ms, error: startFailed(name, component.error) });
  }

  /** An optional lifespan that was given up: what it still holds may need what goes down next. */
  private async awaitLate(component: Component, late: Promise<void>): Promise<void> {
    const { alarms, world } = this.around;
    const { name, startedAt } = component;
    const limitMs = this.limitOf(component);
    if ((await until(alarms, world.clock.now() + limitMs, late, component)) !== expired) return;
    const ms = world.clock.now() - startedAt;
    this.record({ name, kind: "lifespan", state: "abandoned", ms, limitMs, waiting: component.waiting });
  }

  private limitOf({ declaration }: Component): number {
    const own = declaration.options.stopTimeout ?? this.limits.each;
    return Math.max(0, Math.min(own, this.limits.due() - this.around.world.clock.now()));
  }

  private async tearDown(component: Component): Promise<void> {
    const { alarms, world, emit } = this.around;
    const { name } = component;
    const from = world.clock.now();
    const limitMs = this.limitOf(component);
    const entry = { name, kind: "lifespan" as const, limitMs };
    component.state = "stopping";
    emit("lifespan.stopping", { name });
    const closing = component.down();
    try {
      const ended = await until(alarms, from + limitMs, closing, component);
      const ms = world.clock.now() - from;
      if (ended === expired) return this.abandon(component, closing, { ...entry, ms });
      component.state = "down";
      emit("lifespan.down", { name, ms });
      this.record({ ...entry, state: "down", ms });
    } catch (cause) {
      const ms = world.clock.now() - from;
      const message = `lifespan "${name}" failed while stopping: ${messageOf(cause)}.`;
      const error = kernelError("TEARDOWN_FAILED", message, { cause, remedy: "" });
      component.state = "failed";
      emit("lifespan.down", { name, ms, error });
      this.record({ ...entry, state: "failed", ms, error });
    }
  }

  private abandon(component: Component, closing: Promise<void>, entry: Omit<StopEntry, "state">): void {
    const { emit } = this.around;
    const { name, waiting } = component;
    component.state = "abandoned";
    this.record({ ...entry, state: "abandoned", waiting });
    emit("lifespan.abandoned", { name, during: "stop", ms: entry.ms });
    component.abort(new Stopping(`lifespan "${name}" has passed its limit`));
    closing.then(
      () => emit("lifespan.late", { name }),
      (error: unknown) => emit("lifespan.late", { name, error }),
    );
  }
}
