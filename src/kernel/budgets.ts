import { assertMs, assertOptions } from "./lifespan.ts";

/** How long each part of a life may take, in milliseconds. */
export interface Budgets {
  /** All setups together. */
  readonly start: number;
  /** One setup, unless it says otherwise. */
  readonly startEach: number;
  /** Undoing a failed start; a budget of its own, because that of the start is spent by then. */
  readonly rollback: number;
  /** The whole stop, from the request to the end. */
  readonly stop: number;
  /** Between readiness going off and the listener closing, so that those who route requests can notice. */
  readonly lameDuck: number;
  /** Requests, sockets and jobs in hand, and the work they handed over. */
  readonly drain: number;
  /** Tasks, between their abort and being left behind. */
  readonly tasks: number;
  /** All teardowns together. */
  readonly resources: number;
  /** One teardown, unless it says otherwise. */
  readonly each: number;
  /** Kept for what is marked `last`; earlier steps may not use it. */
  readonly last: number;
  /** The whole rest of a stop, once it is forced. */
  readonly forced: number;
}

const defaults: Budgets = Object.freeze({
  start: 60_000,
  startEach: 30_000,
  rollback: 10_000,
  stop: 25_000,
  lameDuck: 0,
  drain: 8_000,
  tasks: 2_000,
  resources: 7_000,
  each: 5_000,
  last: 3_000,
  forced: 5_000,
});

/** The parts of a stop; each keeps its share when only the whole is given. */
const partsOfStop = ["drain", "tasks", "resources", "each", "last", "forced"] as const;

export function budgetsFrom(given?: Partial<Budgets>): Budgets {
  if (given === undefined) return defaults;
  assertOptions("budgets", given, Object.keys(defaults));
  for (const [name, ms] of Object.entries(given)) assertMs(`budgets.${name}`, ms);
  const share = (given.stop ?? defaults.stop) / defaults.stop;
  const scaled = Object.fromEntries(partsOfStop.map((part) => [part, Math.round(defaults[part] * share)]));
  return { ...defaults, ...scaled, ...given };
}
