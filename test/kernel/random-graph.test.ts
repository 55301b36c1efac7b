import { test } from "node:test";
import { liveRandomly } from "./random-graph.ts";

/** The whole of it is in graph.soak.ts. A seed that ever fails is added here for good. */
const sample = 300;

test(`3, 8, 42, 47: ${sample} random graphs, with whatever delays, failures and hangs, keep their promises`, async (t) => {
  for (let seed = 1; seed <= sample; seed++) {
    try {
      await liveRandomly(seed);
    } catch (error) {
      t.diagnostic(`seed ${seed}`);
      throw error;
    }
  }
});
