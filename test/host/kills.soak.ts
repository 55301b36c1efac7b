import assert from "node:assert/strict";
import { test } from "node:test";
import { killRandomly } from "./kills.ts";

/** Seeds of their own for each run; the first one is printed, so that a failure can be had again. */
const count = process.env["LIVESPAN_SOAK"] === "full" ? 200 : 10;
const first = Math.floor(Math.random() * 2 ** 31);

test(`${count} signals at random moments from seed ${first} lose nothing`, async () => {
  for (let seed = first; seed < first + count; seed++) {
    await assert.doesNotReject(killRandomly(seed), `seed ${seed}`);
  }
});
