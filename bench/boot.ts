import type { Benchmark, Settings } from "./harness/benchmark.ts";
import { interleave } from "./harness/interleave.ts";
import { Program, using } from "./harness/program.ts";
import { ratio, type Row } from "./harness/row.ts";
import type { Boots } from "./programs/timed.ts";

const goals = { bare: { most: 5 }, avvio: { most: 0.5 } } as const;

async function boots(file: string, count: number, starts: number): Promise<Boots> {
  return await using(new Program(file, { args: [String(count), String(starts)] }), (program) => program.line<Boots>());
}

async function compare(count: number, { rounds, quick, peers }: Settings): Promise<readonly Row[]> {
  const starts = quick ? 20 : 1_000;
  const sides = await interleave(rounds, {
    livespan: () => boots("programs/boot.ts", count, starts),
    bare: () => boots("programs/boot-bare.ts", count, starts),
    ...(peers.npm ? { avvio: () => boots("peers/boot-avvio.mjs", count, starts) } : {}),
  });
  const rows = (peerName: "bare" | "avvio", peer: readonly Boots[]): readonly Row[] => {
    const side = (which: keyof Boots) => ({
      ours: sides.livespan.map((round) => round[which]),
      peer: peer.map((round) => round[which]),
      peerName: peerName === "bare" ? "bare generators" : peerName,
      unit: "us",
    });
    return [
      ratio({ name: `boot ${count}`, ...side("middle"), goal: goals[peerName] }),
      ratio({ name: `boot ${count}, the first in its process`, ...side("first") }),
    ];
  };
  return [...rows("bare", sides.bare), ...(sides.avvio === undefined ? [] : rows("avvio", sides.avvio))];
}

export const boot: Benchmark = {
  name: "boot",
  about: "start of 10 and of 100 lifespans that do nothing",
  needs: ["npm"],
  async run(settings) {
    return [...(await compare(10, settings)), ...(await compare(100, settings))];
  },
};
