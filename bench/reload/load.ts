import type { Benchmark } from "../harness/benchmark.ts";
import type { Crowd } from "../programs/reload/visitors.ts";
import { Editing } from "./editing.ts";
import { Program, using } from "../harness/program.ts";
import { against, type Goal, type Row } from "../harness/row.ts";
import { type DevSide, lastingSides, livespan, peerSides } from "./side.ts";
import { Workplace } from "./workplace.ts";

/** Reloads an app again and again while a crowd keeps asking, and counts what it did not get. */
async function crowded(side: DevSide, reloads: number): Promise<Crowd> {
  return await Workplace.set(side, async (workplace) => {
    const editing = await Editing.of(workplace);
    try {
      const args = [String(workplace.port)];
      const visitors = new Program("programs/reload/visitors.ts", { args, longest: reloads * 10_000 });
      return await using(visitors, async () => {
        await editing.saves(reloads);
        return await visitors.ask<Crowd>("end");
      });
    } finally {
      editing.end();
    }
  });
}

function rows(side: DevSide, reloads: number, { answered, failed, closed, longest, reasons }: Crowd): readonly Row[] {
  const told = Object.entries(reasons).map(([reason, count]) => `${count} ${reason}`);
  const row = (name: string, text: string, value: number, unit: string, goal?: Goal): Row => {
    const [ours, peer] = side === livespan ? [text, ""] : ["", `${side.name} ${text}`];
    const judged = goal === undefined || side !== livespan ? {} : { goal };
    return against(`reload-load, ${name}`, [value], { ours, peer, unit, ...judged });
  };
  const visits = [`${answered} answers in ${reloads} reloads`, ...told].join(", ");
  return [
    row("requests failed", visits, failed, "", { exactly: 0 }),
    row("answers from what was closed", "", closed, "", { exactly: 0 }),
    row("longest wait", "", longest, " ms"),
  ];
}

export const reloadLoad: Benchmark = {
  name: "reload-load",
  about: "requests that fail in 100 reloads while eight clients keep asking, and the longest that one waited",
  rounds: 1,
  needs: ["npm", "python"],
  async run({ rounds, quick, peers }) {
    const reloads = quick ? 3 : 100;
    const found: (readonly Row[])[] = [];
    // Those that start anew take their time, and how they do it is tried by reload-time.
    const others = quick ? lastingSides(peers) : peerSides(peers);
    for (let round = 0; round < rounds; round++) {
      for (const side of [livespan, ...others]) found.push(rows(side, reloads, await crowded(side, reloads)));
    }
    // All sides of a figure beside each other.
    return [0, 1, 2].flatMap((figure) => found.map((rows) => rows[figure]!));
  },
};
