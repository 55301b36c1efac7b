import type { App } from "../../app/app.ts";
import type { Modules } from "./modules.ts";
import type { Root } from "../../kernel/graph.ts";
import { Assembly } from "../../app/assembly.ts";
import { cliError } from "../errors.ts";
import { declarationOfState, StateDeclaration } from "../../live/server/state.ts";
import { kernelError } from "../../kernel/catalogue.ts";
import { LifespanDeclaration } from "../../kernel/lifespan.ts";
import { Module } from "../../app/module.ts";
import { NeedsCheck } from "./needs.ts";
import { nodeWorld } from "../../app/world.ts";
import { type Problem, problemFrom, problemOf } from "./problem.ts";
import { TaskDeclaration } from "../../app/lifespan-task.ts";
import { WorkerDeclaration } from "../../work/worker.ts";
import { WorkerProgram } from "../../app/work/worker-program.ts";

/** What an app and its modules declare, checked: each graph that would be started by itself, and what is in none of them. */
export class DeclaredCheck {
  readonly problems: Problem[] = [];
  readonly assembly: Assembly | undefined;
  readonly lifespans: ReadonlySet<LifespanDeclaration>;
  /** Those of the app, and those that are exported for processes of their own. */
  readonly workers: ReadonlySet<WorkerDeclaration>;
  private readonly modules: Modules;

  constructor(app: App<unknown>, modules: Modules) {
    this.modules = modules;
    this.assembly = this.assemble(app);
    const graph = new NeedsCheck(this.rootsOf(this.assembly), modules);
    this.problems.push(...graph.problems);
    this.lifespans = graph.reached;
    const exported = [...modules.exports].filter((each) => each instanceof WorkerDeclaration);
    this.workers = new Set([...(this.assembly?.workers ?? []), ...exported]);
  }

  /** A worker by itself starts what its tasks need, and nothing else of the app. */
  async checkWorkers(): Promise<void> {
    const reached = new Set(this.lifespans);
    for (const worker of this.workers) {
      const graph = new NeedsCheck(worker.roots, this.modules);
      this.problems.push(...graph.problems);
      for (const each of graph.reached) reached.add(each);
      if (graph.problems.length > 0) continue;
      try {
        await WorkerProgram.prepare(worker, { world: nodeWorld({ log: () => {} }) });
      } catch (error) {
        this.problems.push(problemFrom(error, this.modules.placesOf(worker.name, worker)));
      }
    }
    // Without its parts the app cannot say what it has a use for.
    if (this.assembly !== undefined) this.checkExports(this.assembly, reached);
  }

  private assemble(app: App<unknown>): Assembly | undefined {
    try {
      return new Assembly(app, app, () => {
        throw new Error("a check starts nothing");
      });
    } catch (error) {
      this.problems.push(problemFrom(error));
      return undefined;
    }
  }

  private rootsOf(assembly: Assembly | undefined): readonly Root[] {
    if (assembly === undefined) return [];
    const { roots, tasks, workers } = assembly;
    const states = assembly.states.flatMap((candidate): Root[] => {
      try {
        const { name, needs } = declarationOfState(candidate, "createApp({ states })");
        return [{ owner: `state "${name}"`, needs }];
      } catch (error) {
        this.problems.push(problemFrom(error));
        return [];
      }
    });
    return [
      ...roots,
      ...tasks.map(({ name, needs }) => ({ owner: `lifespan task "${name}"`, needs })),
      ...states,
      ...[...workers].flatMap((worker) => worker.roots),
    ];
  }

  private checkExports({ modules, states }: Assembly, reached: ReadonlySet<LifespanDeclaration>): void {
    const tasks = new Set([...modules].flatMap((module) => Module.partsOf(module).tasks.map(({ origin }) => origin)));
    const lifespans = [...this.modules.exports].filter((each) => each instanceof LifespanDeclaration);
    const needed = new Set(lifespans.flatMap(({ options }) => Object.values(options.needs ?? {})));
    for (const each of this.modules.exports) {
      if (each instanceof LifespanDeclaration && !reached.has(each)) {
        this.unused("lifespan", each, needed.has(each) ? "is needed only by what nobody needs" : "is needed by nobody");
      }
      if (each instanceof TaskDeclaration && !tasks.has(each.origin))
        this.unused("lifespan task", each, "is in no app");
      if (each instanceof StateDeclaration && !states.includes(each)) this.unused("state", each, "is in no app");
    }
    this.checkNames(new Set([...reached, ...lifespans]));
  }

  private unused(what: string, declared: { readonly name: string }, why: string): void {
    const error = cliError("UNREACHABLE", `the ${what} "${declared.name}" is exported and ${why}.`);
    this.problems.push(problemOf(error, this.modules.placesOf(declared.name, declared), "warning"));
  }

  /** In one graph it is an error, and said there. */
  private checkNames(all: ReadonlySet<LifespanDeclaration>): void {
    for (const [name, same] of Map.groupBy(all, (each) => each.name)) {
      if (same.length === 1 || this.problems.some(({ message }) => message.includes(`are named "${name}"`))) continue;
      const places = new Set(same.flatMap((each) => this.modules.placesOf(name, each)));
      const message = `${same.length} different lifespans are named "${name}"; no process starts them together.`;
      this.problems.push(problemOf(kernelError("DUPLICATE_LIFESPAN", message), [...places], "warning"));
    }
  }
}
