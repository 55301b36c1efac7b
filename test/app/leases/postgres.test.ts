import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { leaseConformance } from "livespan/testing";
import { postgresLeases } from "livespan/postgres";
import { postgresUrl } from "../../services/postgres.ts";

const connectionString = await postgresUrl();

describe("leases in PostgreSQL", () => {
  leaseConformance(test, ({ space, lease }) =>
    postgresLeases({ connectionString, schema: `s_${space.replaceAll("-", "")}`, lease }),
  );

  test("refuse options that cannot be meant", () => {
    const bad: Record<string, unknown> = { leese: 1 };
    assert.throws(() => postgresLeases(bad), { code: "UNKNOWN_OPTION", message: /"lease"/ });
    assert.throws(() => postgresLeases({ schema: "a b" }), { code: "INVALID_DECLARATION", message: /"a b"/ });
    assert.throws(() => postgresLeases({ lease: -1 }), { code: "INVALID_DECLARATION" });
  });

  test("say that they are not open", async () => {
    const leases = postgresLeases({ connectionString });
    await assert.rejects(leases.tryAcquire("a"), { code: "ENGINE_CLOSED" });
  });
});
