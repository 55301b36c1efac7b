import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Runnable } from "../../../src/work/task.ts";
import { calendar } from "../../../src/app/calendar.ts";
import { manualClock } from "../../../src/testing/clock.ts";
import { MemoryLedger } from "../../../src/work/engines/memory.ts";
import { QueueEngine } from "../../../src/work/engines/queue/engine.ts";
import { task } from "../../../src/work/task.ts";
import { testWorld } from "../../../src/testing/world.ts";
import { WorkClient } from "../../../src/work/client-run.ts";
import { WorkerDeclaration } from "../../../src/work/worker.ts";
import { WorkerRun } from "../../../src/work/worker-run.ts";
import { workflow } from "../../../src/work/workflow.ts";

/** A worker over our own engine, in memory, on a manual clock. It is gone after the test. */
async function crew(t: TestContext, workflows: readonly Runnable<never, unknown>[], slots = 100) {
  const clock = manualClock();
  const world = testWorld({ clock, random: () => 0.5 });
  const engine = new QueueEngine(new MemoryLedger());
  await engine.open({ clock, calendar, log: world.log, random: () => 0.5 });
  const client = new WorkClient({ engine: async () => engine, clock });
  const clientFor: WorkClient["forJob"] = (parent) => client.forJob(parent);
  const worker = new WorkerRun({
    worker: new WorkerDeclaration("crew", { workflows, slots }),
    engine,
    world,
    values: () => ({}),
    clientFor,
    drain: 8_000,
  });
  await worker.open();
  t.after(async () => {
    await worker.close();
    await worker.drained();
    await worker.leave();
    await engine.close();
    assert.equal(clock.pending, 0);
  });
  return { clock, world, client, worker };
}

test("a step, a long sleep, an event and a failure: one run, and everything is done once", async (t) => {
  const done: string[] = [];
  const long = task("long", { retries: 1 }, async (_: unknown, ctx) => {
    await ctx.step("first", () => void done.push("first"));
    await ctx.sleep(3_600_000);
    const paid = await ctx.event("paid");
    const never = await ctx.event("never", { timeout: 60_000 });
    if (ctx.attempt === 1) throw new Error("once");
    return [paid, never ?? "timeout", await ctx.step("last", () => done.push("last"))];
  });
  const { client, clock } = await crew(t, [long]);
  const handle = await client.enqueue(long);
  await clock.advance(3_600_000);
  assert.equal(await client.emit("paid", { by: "card" }), 1);
  assert.deepEqual(await clock.until(handle.result()), [{ by: "card" }, "timeout", 2]);
  assert.deepEqual(done, ["first", "last"]);
});

test("C07: a run that is cancelled by its id ends its body", async (t) => {
  const waits = task("waits", (_: unknown, { sleep }) => sleep(30_000));
  const { client, clock } = await crew(t, [waits]);
  const handle = await client.enqueue(waits);
  await clock.advance(10);
  assert.equal(await handle.state(), "running");
  assert.equal(await handle.cancel("by a test"), true);
  await assert.rejects(clock.until(handle.result()), {
    code: "RUN_CANCELLED",
    message: /"waits" was cancelled: by a test\./,
  });
  const { reason, input } = await handle.info();
  assert.deepEqual([reason, input], ["by a test", undefined]);
});

test("C02: a body that was given up keeps its slot", async (t) => {
  const release = Promise.withResolvers<void>();
  const deaf = task("deaf", async (n: unknown) => {
    if (n === 1) await release.promise;
    return n;
  });
  const { client, clock } = await crew(t, [deaf], 1);
  const [first, second] = await client.enqueueMany(deaf, [1, 2]);
  await clock.advance(10);
  await first!.cancel();
  await clock.advance(10_500);
  assert.equal(await first!.state(), "cancelled");
  assert.equal(await second!.state(), "queued");
  release.resolve();
  assert.equal(await clock.until(second!.result()), 2);
});

test("F05, F06: a step fails for good, what needs it is cancelled, and onFailure is told", async (t) => {
  const errors: unknown[] = [];
  const flow = workflow("flow");
  const bad = flow.task("bad", () => {
    throw new RangeError("step1 failed");
  });
  flow.task("needs", { parents: { bad } }, () => assert.fail("it ran"));
  flow.onFailure((_, ctx) => void errors.push(ctx.errors));
  const { client, clock } = await crew(t, [flow]);
  await assert.rejects(clock.until(client.run(flow)), { code: "RUN_FAILED" });
  const [failed] = errors as Record<string, { name: string; message: string }>[];
  assert.deepEqual([failed!["flow/bad"]!.name, failed!["flow/bad"]!.message], ["RangeError", "step1 failed"]);
});

test("U20: a parent that is tried again finds its child", async (t) => {
  let bodies = 0;
  const child = task("child", () => ++bodies);
  const parent = task("parent", { retries: 2 }, async (_: unknown, ctx) => {
    const n = await ctx.run(child);
    if (ctx.attempt < 3) throw new Error("again");
    return n;
  });
  const { client, clock } = await crew(t, [parent, child]);
  assert.equal(await clock.until(client.run(parent)), 1);
});

test("a parent that waits for its child lends its slot: parent, child and grandchild end in one", async (t) => {
  const told: string[] = [];
  const grandchild = task("grandchild", () => told.push("grandchild"));
  const child = task("child", async (_: unknown, ctx) => {
    await (await ctx.enqueue(grandchild)).result();
    return told.push("child");
  });
  const parent = task("parent", async (_: unknown, ctx) => {
    await ctx.run(child);
    return told.push("parent");
  });
  const { client, clock } = await crew(t, [parent, child, grandchild], 1);
  await clock.until(client.runMany(parent, [1, 2, 3]));
  assert.deepEqual(
    told.toSorted(),
    ["child", "grandchild", "parent"].flatMap((name) => [name, name, name]),
  );
});

test("bodies that go on never exceed the slots, however many wait for children", async (t) => {
  let [active, most] = [0, 0];
  const enter = (): void => void (most = Math.max(most, ++active));
  const child = task("child", async (_: number, { sleep }) => {
    enter();
    await sleep(10);
    active--;
  });
  const parent = task("parent", async (_: unknown, ctx) => {
    enter();
    active--;
    await ctx.runMany(child, [1, 2, 3]);
    enter();
    await ctx.sleep(10);
    active--;
  });
  const { client, clock } = await crew(t, [parent, child], 2);
  await clock.until(client.runMany(parent, [1, 2, 3, 4, 5, 6]));
  assert.equal(most, 2);
});

test("a parent that follows what its child streams lends its slot", async (t) => {
  const child = task("child", (_: unknown, { stream }) => stream("said"));
  const parent = task("parent", async (_: unknown, ctx) => {
    const heard: unknown[] = [];
    for await (const chunk of (await ctx.enqueue(child)).stream()) heard.push(chunk);
    return heard;
  });
  const { client, clock } = await crew(t, [parent, child], 1);
  assert.deepEqual(await clock.until(client.run(parent)), ["said"]);
});
