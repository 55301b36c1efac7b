import type { Modules } from "./modules.ts";
import type { Needs } from "../../kernel/lifespan.ts";
import type { Root } from "../../kernel/graph.ts";
import { declarationOf, LifespanDeclaration } from "../../kernel/lifespan.ts";
import { kernelError } from "../../kernel/catalogue.ts";
import { type Problem, problemFrom, problemOf } from "./problem.ts";

/** A lifespan on the way from a root, with the keys of its needs that have not been looked at. */
interface Step {
  readonly name: string;
  readonly declaration: LifespanDeclaration | undefined;
  readonly needs: Needs;
  readonly rest: string[];
}

/**
 * What is wrong with a graph of needs: all of it, where starting it is refused for the first. Each graph that starts by itself,
 * of an app or of a worker, has names of its own.
 */
export class NeedsCheck {
  readonly problems: Problem[] = [];
  /** In the order in which they start. */
  readonly reached = new Set<LifespanDeclaration>();
  private readonly modules: Modules;
  private readonly open: Step[] = [];
  private readonly circles = new Set<string>();

  constructor(roots: readonly Root[], modules: Modules) {
    this.modules = modules;
    const seen = new Set<LifespanDeclaration>();
    for (const { owner, needs } of roots) this.walk(owner, needs, seen);
    this.checkNames();
    this.checkOptional();
  }

  /** Depth first with a stack of its own: a chain of needs may be longer than the engine's. */
  private walk(owner: string, needs: Needs, seen: Set<LifespanDeclaration>): void {
    this.enter(owner, undefined, needs);
    for (let step = this.open.at(-1); step !== undefined; step = this.open.at(-1)) {
      const key = step.rest.pop();
      if (key === undefined) {
        this.open.pop();
        if (step.declaration !== undefined) this.reached.add(step.declaration);
        continue;
      }
      const declaration = this.declared(step, key);
      if (declaration === undefined) continue;
      if (this.open.some((each) => each.declaration === declaration)) this.circle(declaration);
      else if (!seen.has(declaration)) {
        seen.add(declaration);
        this.enter(declaration.name, declaration, declaration.options.needs ?? {});
      }
    }
  }

  private enter(name: string, declaration: LifespanDeclaration | undefined, needs: Needs): void {
    this.open.push({ name, declaration, needs, rest: Object.keys(needs).reverse() });
  }

  private declared({ name, declaration, needs }: Step, key: string): LifespanDeclaration | undefined {
    try {
      return declarationOf(needs[key], key, name);
    } catch (error) {
      this.problems.push(problemFrom(error, this.modules.placesOf(name, declaration)));
      return undefined;
    }
  }

  private circle(closing: LifespanDeclaration): void {
    const path = this.open.flatMap(({ declaration }) => declaration ?? []);
    const circle = path.slice(path.indexOf(closing));
    const names = circle.map(({ name }) => name);
    const known = names.toSorted().join("\n");
    if (this.circles.has(known)) return;
    this.circles.add(known);
    const shown = [...names, closing.name].map((name) => `"${name}"`).join(" → ");
    const places = circle.flatMap((each) => this.modules.placesOf(each.name, each));
    this.problems.push(
      problemOf(kernelError("LIFESPAN_CYCLE", `lifespans need each other in a circle: ${shown}.`), places),
    );
  }

  private checkNames(): void {
    for (const [name, same] of Map.groupBy(this.reached, (each) => each.name)) {
      if (same.length === 1) continue;
      const places = new Set(same.flatMap((each) => this.modules.placesOf(name, each)));
      const message = `${same.length} different lifespans are named "${name}".`;
      this.problems.push(problemOf(kernelError("DUPLICATE_LIFESPAN", message), [...places]));
    }
  }

  private checkOptional(): void {
    for (const declaration of this.reached) {
      const { name, options, tolerant } = declaration;
      if (options.optional === true || tolerant) continue;
      for (const need of Object.values(options.needs ?? {})) {
        if (!(need instanceof LifespanDeclaration) || need.options.optional !== true) continue;
        const message = `lifespan "${name}" must start, but needs "${need.name}", which is optional and may fail.`;
        const places = this.modules.placesOf(name, declaration);
        this.problems.push(problemOf(kernelError("NEEDS_OPTIONAL", message), places));
      }
    }
  }
}
