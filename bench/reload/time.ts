import type { Benchmark } from "../harness/benchmark.ts";
import { Editing, type Reload } from "./editing.ts";
import { interleave } from "../harness/interleave.ts";
import { ratio, type Row } from "../harness/row.ts";
import { median } from "../harness/sample.ts";
import { type DevSide, livespan, peerSides } from "./side.ts";
import { Workplace } from "./workplace.ts";

/** The first ones, which run code that nobody has warmed up. They are not counted. */
const warmUp = 5;

async function round(side: DevSide, first: number, edits: number): Promise<readonly Reload[]> {
  return await Workplace.set(side, async (workplace) => {
    const editing = await Editing.of(workplace);
    try {
      await editing.saves(first);
      return await editing.saves(edits);
    } finally {
      editing.end();
    }
  });
}

const times = (reloads: readonly Reload[]): readonly number[] => reloads.map(({ ms }) => ms);

/** What is read off a round. */
const readings: Readonly<Record<string, (reloads: readonly Reload[]) => number>> = {
  median: (reloads) => median(times(reloads)),
  worst: (reloads) => Math.max(...times(reloads)),
  "longest wait, median": (reloads) => median(reloads.map(({ waited }) => waited)),
  "longest wait, worst": (reloads) => Math.max(...reloads.map(({ waited }) => waited)),
};

export const reloadTime: Benchmark = {
  name: "reload-time",
  about: "from a save to the first answer of the new code, and how long a visitor waited for any",
  rounds: 5,
  needs: ["npm", "python"],
  async run({ rounds, quick, peers }) {
    const others = peerSides(peers);
    const sides = [livespan, ...others].map(
      (side) => [side.name, () => (quick ? round(side, 1, 2) : round(side, warmUp, 30))] as const,
    );
    const taken = await interleave(rounds, Object.fromEntries(sides));
    const read = (side: DevSide, reading: (reloads: readonly Reload[]) => number) => taken[side.name]!.map(reading);
    return Object.entries(readings).flatMap(([name, reading]): Row[] => {
      const ours = read(livespan, reading);
      // Without a peer, what ours comes to is told all the same.
      const besides = others.length > 0 ? others : [livespan];
      return besides.map((side) =>
        ratio({ name: `reload-time, ${name}`, ours, peer: read(side, reading), peerName: side.name, unit: "ms" }),
      );
    });
  },
};
