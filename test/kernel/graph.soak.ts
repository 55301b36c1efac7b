import assert from "node:assert/strict";
import { test } from "node:test";
import { liveRandomly } from "./random-graph.ts";

/** Seeds of their own for each run; the first one is printed, so that a failure can be had again. */
const count = process.env["LIVESPAN_SOAK"] === "full" ? 60_000 : 1_000;
const first = Math.floor(Math.random() * 2 ** 31);

test(`${count} random graphs from seed ${first} keep their promises`, async () => {
  for (let seed = first; seed < first + count; seed++) {
    await assert.doesNotReject(liveRandomly(seed), `seed ${seed}`);
  }
});
