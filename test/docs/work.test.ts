import assert from "node:assert/strict";
import { test } from "node:test";
import { mockRun } from "livespan/testing";
import { count, extract, sendMail, summarise, worker } from "../../examples/docs/work.ts";

test("the tasks of the guide give what it says, one by one", async () => {
  const pool = { read: async () => "one two two" };
  const input = { path: "a.md" };
  const words = await mockRun(extract, { input, lifespan: { pool } });
  const counted = await mockRun(count, { input, lifespan: { pool }, parents: { words } });
  assert.deepEqual(counted, { all: 3, different: 2 });
  assert.equal(
    await mockRun(summarise, { input, lifespan: { pool }, parents: { count: counted } }),
    "a.md has 2 words",
  );
  const none = { all: 0, different: 0 };
  assert.equal(await mockRun(summarise, { input, lifespan: { pool }, parents: { count: none } }), undefined);
  assert.equal(
    await mockRun(sendMail, { input: { to: "a@b.example" }, attempt: 2 }),
    "mail 7 to a@b.example, attempt 2",
  );
  await assert.rejects(mockRun(sendMail, { input: { to: "nobody" } }), { code: "INVALID_INPUT", message: /to: / });
});

test("the worker of the guide is declared, and runs nothing by that", () => {
  assert.deepEqual([worker.name, worker.slots], ["indexer", 50]);
});
