import type { Lifespan } from "../../../src/kernel/lifespan.ts";
import type { Needs } from "../../../src/kernel/lifespan.ts";
import type { Runnable } from "../../../src/work/task.ts";
import type { WorkerOptions } from "../../../src/work/worker.ts";
import type { WorkerParts } from "../../../src/work/worker-run.ts";
import { EngineDouble } from "./engine-double.ts";
import { manualClock } from "../../../src/testing/clock.ts";
import { testWorld } from "../../../src/testing/world.ts";
import { WorkClient } from "../../../src/work/client-run.ts";
import { WorkerDeclaration } from "../../../src/work/worker.ts";
import { WorkerRun } from "../../../src/work/worker-run.ts";

export interface StageOptions extends Partial<
  Pick<WorkerParts, "drain" | "grace" | "patience" | "longSleep" | "recycled">
> {
  readonly slots?: number;
  /** In place of the clock's own, which only a test moves. */
  readonly now?: () => number;
  readonly recycleAfter?: number;
  readonly values?: ReadonlyMap<Lifespan<unknown>, unknown>;
}

/** A worker over the double, on a manual clock, and a client of the same engine. */
export function stage(workflows: readonly Runnable<never, unknown>[], options: StageOptions = {}) {
  const { slots, recycleAfter, now, values = new Map(), drain = 8_000, ...rest } = options;
  const clock = Object.assign(manualClock(), now && { now });
  const world = testWorld({ clock, random: () => 0.5 });
  const engine = new EngineDouble(clock);
  const client = new WorkClient({ engine: async () => engine.engine, clock });
  const given: WorkerOptions = {
    workflows,
    ...(slots !== undefined && { slots }),
    ...(recycleAfter !== undefined && { recycleAfter }),
  };
  const worker = new WorkerRun({
    worker: new WorkerDeclaration("crew", given),
    engine: engine.engine,
    world,
    values: (needs: Needs) => Object.fromEntries(Object.entries(needs).map(([key, need]) => [key, values.get(need)])),
    clientFor: (parent) => client.forJob(parent),
    drain,
    ...rest,
  });
  return { clock, world, engine, client, worker };
}

/** The double's part of the run behind a handle. */
export function runOf(engine: EngineDouble, id: string) {
  const run = engine.runs.get(id);
  if (run === undefined) throw new Error(`the engine has no run ${id}`);
  return run;
}
