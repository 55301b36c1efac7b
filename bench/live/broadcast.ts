import type { Benchmark, Settings } from "../harness/benchmark.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { against, amount, ratio } from "../harness/row.ts";
import { median } from "../harness/sample.ts";
import { livespan, peerSides, type Side } from "../harness/side.ts";
import { ask, Stage } from "../harness/stage.ts";
import { Verdicts } from "../harness/verdict.ts";

const seat = "seat-1";

interface Amounts {
  readonly tabs: number;
  readonly commits: number;
}

/**
 * Reflex tells all who share a state of each one that joins them: a thousand do not come up within minutes. What its apps did
 * before it had shared states takes less time: they change the state of each tab.
 */
const hasEachItsOwn = (side: Side): boolean => side.name === "reflex";

/** Milliseconds from the beginning of each commit until the last of the tabs shows it. */
async function broadcasts(side: Side, { tabs, commits }: Amounts, verdicts: Verdicts): Promise<readonly number[]> {
  const setting = { board: "small", tabs, ...(hasEachItsOwn(side) ? {} : { seat }) };
  return await Stage.set(side, setting, async (stage) => {
    const taken: number[] = [];
    for (let count = 1; count <= commits; count++) {
      const { at } = await ask<{ at: number }>(stage.server, { ask: "commit", token: seat });
      const { last } = await ask<{ last: number }>(stage.tabs, { ask: "arrived", count });
      taken.push(last - at);
      await sleep(20);
    }
    verdicts.add(side.name, await stage.verdict(commits * new Set(stage.tokens).size));
    // The first ones meet code that was never run.
    return taken.slice(Math.floor(commits / 3));
  });
}

export const broadcast: Benchmark = {
  name: "live-broadcast",
  about: "a commit of a state that 1,000 tabs share, until the last of them shows it",
  rounds: 1,
  needs: ["npm", "python"],
  async run({ quick, peers }: Settings) {
    const verdicts = new Verdicts();
    const amounts = quick ? { tabs: 20, commits: 3 } : { tabs: 1_000, commits: 18 };
    const ours = await broadcasts(livespan, amounts, verdicts);
    const row = { name: "live-broadcast", ours, unit: "ms" };
    const rows = [
      against(row.name, ours, { ours: amount(median(ours), "ms"), peer: "", unit: " ms", goal: { most: 50 } }),
    ];
    for (const side of peerSides(peers)) {
      rows.push(ratio({ ...row, peer: await broadcasts(side, amounts, verdicts), peerName: side.name }));
    }
    return [...rows, verdicts.row("live-broadcast")];
  },
};
