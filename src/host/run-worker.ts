import type { Budgets } from "../kernel/budgets.ts";
import type { Engine } from "../work/engine.ts";
import type { ProcessOptions } from "./settings.ts";
import { assertOwnProcess } from "./dev/process/module-turn.ts";
import { exitCodes, keepCode } from "./exit-code.ts";
import { nodeWorld } from "../app/world.ts";
import { processUnhandled } from "./unhandled.ts";
import { ProcessLife } from "./life.ts";
import { steady, textLog } from "../app/log.ts";
import { WorkerDeclaration } from "../work/worker.ts";
import { workerSettingsOf } from "./settings.ts";
import { WorkerProgram } from "../app/work/worker-program.ts";
import { wrong } from "../work/wrong.ts";

export interface RunWorkerOptions extends ProcessOptions {
  /** In place of the worker's own, and of what the environment says. */
  readonly engine?: Engine | undefined;
  /** Jobs at the same time, in place of the worker's own. */
  readonly slots?: number | undefined;
  /** Milliseconds for each part of its life. Jobs in hand have 18,000 of the 25,000 of a stop unless said. */
  readonly budgets?: Partial<Budgets> | undefined;
}

/**
 * Runs a worker as this process: starts what its tasks need, takes jobs, drains on a signal, and settles with the exit code
 * after the drain and the teardown. A second signal forces, a third ends the process. A program that goes on afterwards wants
 * `worker.start()`.
 *
 * @throws LivespanError for what is no worker, and for an option that does not exist or fit.
 */
export async function runWorker(worker: WorkerDeclaration, options: RunWorkerOptions = {}): Promise<number> {
  assertOwnProcess("runWorker()");
  try {
    const life = lifeOf(worker, options);
    life.begin();
    return await life.ended;
  } catch (error) {
    keepCode(exitCodes.invalidConfiguration);
    throw error;
  }
}

function lifeOf(worker: WorkerDeclaration, options: RunWorkerOptions): ProcessLife {
  if (!(worker instanceof WorkerDeclaration)) throw wrong("runWorker()", "what createWorker() gave", worker);
  const settings = workerSettingsOf(options);
  const log = steady(settings.log ?? textLog("info"));
  const { engine, slots, budgets } = options;
  const declared = slots === undefined ? worker : new WorkerDeclaration(worker.name, { ...worker.options, slots });
  let program: WorkerProgram | undefined;
  return new ProcessLife(settings, log, {
    running: () => program,
    prepare: async () =>
      (program = await WorkerProgram.prepare(declared, {
        world: nodeWorld({ log, unhandled: processUnhandled }),
        engine,
        budgets,
      })),
    stop: async (request) => program?.stop(request),
    ended: () => program!.generation.ended,
    release: async () => {},
    address: () => undefined,
  });
}
