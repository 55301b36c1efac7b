import { test } from "node:test";
import { commitRandomly } from "./random-commits.ts";

/** The whole of it is in diff.soak.ts. A seed that ever fails is added here for good. */
test("100 documents of 30 random commits each: replica equals source, all is frozen, no prototype is touched", (t) => {
  for (let seed = 1; seed <= 100; seed++) {
    try {
      commitRandomly(seed, 30);
    } catch (error) {
      t.diagnostic(`seed ${seed}`);
      throw error;
    }
  }
});
