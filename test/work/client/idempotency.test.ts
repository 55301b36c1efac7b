import assert from "node:assert/strict";
import test from "node:test";
import { createApp } from "livespan";
import { createWorker, task } from "livespan/work";
import type { Runnable } from "livespan/work";
import { manualClock, testApp } from "livespan/testing";

async function serving(...workflows: Runnable<never, unknown>[]) {
  const clock = manualClock();
  return testApp(createApp({ workers: [createWorker("worker", { workflows })] }), { clock });
}

test("I01 I06: a second run with the key is the first", async () => {
  const charge = task("charge", { idempotencyKey: (input) => String(input) }, (input) => input);
  const t = await serving(charge);
  const first = await t.work.enqueue(charge, "order-1");
  const second = await t.work.enqueue(charge, "order-1");
  assert.deepEqual([first.existing, second.existing], [false, true]);
  assert.equal(second.id, first.id);
  assert.equal(await second.result(), "order-1");
  // Kept as long as the run is.
  assert.equal((await t.work.enqueue(charge, "order-1")).id, first.id);
  assert.notEqual((await t.work.enqueue(charge, "order-2")).id, first.id);
  assert.equal((await t.work.list({ tasks: ["charge"] })).length, 2);
  await t[Symbol.asyncDispose]();
});

for (const end of ["succeeded", "failed", "cancelled"] as const) {
  test(`I02: a key that holds while active is free again once the run has ${end}`, async () => {
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const once = task("once", { idempotencyKey: () => "k", idempotencyHold: "active" }, async (_, { signal }) => {
      signal.addEventListener("abort", () => gate.reject(signal.reason));
      begun.resolve();
      await gate.promise;
    });
    const t = await serving(once);
    const first = await t.work.enqueue(once);
    await begun.promise;
    assert.equal((await t.work.enqueue(once)).id, first.id);
    if (end === "succeeded") gate.resolve();
    else if (end === "failed") gate.reject(new Error("broken"));
    else await first.cancel();
    await first.result().catch(() => {});
    assert.equal(await first.state(), end);
    const second = await t.work.enqueue(once);
    assert.deepEqual([second.existing, second.id === first.id], [false, false]);
    await t[Symbol.asyncDispose]();
  });
}

test("I03: it holds through all retries", async () => {
  let attempts = 0;
  const flaky = task(
    "flaky",
    { retries: 3, backoff: { base: 1_000, max: 1_000 }, idempotencyKey: () => "k", idempotencyHold: "active" },
    () => {
      if (++attempts < 3) throw new Error("again");
      return attempts;
    },
  );
  const t = await serving(flaky);
  const first = await t.work.enqueue(flaky);
  await t.work.idle();
  assert.equal(await first.state(), "scheduled");
  assert.equal((await t.work.enqueue(flaky)).id, first.id);
  assert.equal(await t.clock.until(first.result()), 3);
  assert.equal((await t.work.enqueue(flaky)).existing, false);
  await t[Symbol.asyncDispose]();
});

test("I04: of many, those that exist are told apart", async () => {
  const keyed = task("keyed", { idempotencyKey: (input) => String(input) }, (input) => input);
  const t = await serving(keyed);
  await t.work.enqueue(keyed, "a");
  const handles = await t.work.enqueueMany(keyed, ["a", "b", "b"]);
  assert.deepEqual(
    handles.map(({ existing }) => existing),
    [true, false, true],
  );
  assert.deepEqual(await t.work.runMany(keyed, ["a", "b", "c"]), ["a", "b", "c"]);
  assert.equal((await t.work.list()).length, 3);
  await t[Symbol.asyncDispose]();
});

test("I05: a key can hold for a while", async () => {
  const windowed = task("windowed", { idempotencyKey: () => "k", idempotencyHold: 2_000 }, () => 1);
  const t = await serving(windowed);
  const ids: string[] = [];
  for (let i = 0; i < 4; i++) {
    ids.push((await t.work.enqueue(windowed)).id);
    await t.clock.advance(1_100);
  }
  assert.deepEqual([ids[1] === ids[0], ids[2] === ids[0], ids[3] === ids[2]], [true, false, true]);
  await t[Symbol.asyncDispose]();
});
