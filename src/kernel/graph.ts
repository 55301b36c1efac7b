import type { Lifespan, Needs } from "./lifespan.ts";
import { kernelError } from "./catalogue.ts";
import { Component } from "./component.ts";
import { declarationOf, LifespanDeclaration } from "./lifespan.ts";

/** Someone who needs lifespans: an app, a task. The name is for messages. */
export interface Root {
  readonly owner: string;
  readonly needs: Needs;
}

/** What stands in for a lifespan: another one, whose setup and needs are used, or a value that is just there. */
export type Replacement = Lifespan<unknown> | { readonly value: unknown };
export type Overrides = ReadonlyMap<Lifespan<unknown>, Replacement>;

/** The components of one graph, what is needed before what needs it, and otherwise in the order of declaration. */
export class Graph {
  readonly components: Component[] = [];
  private readonly byDeclaration = new Map<LifespanDeclaration, Component>();
  private readonly names = new Set<string>();

  constructor(roots: readonly Root[], overrides: Overrides = new Map()) {
    for (const { owner, needs } of roots) this.add(owner, needs, overrides);
    this.settleOptional();
    this.settleLast();
  }

  component(declaration: Lifespan<unknown>): Component | undefined {
    return this.byDeclaration.get(declaration as LifespanDeclaration);
  }

  /** The components behind a record of needs, by its keys. */
  entries(needs: Needs): (readonly [string, Component])[] {
    return Object.entries(needs).map(([key, declaration]) => [key, this.component(declaration)!] as const);
  }

  /** Depth first with a stack of its own: a chain of needs may be longer than the engine's. */
  private add(owner: string, needs: Needs, overrides: Overrides): void {
    const path = new Set<Component>();
    const open: { readonly component: Component | undefined; readonly from: Needs; readonly rest: string[] }[] = [];
    open.push({ component: undefined, from: needs, rest: Object.keys(needs).reverse() });
    while (open.length > 0) {
      const { component, from, rest } = open.at(-1)!;
      const key = rest.pop();
      if (key === undefined) {
        open.pop();
        if (component === undefined) continue;
        path.delete(component);
        this.components.push(component);
        continue;
      }
      const declaration = declarationOf(from[key], key, component?.name ?? owner);
      let needed = this.byDeclaration.get(declaration);
      if (needed === undefined) {
        const { name } = declaration;
        if (this.names.has(name))
          throw kernelError("DUPLICATE_LIFESPAN", `two different lifespans are named "${name}".`);
        this.names.add(name);
        needed = new Component(replaced(declaration, overrides), name);
        this.byDeclaration.set(declaration, needed);
        const { needs: deeper } = needed.declaration.options;
        if (deeper === undefined) this.components.push(needed);
        else {
          path.add(needed);
          open.push({ component: needed, from: deeper, rest: Object.keys(deeper).reverse() });
        }
      } else if (path.has(needed)) {
        refuseCycle([...path], needed);
      }
      if (component === undefined) continue;
      component.needs.push(needed);
      component.keys.push(key);
      needed.dependents.push(component);
    }
  }

  private settleOptional(): void {
    for (const component of this.components) {
      if (component.optional || component.declaration.tolerant) continue;
      const optional = component.needs.find((need) => need.optional);
      if (optional === undefined) continue;
      throw kernelError(
        "NEEDS_OPTIONAL",
        `lifespan "${component.name}" must start, but needs "${optional.name}", which is optional and may fail.`,
      );
    }
  }

  /** What something `last` needs goes down after it, so it is last as well. */
  private settleLast(): void {
    for (const component of this.components.toReversed()) {
      if (component.last) for (const need of component.needs) need.last = true;
    }
  }
}

function replaced(declaration: LifespanDeclaration, overrides: Overrides): LifespanDeclaration {
  const replacement = overrides.get(declaration);
  if (replacement === undefined) return declaration;
  if (replacement instanceof LifespanDeclaration) return replacement as LifespanDeclaration;
  const { value } = replacement as { readonly value: unknown };
  return new LifespanDeclaration(declaration.name, {}, function* () {
    yield value;
  });
}

function refuseCycle(path: readonly Component[], closing: Component): never {
  const circle = [...path.slice(path.indexOf(closing)), closing].map(({ name }) => `"${name}"`).join(" → ");
  throw kernelError("LIFESPAN_CYCLE", `lifespans need each other in a circle: ${circle}.`);
}
