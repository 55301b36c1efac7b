import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryLeases } from "livespan";
import { redisLeases } from "livespan/redis";
import { leaseConformance } from "livespan/testing";
import { redisUrl } from "../../services/redis.ts";

const url = await redisUrl();

describe("leases in memory", () => leaseConformance(test, memoryLeases));

describe("leases in Redis", () => {
  leaseConformance(test, ({ space, lease }) => redisLeases({ url, prefix: `${space}:`, lease }));

  test("refuse options that cannot be meant", () => {
    const bad: Record<string, unknown> = { leese: 1 };
    assert.throws(() => redisLeases(bad), { code: "UNKNOWN_OPTION", message: /"lease"/ });
    assert.throws(() => redisLeases({ prefix: "a b" }), { code: "INVALID_DECLARATION" });
    assert.throws(() => redisLeases({ lease: -1 }), { code: "INVALID_DECLARATION" });
  });

  test("say that they are not open", async () => {
    const leases = redisLeases({ url });
    await assert.rejects(leases.tryAcquire("a"), { code: "STORE_UNREACHABLE" });
  });
});
