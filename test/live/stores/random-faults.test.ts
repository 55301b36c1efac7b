import assert from "node:assert/strict";
import { test } from "node:test";
import { faultRandomly } from "./random-faults.ts";

const seed = Date.now() % 2 ** 31;

test(`clients, network and server fail at random, and no change is lost or made twice: seed ${seed}`, async (t) => {
  const acknowledged = await faultRandomly(seed, 12);
  t.diagnostic(`${acknowledged} changes were acknowledged`);
  assert.ok(acknowledged > 0);
});
