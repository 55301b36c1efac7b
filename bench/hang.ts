import type { Benchmark } from "./harness/benchmark.ts";
import { Program, using } from "./harness/program.ts";
import { against, amount } from "./harness/row.ts";
import { median } from "./harness/sample.ts";
import type { Hang } from "./programs/hang.ts";

export const hang: Benchmark = {
  name: "hang",
  about: "stop with one of 20 lifespans hanging, each of them once, over its limit",
  rounds: 1,
  needs: [],
  async run({ rounds }) {
    const all: Hang[][] = [];
    for (let round = 0; round < rounds; round++) {
      all.push(await using(new Program("programs/hang.ts"), (program) => program.line<Hang[]>()));
    }
    const hangs = all.flat();
    const elapsed = amount(median(hangs.map((one) => one.elapsed)), "ms");
    const limit = `limit ${amount(median(hangs.map((one) => one.limit)), "ms")}`;
    const named = all.map((round) => round.filter((one) => one.named).length);
    return [
      against(
        "hang",
        hangs.map((one) => one.elapsed / one.limit),
        {
          ours: elapsed,
          peer: limit,
          unit: "x",
          goal: { most: 1.05 },
        },
      ),
      against("hang, the right one named", named, {
        ours: `${median(named)} of 20`,
        peer: "",
        unit: " of 20",
        goal: { exactly: 20 },
      }),
    ];
  },
};
