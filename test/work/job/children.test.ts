import assert from "node:assert/strict";
import { test } from "node:test";
import { JobAborted, RunError } from "../../../src/work/errors.ts";
import { runOf, stage } from "./stage.ts";
import { task } from "../../../src/work/task.ts";

const twice = task("twice", (n: unknown) => (n as number) * 2);

test("R07: children have the parent's id and metadata, also where the body calls task.run()", async () => {
  const parent = task("parent", async (_: unknown, ctx) => {
    const [a, b] = await ctx.runMany(twice, [1, 2]);
    return [a, b, await twice.run(3), await (await ctx.enqueue(twice, 4)).result()];
  });
  const { worker, engine, client } = stage([parent, twice]);
  await worker.open();
  const handle = await client.enqueue(parent, undefined, { metadata: { tenant: "t1" } });
  assert.deepEqual(await handle.result(), [2, 4, 6, 8]);
  const children = [...engine.runs.values()].filter(({ request }) => request.task === "twice");
  assert.deepEqual(
    children.map(({ request }) => [request.parentRunId, request.metadata["tenant"]]),
    Array.from({ length: 4 }, () => [handle.id, "t1"]),
  );
});

test("U20: a parent that is tried again gets the children that it had, in whatever order it asks", async () => {
  let bodies = 0;
  const child = task("child", (n: unknown) => {
    bodies++;
    return n;
  });
  const parent = task("parent", { retries: 2, timeout: 5_000 }, async (_: unknown, { run, sleep, attempt }) => {
    const given = attempt === 1 ? [1, 2, 3] : [3, 1, 2];
    const outputs: unknown[] = [];
    for (const n of given) outputs.push(await run(child, n));
    if (attempt < 3) await sleep(20_000);
    return outputs;
  });
  const { worker, client, clock } = stage([parent, child]);
  await worker.open();
  assert.deepEqual(await clock.until(client.run(parent)), [3, 1, 2]);
  assert.equal(bodies, 3);
});

test("U18, U19: what is asked for twice is run twice, unless a key says that it is one", async () => {
  const ids: string[] = [];
  const parent = task("parent", async (_: unknown, { enqueue }) => {
    for (const key of [undefined, undefined, "k", "k"]) {
      const handle = await enqueue(twice, 1, key === undefined ? {} : { idempotencyKey: key });
      ids.push(handle.id);
    }
  });
  const { worker, client } = stage([parent, twice]);
  await worker.open();
  await client.run(parent);
  assert.equal(new Set(ids).size, 3);
  assert.equal(ids[2], ids[3]);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("U17: a parent may catch what its child failed with", async () => {
  const broken = task("broken", () => {
    throw new RangeError("inner");
  });
  const parent = task("parent", async (_: unknown, { run }) => {
    try {
      return await run(broken);
    } catch (error) {
      assert.ok(error instanceof RunError);
      return (error.cause as Error).message;
    }
  });
  const { worker, client } = stage([parent, broken]);
  await worker.open();
  assert.equal(await client.run(parent), "inner");
});

test("C08: the parent's abort rejects its wait for a child", async () => {
  const never = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const waited = Promise.withResolvers<unknown>();
  const child = task("child", async () => {
    begun.resolve();
    await never.promise;
  });
  const parent = task("parent", async (_: unknown, { run }) => {
    await run(child).catch((error: unknown) => {
      waited.resolve(error);
      throw error;
    });
  });
  const { worker, engine, client, clock } = stage([parent, child]);
  await worker.open();
  const handle = await client.enqueue(parent);
  await begun.promise;
  await clock.advance(0);
  engine.abort(handle.id, "user", "by a test");
  const error = await waited.promise;
  assert.ok(error instanceof JobAborted && error.why === "user");
  await assert.rejects(handle.result(), { code: "RUN_CANCELLED" });
  assert.deepEqual(runOf(engine, handle.id).outcomes, [{ kind: "cancelled", reason: "by a test" }]);
  never.resolve();
  await clock.advance(0);
});
