import type { Benchmark, Settings } from "../harness/benchmark.ts";
import { against, type Row } from "../harness/row.ts";
import { livespan, peerSides, type Side } from "../harness/side.ts";
import { ask, Stage } from "../harness/stage.ts";
import { Verdicts } from "../harness/verdict.ts";

const gibibyte = 2 ** 30;

interface Amounts {
  /** Connected before the first reading, so that what a server needs for its first tabs is not laid to the others. */
  readonly first: number;
  readonly tabs: number;
}

/** Bytes of the server's memory for each tab that is connected and does nothing; read after a collection that gives back what it can. */
async function perTab(side: Side, { first, tabs }: Amounts, verdicts: Verdicts): Promise<number> {
  const setting = { board: "small", tabs: first, nodeArgs: ["--expose-gc"] };
  return await Stage.set(side, setting, async (stage) => {
    const memory = async () => (await ask<{ rss: number }>(stage.server, { ask: "usage", collect: true })).rss;
    const before = await memory();
    await stage.open(tabs);
    const after = await memory();
    verdicts.add(side.name, await stage.verdict(0));
    return (after - before) / tabs;
  });
}

export const idle: Benchmark = {
  name: "live-idle",
  about: "tabs that are connected and do nothing: how many fit into a GiB of the server's memory",
  rounds: 1,
  needs: ["npm", "python"],
  async run({ quick, peers }: Settings) {
    const verdicts = new Verdicts();
    const amounts = quick ? { first: 20, tabs: 100 } : { first: 1_000, tabs: 3_000 };
    const ours = await perTab(livespan, amounts, verdicts);
    const fit = (bytes: number) => Math.round(gibibyte / bytes);
    const told = (bytes: number) => `${fit(bytes)} of ${(bytes / 1_024).toFixed(1)} KiB`;
    const rows: Row[] = [
      against("live-idle", [fit(ours)], { ours: told(ours), peer: "", unit: " tabs", goal: { least: 60_000 } }),
    ];
    for (const side of peerSides(peers)) {
      const theirs = await perTab(side, amounts, verdicts);
      rows.push(
        against("live-idle", [theirs / ours], { ours: told(ours), peer: `${side.name} ${told(theirs)}`, unit: "x" }),
      );
    }
    return [...rows, verdicts.row("live-idle")];
  },
};
