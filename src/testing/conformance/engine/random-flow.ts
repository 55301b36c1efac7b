import { Flow, times, type FlowStep } from "./requests.ts";

/** How a step ends when it is begun. */
export type Fate = "succeeded" | "failed" | "skipped";

/** A workflow made by chance, with what each step will do, by its full name, and what must come of it. */
export interface RandomFlow {
  readonly flow: Flow;
  readonly fates: ReadonlyMap<string, Fate>;
  /** By the step's own name. */
  readonly expected: Readonly<Record<string, Fate | "cancelled">>;
  readonly state: "succeeded" | "failed";
}

/** The same for the same seed. */
export function randomFlow(name: string, seed: number, count: number): RandomFlow {
  const random = chance(seed);
  const steps: Record<string, FlowStep> = {};
  const fates = new Map<string, Fate>();
  const expected: Record<string, Fate | "cancelled"> = {};
  for (const index of times(count, (n) => n)) {
    const parents = times(index, (n) => `s${n}`).filter(() => random() < 2 / count);
    const step = `s${index}`;
    const draw = random();
    const fate = draw < 0.05 ? "failed" : draw < 0.15 ? "skipped" : "succeeded";
    steps[step] = { parents };
    fates.set(`${name}/${step}`, fate);
    const isDoomed = parents.some((parent) => expected[parent] === "failed" || expected[parent] === "cancelled");
    expected[step] = isDoomed ? "cancelled" : fate;
  }
  const state = Object.values(expected).includes("failed") ? "failed" : "succeeded";
  return { flow: new Flow(name, steps), fates, expected, state };
}

/** Numbers in [0, 1) by a linear congruence: enough for shapes, and the same everywhere. */
export function chance(seed: number): () => number {
  let state = (seed * 2_654_435_761 + 1) % 2 ** 32;
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;
}
