import { setTimeout as sleep } from "node:timers/promises";
import type { Benchmark, Settings } from "../harness/benchmark.ts";
import { Proxy } from "../harness/proxy.ts";
import { against, amount, type Goal, ratio, type Row } from "../harness/row.ts";
import { livespan, peerSides, type Side } from "../harness/side.ts";
import { ask, Stage } from "../harness/stage.ts";
import { Verdicts } from "../harness/verdict.ts";

interface Stream {
  readonly name: string;
  readonly board: string;
  readonly steps: number;
  /** What the bytes are divided by. */
  readonly each: number;
  readonly unit: string;
  readonly goal: Goal;
}

const streams: readonly Stream[] = [
  { name: "1,000 lines appended", board: "lines", steps: 1_000, each: 1_000, unit: "KB", goal: { most: 60 } },
  { name: "2,000 tokens streamed", board: "tokens", steps: 2_000, each: 1_000, unit: "KB", goal: { most: 80 } },
  { name: "one cell of 10,000 rows", board: "cell", steps: 20, each: 20, unit: "B", goal: { most: 200 } },
];

/** Milliseconds between two steps: a stream that a person reads, not a flood that may be drawn together. */
const pause = 1;

/** Bytes that come to one tab for so many steps, the first state not among them. */
async function bytes(side: Side, { board, steps }: Stream, verdicts: Verdicts): Promise<number> {
  let proxy: Proxy | undefined;
  const through = async (port: number) => (proxy = await Proxy.to(port)).port;
  try {
    return await Stage.set(side, { board, tabs: 1, through }, async (stage) => {
      // What belongs to the opening may come a little later.
      await sleep(300);
      const before = proxy!.passed;
      await ask(stage.server, { ask: "run", token: stage.tokens[0]!, steps, pause });
      verdicts.add(side.name, await stage.verdict(steps));
      return proxy!.passed - before;
    });
  } finally {
    proxy?.close();
  }
}

async function measured(stream: Stream, sides: readonly Side[], verdicts: Verdicts): Promise<readonly Row[]> {
  const name = `live-bytes: ${stream.name}`;
  const { unit, goal } = stream;
  const sent: { readonly side: string; readonly size: number }[] = [];
  for (const side of sides) sent.push({ side: side.name, size: (await bytes(side, stream, verdicts)) / stream.each });
  const [ours, ...peers] = sent.map(({ side, size }) => ({ peerName: side, peer: [size] }));
  const told = { ours: amount(ours!.peer[0]!, unit), peer: "", unit: ` ${unit}`, goal };
  return [against(name, ours!.peer, told), ...peers.map((peer) => ratio({ name, ours: ours!.peer, ...peer, unit }))];
}

export const bytesSent: Benchmark = {
  name: "live-bytes",
  about: "bytes to a page whose state grows line by line, token by token, and by one cell of 10,000 rows",
  rounds: 1,
  needs: ["npm", "python"],
  async run({ quick, peers }: Settings) {
    const verdicts = new Verdicts();
    const rows: Row[] = [];
    for (const stream of streams) {
      const steps = quick ? 20 : stream.steps;
      rows.push(...(await measured({ ...stream, steps }, [livespan, ...peerSides(peers)], verdicts)));
    }
    return [...rows, verdicts.row("live-bytes")];
  },
};
