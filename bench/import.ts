import type { Benchmark } from "./harness/benchmark.ts";
import { interleave } from "./harness/interleave.ts";
import { Program, using } from "./harness/program.ts";
import { beyond } from "./harness/row.ts";

async function reached(...args: string[]): Promise<number> {
  const { ms } = await using(new Program("programs/import.mjs", { args }), (program) => program.line<{ ms: number }>());
  return ms;
}

export const importing: Benchmark = {
  name: "import",
  about: "what importing adds to an empty program",
  rounds: 21,
  needs: [],
  async run({ rounds }) {
    const sides = await interleave(rounds, {
      empty: () => reached(),
      livespan: () => reached("livespan"),
      kernel: () => reached("livespan/kernel"),
    });
    const empty = { peer: sides.empty, peerName: "empty program", unit: "ms" };
    return [
      beyond({ name: "import livespan", ours: sides.livespan, ...empty, goal: { most: 15 } }),
      beyond({ name: "import livespan/kernel", ours: sides.kernel, ...empty, goal: { most: 5 } }),
    ];
  },
};
