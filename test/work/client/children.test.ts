import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { createApp } from "livespan";
import { createWorker, NonRetryableError, RunError, task } from "livespan/work";
import type { JobContext, Runnable } from "livespan/work";
import { manualClock, mockRun, testApp } from "livespan/testing";

function serving(...workflows: Runnable<never, unknown>[]) {
  return testApp(createApp({ workers: [createWorker("worker", { workflows })] }));
}

/** Fails for good as often as told. */
function failing(times: number) {
  let bodies = 0;
  return task("child", () => {
    if (++bodies <= times) throw new Error(`body ${bodies}`);
    return bodies;
  });
}

const again = { retries: 2, backoff: { base: 0 } };

test("a parent that is tried again has what failed for good run again, also of many", async () => {
  const child = failing(1);
  const parent = task("parent", again, async (_: unknown, ctx) => [ctx.attempt, await ctx.run(child)]);
  await using t = await serving(parent, child);
  assert.deepEqual(await t.work.run(parent), [2, 2]);
  assert.equal((await t.work.list({ tasks: ["child"] })).length, 1);

  const some = task("some", async (n: number, { attempt }) => {
    if (n === 1 && attempt === 1) throw new Error("not the first time");
    return n + attempt * 10;
  });
  const all = task("all", again, (_: unknown, ctx) => ctx.runMany(some, [0, 1, 2]));
  await using u = await serving(all, some);
  assert.deepEqual(await u.work.run(all), [10, 21, 12], "what had ended well is as it was");
});

test("a child that was cancelled is run again for the next attempt", async () => {
  const child = task("child", (_: unknown, { attempt, cancel }) => (attempt === 1 ? cancel("not now") : attempt));
  const parent = task("parent", again, async (_: unknown, ctx) => [ctx.attempt, await ctx.run(child)]);
  await using t = await serving(parent, child);
  assert.deepEqual(await t.work.run(parent), [2, 2]);
});

test("a child that has failed in this attempt stays failed, also when its parent has left its slot since", async () => {
  const clock = manualClock();
  let bodies = 0;
  const child = task("child", async () => {
    const body = ++bodies;
    await clock.advance(10);
    throw new Error(`body ${body}`);
  });
  const seen: string[] = [];
  const ask = async (ctx: JobContext): Promise<void> => {
    const error: unknown = await ctx
      .run(child, undefined, { idempotencyKey: "one" })
      .catch((thrown: unknown) => thrown);
    assert.ok(error instanceof RunError);
    seen.push(`${ctx.attempt}: ${(error.cause as Error).message}`);
  };
  const parent = task("parent", again, async (_: unknown, ctx) => {
    await ask(ctx);
    if (ctx.attempt === 1) throw new Error("once more");
    await ask(ctx);
    await ctx.sleep(3_600_000);
    await ask(ctx);
  });
  await using t = await testApp(createApp({ workers: [createWorker("worker", { workflows: [parent, child] })] }), {
    clock,
  });
  await clock.until(t.work.run(parent));
  assert.deepEqual(seen, ["1: body 1", "2: body 2", "2: body 2", "2: body 2", "2: body 2", "2: body 2"]);
});

test("a body looks after its children by its context", async () => {
  const begun = Promise.withResolvers<void>();
  const child = task("child", async (n: number, { signal, attempt }) => {
    if (n === 0 && attempt === 1) throw new Error("not the first time");
    if (n === 1) begun.resolve();
    if (n === 1) await once(signal, "abort");
    return n;
  });
  const parent = task("parent", async (_: unknown, { runId, enqueueMany, list, cancel, replay, handle }) => {
    const [failed, endless] = await enqueueMany(child, [0, 1]);
    await assert.rejects(failed!.result(), { code: "RUN_FAILED" });
    await begun.promise;
    const mine = await list({ parentRunId: runId, payloads: false });
    const again = await replay({ parentRunId: runId, states: ["failed"] });
    const stopped = await cancel({ parentRunId: runId, states: ["running"], ids: [endless!.id] }, "enough");
    await assert.rejects(handle(endless!.id).result(), { code: "RUN_CANCELLED" });
    return [mine.map(({ state }) => state).toSorted(), again, stopped, await handle(failed!.id, child).result()];
  });
  await using t = await serving(parent, child);
  assert.deepEqual(await t.work.run(parent), [["failed", "running"], 1, 1, 0]);
});

test("a handle's state and a list without payloads leave them where they are", async () => {
  const plain = task("plain", (input: unknown) => input);
  await using t = await serving(plain);
  const run = await t.work.enqueue(plain, "given");
  await run.result();
  assert.equal(await run.state(), "succeeded");
  const [found] = await t.work.list({ payloads: false });
  assert.deepEqual([found?.task, found?.input, found?.output], ["plain", undefined, undefined]);
  await assert.rejects(t.work.list({ payloads: 0 as never }), { code: "INVALID_RUN_OPTION", message: /true or false/ });
  await assert.rejects(t.work.list({ parentRunId: 7 as never }), {
    code: "INVALID_RUN_OPTION",
    message: /parentRunId/,
  });
  await assert.rejects(t.work.cancel({ payloads: false } as never), {
    code: "INVALID_RUN_OPTION",
    message: /payloads/,
  });
});

test("what is replayed afresh does its steps again; otherwise it is given what they gave", async () => {
  let charges = 0;
  const pay = task("pay", (_: unknown, { step }) => step("charge", () => ++charges));
  await using t = await serving(pay);
  const run = await t.work.enqueue(pay);
  const outputs = [await run.result()];
  await run.replay();
  outputs.push(await run.result());
  await run.replay({ fresh: true });
  outputs.push(await run.result());
  await t.work.replay({ tasks: ["pay"] }, { fresh: true });
  outputs.push(await run.result());
  assert.deepEqual(outputs, [1, 1, 2, 3]);
  const code = "INVALID_RUN_OPTION";
  await assert.rejects(t.work.replay(run.id, { frehs: true } as never), { code, message: /"fresh"/ });
  await assert.rejects(run.replay({ fresh: 1 as never }), { code, message: /true or false/ });
});

test("settleMany gives how each of many ended, in order, and tells of each when it has", async () => {
  const gate = Promise.withResolvers<void>();
  const some = task("some", async (n: number) => {
    if (n === 0) await gate.promise;
    if (n === 1) throw new NonRetryableError("one");
    return n * 2;
  });
  const parent = task("parent", async (_: unknown, ctx) =>
    (await ctx.settleMany(some, [1, 2])).map((each) => each.status),
  );
  await using t = await serving(some, parent);
  const told: number[] = [];
  const [a, b, c] = await t.work.settleMany(some, [0, 1, 2], {
    onSettled: ({ status }, index) => {
      told.push(index);
      assert.equal(status, index === 1 ? "rejected" : "fulfilled");
      if (told.length === 2) gate.resolve();
    },
  });
  assert.deepEqual(
    [a, c],
    [0, 4].map((value) => ({ status: "fulfilled", value })),
  );
  assert.ok(b?.status === "rejected" && b.reason instanceof RunError);
  assert.equal(told.at(-1), 0);
  assert.deepEqual(await t.work.run(parent), ["rejected", "fulfilled"]);
  assert.deepEqual(await t.work.settleMany(some, []), []);
  const thrown = new Error("by the test");
  const onSettled = (): void => {
    throw thrown;
  };
  await assert.rejects(t.work.settleMany(some, [2, 3], { onSettled }), (error) => error === thrown);
  assert.deepEqual(await mockRun(parent, { runs: (_, n) => n }), ["fulfilled", "fulfilled"]);
});
