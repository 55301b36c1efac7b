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

/** Milliseconds from the beginning of each commit until the last of the tabs shows it. */
async function broadcasts(side: Side, { tabs, commits }: Amounts, verdicts: Verdicts): Promise<readonly number[]> {
  return await Stage.set(side, { board: "small", tabs, seat }, async (stage) => {
    const taken: number[] = [];
    for (let count = 1; count <= commits; count++) {
      const { at } = await ask<{ at: number }>(stage.server, { ask: "commit", token: seat });
      const { last } = await ask<{ last: number }>(stage.tabs, { ask: "arrived", count });
      taken.push(last - at);
      await sleep(20);
    }
    verdicts.add(side.name, await stage.verdict(commits));
    // The first ones meet code that was never run.
    return taken.slice(Math.floor(commits / 3));
  });
}

/** What joins a state that is shared has another class in Reflex. */
const joining = (side: Side): Side => (side.name === "reflex" ? { ...side, args: ["shared"] } : side);

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
    for (const side of peerSides(peers).map(joining)) {
      rows.push(ratio({ ...row, peer: await broadcasts(side, amounts, verdicts), peerName: side.name }));
    }
    return [...rows, verdicts.row("live-broadcast")];
  },
};
