import type { Budgets } from "../../kernel/budgets.ts";
import type { Engine } from "../../work/engine.ts";
import type { Overrides } from "../../kernel/graph.ts";
import type { StopReport } from "../../kernel/report.ts";
import type { StopRequest } from "../../kernel/generation.ts";
import type { WorkerDeclaration } from "../../work/worker.ts";
import type { World } from "../../kernel/world.ts";
import { budgetsFrom } from "../../kernel/budgets.ts";
import { Generation } from "../../kernel/generation.ts";
import { chooseEngine } from "../../work/engines/choose.ts";
import { logEvents } from "../log.ts";
import { logWaits } from "../waiting.ts";
import { WorkWing } from "./wing.ts";

export interface ProgramOptions {
  readonly world: World;
  readonly engine?: Engine | undefined;
  readonly budgets?: Partial<Budgets> | undefined;
  readonly overrides?: Overrides | undefined;
}

/** Of 25,000 ms. A worker's time goes to its jobs: it has no sockets to empty. */
const preset = { drain: 18_000, tasks: 1_000, resources: 5_000 };

/** Shorter in all its parts where the whole is to be shorter. @throws LivespanError for what is no budget. */
function budgetsOf(given: Partial<Budgets>): Partial<Budgets> {
  const share = budgetsFrom(given).stop / budgetsFrom().stop;
  const scaled = Object.fromEntries(Object.entries(preset).map(([part, ms]) => [part, Math.round(ms * share)]));
  return { ...scaled, ...given };
}

/** A worker by itself, without an app: what its tasks need, its engine and its place there are one generation. */
export class WorkerProgram {
  readonly generation: Generation;
  readonly wing: WorkWing;

  /** Its engine: as said here, or by the worker, or else by the environment. Opens nothing. */
  static async prepare(worker: WorkerDeclaration, options: ProgramOptions): Promise<WorkerProgram> {
    const engine = options.engine ?? worker.options.engine ?? (await chooseEngine(process.env));
    return new WorkerProgram(worker, engine, options);
  }

  private constructor(
    worker: WorkerDeclaration,
    engine: Engine,
    { world, overrides, ...rest }: Omit<ProgramOptions, "engine">,
  ) {
    const { name, options } = worker;
    const budgets = budgetsOf(rest.budgets ?? {});
    this.wing = new WorkWing({
      name,
      workflows: [],
      workers: [worker],
      engine,
      payloadLimit: options.payloadLimit,
      world,
      budgets,
      generation: () => this.generation,
    });
    const { roots, workers: intakes } = this.wing;
    const plan = { name, roots, intakes, budgets, ...(overrides && { overrides }) };
    this.generation = new Generation(plan, world);
    logEvents(this.generation, world.log);
    logWaits(this.generation, world);
    void this.generation.ended.then(() => this.wing.end());
  }

  /** Settles when it takes jobs. Rejects, after what had started was stopped, with an error that names what failed. */
  start(): Promise<void> {
    return this.wing.inside(() => this.generation.start());
  }

  stop(request?: StopRequest): Promise<StopReport> {
    return this.generation.stop(request);
  }
}
