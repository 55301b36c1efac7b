import type { Benchmark } from "../harness/benchmark.ts";
import type { Crowd } from "../programs/reload/visitors.ts";
import { Editing } from "./editing.ts";
import { Program, using } from "../harness/program.ts";
import { against, amount, type Row } from "../harness/row.ts";
import { type DevSide, livespan, peerSides } from "./side.ts";
import { Workplace } from "./workplace.ts";

/** Reloads an app again and again while a crowd keeps asking, and counts what it did not get. */
async function crowded(side: DevSide, reloads: number): Promise<Crowd> {
  return await Workplace.set(side, async (workplace) => {
    const editing = await Editing.of(workplace);
    try {
      const visitors = new Program("programs/reload/visitors.ts", { args: [String(workplace.port)] });
      return await using(visitors, async () => {
        await editing.saves(reloads);
        return await visitors.ask<Crowd>("end");
      });
    } finally {
      editing.end();
    }
  });
}

function rows(side: DevSide, reloads: number, { answered, failed, longest, reasons }: Crowd): readonly Row[] {
  const isOurs = side === livespan;
  const told = Object.entries(reasons).map(([reason, count]) => `${count} ${reason}`);
  const text = `${answered} answers, ${reloads} reloads${told.length > 0 ? `: ${told.join(", ")}` : ""}`;
  const [ours, peer] = isOurs ? [text, ""] : ["", `${side.name} ${text}`];
  const goal = isOurs ? { goal: { exactly: 0 } } : {};
  const wait = amount(longest, "ms");
  const [ourWait, peerWait] = isOurs ? [wait, ""] : ["", `${side.name} ${wait}`];
  return [
    against("reload-load, requests failed", [failed], { ours, peer, unit: "", ...goal }),
    against("reload-load, longest wait", [longest], { ours: ourWait, peer: peerWait, unit: " ms" }),
  ];
}

export const reloadLoad: Benchmark = {
  name: "reload-load",
  about: "requests that fail in 100 reloads while eight clients keep asking, and the longest that one waited",
  rounds: 1,
  needs: ["npm", "python"],
  async run({ rounds, quick, peers }) {
    const reloads = quick ? 3 : 100;
    const found: Row[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const side of [livespan, ...peerSides(peers)])
        found.push(...rows(side, reloads, await crowded(side, reloads)));
    }
    // What fails first, then how long was waited.
    return found.toSorted((a, b) => b.name.localeCompare(a.name));
  },
};
