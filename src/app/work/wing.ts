import type { Budgets } from "../../kernel/budgets.ts";
import type { Engine } from "../../work/engine.ts";
import type { Generation } from "../../kernel/generation.ts";
import type { Root } from "../../kernel/graph.ts";
import type { Runnable } from "../../work/task.ts";
import type { World } from "../../kernel/world.ts";
import { few } from "../few.ts";
import { budgetsFrom } from "../../kernel/budgets.ts";
import { clientScope } from "../../work/scope.ts";
import { EngineUse } from "./engine-use.ts";
import { type LifespanContext, LifespanDeclaration } from "../../kernel/lifespan.ts";
import { namesOf } from "./names.ts";
import { type ClientParts, WorkClient } from "../../work/client-run.ts";
import { WorkerDeclaration } from "../../work/worker.ts";
import { messageOf } from "../../kernel/errors.ts";
import { workError } from "../../work/errors.ts";
import { WorkerRun } from "../../work/worker-run.ts";

export interface WorkParts {
  /** The app's, for messages. */
  readonly name: string;
  readonly workflows: readonly Runnable<never, unknown>[];
  readonly workers: readonly WorkerDeclaration[];
  /** Workers that nobody has listed: what the app runs for itself. */
  readonly own?: readonly WorkerDeclaration[];
  readonly engine: Engine;
  readonly payloadLimit: number | undefined;
  readonly world: World;
  readonly budgets: Partial<Budgets>;
  generation(): Generation;
}

/** Milliseconds before an engine that did not answer at the start is tried again. */
const untilAgain = 1_000;

/** The work wing of an app, or of a worker by itself: its client, its engine, and its workers as intakes. */
export class WorkWing {
  readonly client: WorkClient;
  /** For what nobody has listed. */
  readonly unlisted: WorkClient;
  readonly asks: ClientParts;
  readonly declared: readonly WorkerDeclaration[];
  readonly workers: readonly WorkerRun[];
  /** The engine, and what the workers' tasks need. */
  readonly roots: readonly Root[];
  private readonly use: EngineUse;

  /** @throws LivespanError INVALID_TASK */
  constructor(parts: WorkParts) {
    const { name, workflows, workers: listed, own = [], payloadLimit, world } = parts;
    const workers = [...listed, ...own];
    assertWorkers(name, workers);
    this.use = new EngineUse(parts.engine, world);
    this.declared = workers;
    const known = namesOf(workflows, listed);
    this.asks = { engine: this.use.whenOpen, clock: world.clock, known, payloadLimit };
    this.client = new WorkClient(this.asks);
    this.unlisted = new WorkClient({ ...this.asks, known: undefined });
    this.workers = workers.map((worker) => this.runOf(worker, parts));
    const kept = { owner: `app "${name}"`, needs: { engine: this.engineLifespan(world) } };
    this.roots = [kept, ...workers.flatMap(({ roots }) => roots)];
  }

  /** Whether other processes see its runs. */
  get isShared(): boolean {
    return this.use.engine.isShared;
  }

  /** Runs the start inside the client's scope, so that every setup, task and teardown finds it. */
  inside<R>(start: () => R): R {
    return clientScope.run(this.client, start);
  }

  /** The generation has ended, whether or not it ever opened the engine. */
  end(): void {
    this.use.end();
  }

  private runOf(worker: WorkerDeclaration, { world, budgets, generation }: WorkParts): WorkerRun {
    const { drain, tasks } = budgetsFrom(budgets);
    const by = `worker "${worker.name}", which has run ${worker.options.recycleAfter} jobs`;
    return new WorkerRun({
      worker,
      engine: this.use.engine,
      world,
      values: (needs) => generation().values(needs),
      clientFor: (parent) => this.client.forJob(parent),
      drain,
      // Some of what a stop allows it is left for giving back.
      grace: tasks * 0.75,
      recycled: () => void generation().stop({ cause: { kind: "asked", by } }),
    });
  }

  /**
   * Last, so that teardowns can still ask for runs. Setups find the client without needing this lifespan: what they ask of it
   * waits until the engine is open.
   */
  private engineLifespan(world: World): LifespanDeclaration {
    const { use, client, workers, declared } = this;
    const health = (): boolean => workers.every(({ isReachable }) => isReachable);
    const setup = async function* (ctx: LifespanContext<never>): AsyncGenerator<Engine, void, void> {
      ctx.provide(clientScope, client);
      await use.open(async (error) => {
        world.log("warn", `work: waiting for the engine: ${messageOf(error)}`, { error });
        await ctx.sleep(untilAgain);
      });
      world.log("info", `work: ${use.engine.where}${declared.map(placeOf).join("")}`);
      yield use.engine;
      // Leases were kept until now, for jobs that ended late and lifespans that they used.
      await Promise.all(workers.map((worker) => worker.leave()));
      await use.close();
    };
    // The start of the whole has a limit, and whoever supervises the process another.
    const options = { last: true, health, startTimeout: Infinity };
    return new LifespanDeclaration(`work.${use.engine.name}`, options, setup);
  }
}

function assertWorkers(app: string, workers: readonly unknown[]): void {
  const names = new Set<string>();
  for (const worker of workers) {
    if (!(worker instanceof WorkerDeclaration)) {
      const message = `app "${app}": workers: expected what createWorker() gave, got ${worker === null ? "null" : typeof worker}.`;
      throw workError("INVALID_TASK", message);
    }
    if (names.has(worker.name)) {
      throw workError("INVALID_TASK", `app "${app}" has two different workers named "${worker.name}".`, {
        remedy: "Give one of them another name: reports and runs say which worker it was.",
      });
    }
    names.add(worker.name);
  }
}

/** What a worker takes, for the line at the start: the first few names, and how many more there are. */
function placeOf({ name, slots, workflows, tasks }: WorkerDeclaration): string {
  const names = [...workflows, ...tasks.filter(({ workflow }) => workflow === undefined)].map((each) => each.name);
  return `; worker "${name}", ${slots} slots: ${few(names, 6)}`;
}
