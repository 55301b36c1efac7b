import { setTimeout as sleep } from "node:timers/promises";
import type { Benchmark, Settings } from "../harness/benchmark.ts";
import { Proxy } from "../harness/proxy.ts";
import { against, type Row } from "../harness/row.ts";
import { livespan, messaging, peerSides, type Side } from "../harness/side.ts";
import { ask, Stage } from "../harness/stage.ts";
import { Verdicts } from "../harness/verdict.ts";

interface Amounts {
  readonly tabs: number;
  readonly drops: number;
  /** Milliseconds that the line is there, and that it is not. */
  readonly up: number;
  readonly down: number;
  /** Milliseconds in which all has to be equal after the last drop. */
  readonly patience: number;
}

/** Milliseconds between two messages. */
const between = 20;

interface Arrived {
  /** Of the messages that were sent, the share that a page has at the end. */
  readonly share: number;
  /** Tabs that show in the end what the server has. */
  readonly equal: number;
}

async function dropped(side: Side, { tabs, drops, up, down, patience }: Amounts, verdicts: Verdicts): Promise<Arrived> {
  let proxy: Proxy | undefined;
  const through = async (port: number) => (proxy = await Proxy.to(port)).port;
  try {
    return await Stage.set(side, { board: "lines", tabs, through }, async (stage) => {
      const steps = Math.ceil((drops * (up + down) + up) / between);
      const run = (token: string) => ask(stage.server, { ask: "run", token, steps, pause: between });
      const running = Promise.all(stage.tokens.map(run));
      for (let drop = 0; drop < drops; drop++) {
        await sleep(up);
        proxy!.cut();
        await sleep(down);
        proxy!.mend();
      }
      await running;
      const verdict = await stage.verdict(steps * tabs, patience);
      verdicts.add(side.name, verdict);
      const copies = await ask<readonly { readonly lines: readonly string[] }[]>(stage.tabs, { ask: "states" });
      const arrived = copies.reduce((sum, { lines }) => sum + new Set(lines).size, 0);
      return { share: arrived / (steps * tabs), equal: tabs - verdict.divergent };
    });
  } finally {
    proxy?.close();
  }
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

export const drops: Benchmark = {
  name: "live-drops",
  about: "messages to tabs whose line is cut for 2 s again and again: what arrives, and what they show in the end",
  rounds: 1,
  needs: ["npm", "python"],
  async run({ quick, peers }: Settings): Promise<readonly Row[]> {
    const amounts = quick
      ? { tabs: 2, drops: 1, up: 400, down: 300, patience: 3_000 }
      : { tabs: 8, drops: 5, up: 3_000, down: 2_000, patience: 10_000 };
    const states = [livespan, ...peerSides(peers)].filter(({ name }) => name !== "socket.io");
    const sides = [...states, ...(peers.npm ? [messaging.plain, messaging.recovered] : [])];
    const verdicts = new Verdicts();
    // Nothing here is a matter of speed: all sides go through their drops at the same time.
    const all = await Promise.all(sides.map((side) => dropped(side, amounts, verdicts)));
    const rows = sides.map(({ name }, at) => {
      const { share, equal } = all[at]!;
      const told = `${percent(share)}, ${equal} of ${amounts.tabs} equal`;
      const [ours, peer] = name === livespan.name ? [told, ""] : ["", `${name} ${told}`];
      const goal = name === livespan.name ? { goal: { exactly: 100 } } : {};
      return against("live-drops, arrived and equal", [share * 100], { ours, peer, unit: " %", ...goal });
    });
    return [...rows, verdicts.row("live-drops")];
  },
};
