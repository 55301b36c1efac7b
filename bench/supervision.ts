import type { Benchmark } from "./harness/benchmark.ts";
import { interleave } from "./harness/interleave.ts";
import { Program, using } from "./harness/program.ts";
import { ratio } from "./harness/row.ts";

/** The 99th percentile of the event loop's delay, in milliseconds. */
async function delay(tasks: number, watched: number): Promise<number> {
  const program = new Program("programs/supervision.ts", { args: [String(tasks), String(watched)] });
  const { p99 } = await using(program, () => program.line<{ p99: number }>());
  return p99;
}

export const supervision: Benchmark = {
  name: "supervision",
  about: "event-loop delay, 99th percentile, with 1,000 idle tasks",
  rounds: 9,
  needs: [],
  async run({ rounds, quick }) {
    const watched = quick ? 100 : 2_000;
    const { many, none } = await interleave(rounds, {
      many: () => delay(1_000, watched),
      none: () => delay(0, watched),
    });
    const sides = { ours: many, peer: none, peerName: "no task", unit: "ms" };
    return [ratio({ name: "supervision", ...sides, goal: { most: 1.1 } })];
  },
};
