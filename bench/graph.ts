import type { Benchmark } from "./harness/benchmark.ts";
import { Program, using } from "./harness/program.ts";
import { against, amount } from "./harness/row.ts";
import { median } from "./harness/sample.ts";

interface Graph {
  /** Milliseconds of the start. */
  readonly elapsed: number;
  /** Milliseconds of the longest chain, on paper. */
  readonly critical: number;
}

export const graph: Benchmark = {
  name: "graph",
  about: "start of 20 lifespans of 50 ms each, four deep, over their longest chain",
  needs: [],
  async run({ rounds }) {
    const starts: Graph[] = [];
    for (let round = 0; round < rounds; round++) {
      starts.push(await using(new Program("programs/graph.ts"), (program) => program.line<Graph>()));
    }
    const told = {
      ours: amount(median(starts.map(({ elapsed }) => elapsed)), "ms"),
      peer: `longest chain ${amount(median(starts.map(({ critical }) => critical)), "ms")}`,
    };
    const figures = starts.map(({ elapsed, critical }) => elapsed / critical);
    return [against("graph", figures, { ...told, unit: "x", goal: { most: 1.1 } })];
  },
};
