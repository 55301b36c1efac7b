import type { Lifespan } from "../kernel/lifespan.ts";
import type { Overrides, Root } from "../kernel/graph.ts";
import { didYouMean } from "../kernel/nearest.ts";
import { Graph } from "../kernel/graph.ts";
import { LifespanDeclaration } from "../kernel/lifespan.ts";
import { testingError } from "./errors.ts";

/**
 * Pairs of a lifespan and what stands in for it: another lifespan of the same type, whose setup runs in place of the real
 * one, or a plain value that is just there. `Vs` are the types of the values, pair by pair.
 */
export type OverridePairs<Vs extends readonly unknown[]> = {
  readonly [K in keyof Vs]: readonly [Lifespan<Vs[K]>, NoInfer<Lifespan<Vs[K]> | Vs[K]>];
};

/** The pairs as a generation takes them. */
export function overridesFrom(pairs: readonly (readonly [Lifespan<unknown>, unknown])[]): Overrides {
  const overrides = new Map<Lifespan<unknown>, Lifespan<unknown> | { readonly value: unknown }>();
  for (const [original, replacement] of pairs) {
    if (overrides.has(original))
      throw testingError("UNUSED_OVERRIDE", `lifespan "${original.name}" is overridden twice.`);
    overrides.set(original, replacement instanceof LifespanDeclaration ? replacement : { value: replacement });
  }
  return overrides;
}

/** An override of something that nobody needs would silently do nothing. */
export function assertUsed(overrides: Overrides, roots: readonly Root[]): void {
  const graph = new Graph(roots);
  for (const original of overrides.keys()) {
    if (graph.component(original) !== undefined) continue;
    const names = graph.components.map(({ name }) => name);
    const other = names.includes(original.name)
      ? " (another lifespan has that name)"
      : didYouMean(original.name, names);
    throw testingError("UNUSED_OVERRIDE", `the app does not need the overridden lifespan "${original.name}"${other}.`);
  }
}
