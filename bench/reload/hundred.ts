import type { Benchmark } from "../harness/benchmark.ts";
import type { Figures } from "../programs/reload/app/figures.ts";
import { Editing } from "./editing.ts";
import { interleave } from "../harness/interleave.ts";
import { against, type Goal, type Row } from "../harness/row.ts";
import { median } from "../harness/sample.ts";
import { type DevSide, lastingSides, livespan } from "./side.ts";
import { Workplace } from "./workplace.ts";

const warmUp = 5;
/** How many at either end are compared. */
const end = 10;

interface Aged {
  /** Of the last reloads the median, in those of the first. */
  readonly slowdown: number;
  readonly before: Figures;
  readonly after: Figures;
}

/** The median of the last values over that of the first ones. */
export function lastOverFirst(values: readonly number[], count: number): number {
  if (values.length < 2 * count)
    throw new Error(`${values.length} values have no ${count} first and ${count} last ones.`);
  return median(values.slice(-count)) / median(values.slice(0, count));
}

async function aged(side: DevSide, reloads: number): Promise<Aged> {
  return await Workplace.set(side, async (workplace) => {
    const editing = await Editing.of(workplace);
    try {
      await editing.saves(warmUp);
      const before = await editing.ask<Figures>("/process");
      const times = (await editing.saves(reloads)).map(({ ms }) => ms);
      const after = await editing.ask<Figures>("/process");
      return { slowdown: lastOverFirst(times, Math.min(end, reloads / 2)), before, after };
    } finally {
      editing.end();
    }
  });
}

const megabyte = 1_000_000;

/** What a process holds: how it is read, and what it may have grown by. */
const holdings: readonly (readonly [name: string, unit: string, (figures: Figures) => number, goal?: Goal])[] = [
  ["resources of the event loop", "", ({ resources }) => sum(Object.values(resources)), { most: 0 }],
  ["listeners of the process", "", ({ listeners }) => listeners, { most: 0 }],
  ["heap", "MB", ({ heap }) => heap / megabyte],
  ["resident memory", "MB", ({ rss }) => rss / megabyte],
];

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function growth(side: DevSide, all: readonly Aged[]): Row[] {
  return holdings.map(([name, unit, of, goal]) => {
    const told = `${median(all.map(({ before }) => of(before))).toFixed(0)} at first`;
    const [ours, peer] = side === livespan ? [told, ""] : ["", `${side.name} ${told}`];
    const judged = goal === undefined || side !== livespan ? {} : { goal };
    const grown = all.map(({ before, after }) => of(after) - of(before));
    return against(`reload-hundred, more ${name}`, grown, {
      ours,
      peer,
      unit: unit === "" ? "" : ` ${unit}`,
      ...judged,
    });
  });
}

export const reloadHundred: Benchmark = {
  name: "reload-hundred",
  about: "the last ten of 100 reloads over the first ten, and what the process holds more after them",
  rounds: 3,
  needs: ["npm"],
  async run({ rounds, quick, peers }) {
    const others = lastingSides(peers);
    const sides = [livespan, ...others].map((side) => [side.name, () => aged(side, quick ? 4 : 100)] as const);
    const taken = await interleave(rounds, Object.fromEntries(sides));
    return [livespan, ...others].flatMap((side) => {
      const all = taken[side.name]!;
      const [ours, peer] = side === livespan ? ["", ""] : ["", side.name];
      const goal = side === livespan ? { goal: { most: 1.2 } } : {};
      const slowdowns = all.map(({ slowdown }) => slowdown);
      return [
        against("reload-hundred, last over first", slowdowns, { ours, peer, unit: "x", ...goal }),
        ...growth(side, all),
      ];
    });
  },
};
