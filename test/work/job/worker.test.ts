import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { Generation } from "../../../src/kernel/generation.ts";
import { JobAborted } from "../../../src/work/errors.ts";
import { leakReport } from "../../../src/testing/leaks.ts";
import { lifespan, type Needs } from "../../../src/kernel/lifespan.ts";
import { runOf, stage } from "./stage.ts";
import { task } from "../../../src/work/task.ts";
import { EngineDouble } from "./engine-double.ts";
import { manualClock } from "../../../src/testing/clock.ts";
import { testWorld } from "../../../src/testing/world.ts";
import { WorkClient } from "../../../src/work/client-run.ts";
import { WorkerDeclaration } from "../../../src/work/worker.ts";
import { WorkerRun } from "../../../src/work/worker-run.ts";
import type { Runnable } from "../../../src/work/task.ts";

/** A worker inside of a generation, as an app has it. */
function program(workflows: readonly Runnable<never, unknown>[]) {
  const clock = manualClock();
  const world = testWorld({ clock });
  const engine = new EngineDouble(clock);
  const client = new WorkClient({ engine: async () => engine.engine, clock });
  const declared = new WorkerDeclaration("crew", { workflows });
  const worker = new WorkerRun({
    worker: declared,
    engine: engine.engine,
    world,
    values: (needs: Needs) => generation.values(needs),
    clientFor: (parent) => client.forJob(parent),
    drain: 8_000,
  });
  const generation = new Generation({ name: "program", roots: declared.roots, intakes: [worker] }, world);
  return { clock, world, engine, client, worker, generation };
}

test("L07, L13, L24, L25: jobs run after setup and before teardown, all with the same lifespan and its async context", async () => {
  const order: string[] = [];
  const tenant = new AsyncLocalStorage<string>();
  const values: unknown[] = [];
  const db = lifespan("db", async function* (ctx) {
    ctx.provide(tenant, "provided");
    await ctx.sleep(500);
    order.push("up");
    yield { pool: true };
    order.push(`down in ${tenant.getStore()}`);
  });
  const child = task("child", { needs: { db } }, async (_, ctx) => void values.push(ctx.lifespan.db));
  const uses = task("uses", { needs: { db } }, async (_, ctx) => {
    order.push(`begun in ${tenant.getStore()}`);
    values.push(ctx.lifespan.db);
    await ctx.run(child);
    await ctx.sleep(1_000);
    order.push("ended");
  });
  const { generation, client, clock, engine } = program([uses, child]);
  const first = await client.enqueue(uses);
  const starting = generation.start();
  await clock.advance(400);
  assert.deepEqual(order, []);
  await clock.advance(100);
  await starting;
  await clock.advance(500);
  const stopping = generation.stop();
  await clock.advance(500);
  await stopping;
  await first.result();
  const begun = "begun in provided";
  assert.deepEqual(order, ["up", begun, "ended", "down in provided"]);
  assert.equal(values.length, 2);
  assert.ok(values.every((value) => value === generation.value(db)));
  assert.ok(engine.told.indexOf("uses succeeded") > engine.told.indexOf("closed"));
});

test("L15, L18: a drain is heard at once and by all, and a job that then ends well has ended well", async () => {
  const reasons: unknown[] = [];
  const polite = task("polite", async (_: unknown, ctx) => {
    assert.equal(ctx.draining.aborted, false);
    await new Promise((resolve) => ctx.draining.addEventListener("abort", resolve, { once: true }));
    reasons.push(ctx.draining.reason);
    assert.equal(ctx.signal.aborted, false);
    assert.equal(ctx.timeLeft, 8_000);
    await ctx.sleep(6_000);
    return "finished";
  });
  const { generation, client, clock, worker } = program([polite]);
  await generation.start();
  const handles = await client.enqueueMany(polite, [1, 2, 3]);
  await clock.advance(0);
  assert.equal(worker.isReady, true);
  const stopping = generation.stop();
  await clock.advance(0);
  assert.equal(worker.isReady, false);
  assert.equal(reasons.length, 3);
  assert.ok(reasons.every((reason) => reason === reasons[0] && reason instanceof JobAborted));
  await clock.advance(6_000);
  const report = await stopping;
  assert.deepEqual(report.abandoned, []);
  assert.deepEqual(await Promise.all(handles.map((handle) => handle.result())), ["finished", "finished", "finished"]);
});

test("when the drain is over bodies are told, and what they leave is given back at once", async () => {
  const release = Promise.withResolvers<void>();
  const outcomes: Record<string, unknown> = {};
  const heeds = task("heeds", async (_: unknown, ctx) => {
    await ctx.sleep(20_000).catch((error: unknown) => {
      outcomes["heeds"] = error;
      throw error;
    });
  });
  const finishes = task("finishes", async (_: unknown, { signal }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    return "well";
  });
  const deaf = task("deaf", async () => release.promise);
  const { generation, client, clock, engine, world } = program([heeds, finishes, deaf]);
  await generation.start();
  const [first] = await client.enqueueMany(heeds, [1]);
  const [second] = await client.enqueueMany(finishes, [1]);
  const [third] = await client.enqueueMany(deaf, [1]);
  await clock.advance(0);
  const cut: unknown[] = [];
  generation.on((event) => event.type === "intake.aborted" && cut.push(event.left));
  const stopping = generation.stop();
  await clock.advance(8_000);
  await clock.advance(1_500);
  const report = await stopping;
  assert.deepEqual(cut, [
    [
      { kind: "given-back", count: 1 },
      { kind: "still-running", count: 1 },
    ],
  ]);
  assert.deepEqual(report.errors, []);
  assert.ok(outcomes["heeds"] instanceof JobAborted && outcomes["heeds"].why === "shutdown");
  const ends = [first!, second!, third!].map(({ id }) => runOf(engine, id).outcomes);
  assert.deepEqual(ends, [
    [{ kind: "returned", because: "shutdown" }],
    [{ kind: "succeeded", output: '"well"' }],
    [{ kind: "returned", because: "shutdown" }],
  ]);
  assert.match(world.lines.at(-1)!.message, /"deaf" still runs/);
  release.resolve();
  await clock.advance(0);
});

test("a stop while it registers aborts that, and nothing was taken", async () => {
  const { generation, client, engine, clock } = program([task("idle", () => assert.fail("it ran"))]);
  engine.registering = new Promise(() => {});
  await client.enqueue(task("idle", () => {}));
  const starting = generation.start();
  const refused = assert.rejects(starting);
  await clock.advance(0);
  const stopped = generation.stop();
  await clock.advance(2_000);
  await stopped;
  await refused;
  assert.deepEqual(engine.told, ["closed"]);
});

test("declared crons are put right before jobs are taken", async () => {
  const nightly = task(
    "nightly",
    { cron: { expression: "0 3 * * *", timezone: "Europe/Berlin", input: { all: true } } },
    () => {},
  );
  const { worker, engine } = stage([nightly, task("other", () => {})]);
  await worker.open();
  const [cron, ...others] = engine.crons;
  assert.deepEqual(others, []);
  assert.equal(cron!.declared, true);
  assert.deepEqual([cron!.name, cron!.expression, cron!.timezone], ["nightly", "0 3 * * *", "Europe/Berlin"]);
  assert.deepEqual([cron!.request.task, cron!.request.input], ["nightly", '{"all":true}']);
});

test("L37: after recycleAfter jobs it says so, once", async () => {
  let recycled = 0;
  const some = task("some", () => {});
  const { worker, client } = stage([some], { recycleAfter: 3, recycled: () => void recycled++ });
  await worker.open();
  await client.runMany(some, [1, 2]);
  assert.equal(recycled, 0);
  await client.runMany(some, [3, 4, 5]);
  assert.equal(recycled, 1);
});

test("W17, slots: no more run at once than there are slots, and it is not ready while the engine does not answer", async () => {
  let now = 0;
  let most = 0;
  const some = task("some", async (_: unknown, { sleep }) => {
    most = Math.max(most, ++now);
    await sleep(100);
    now--;
  });
  const { worker, client, clock, engine } = stage([some], { slots: 3 });
  assert.equal(worker.isReady, false);
  await worker.open();
  assert.equal(worker.isReady, true);
  engine.isReachable = false;
  assert.equal(worker.isReady, false);
  await clock.until(
    client.runMany(
      some,
      Array.from({ length: 10 }, (_, i) => i),
    ),
  );
  assert.equal(most, 3);
});

test("bodies that block leave the event loop its turns: no more than 10 ms of them in one", async () => {
  let now = 0;
  let turns = 0;
  const heavy = task("heavy", () => {
    // Stands for so much computing.
    now += 4;
    return turns;
  });
  const { worker, client } = stage([heavy], { now: () => now });
  await worker.open();
  let count = (): void => void setImmediate(() => (turns++, count()));
  count();
  const seen = await client.runMany(
    heavy,
    Array.from({ length: 30 }, (_, i) => i),
  );
  count = () => {};
  for (const turn of new Set(seen)) assert.ok(seen.filter((each) => each === turn).length <= 3);
});

test("what was not begun when it is aborted is given back", async () => {
  let now = 0;
  const bodies: number[] = [];
  const heavy = task("heavy", (n: unknown) => {
    now += 20;
    bodies.push(n as number);
  });
  const { worker, client, engine, clock } = stage([heavy], { now: () => now });
  await worker.open();
  const handles = await client.enqueueMany(heavy, [1, 2, 3]);
  const left = await worker.abort(new Error("now"));
  assert.deepEqual(left, [{ kind: "given-back", count: 2 }]);
  assert.deepEqual(bodies, [1]);
  const ends = handles.map(({ id }) => runOf(engine, id).outcomes.map(({ kind }) => kind));
  assert.deepEqual(ends, [["succeeded"], ["returned"], ["returned"]]);
  assert.equal(clock.pending, 0);
});

test("a body that ends by the reason of the drain is given back, not failed", async () => {
  const quick = task("quick", async (_: unknown, { draining }) => {
    await new Promise((_resolve, reject) => {
      draining.addEventListener("abort", () => reject(draining.reason as Error), { once: true });
    });
  });
  const { worker, client, engine, clock } = stage([quick]);
  await worker.open();
  const handle = await client.enqueue(quick);
  await clock.advance(0);
  await worker.close();
  await worker.drained();
  assert.deepEqual(runOf(engine, handle.id).outcomes, [{ kind: "returned", because: "shutdown" }]);
});

test("a job runs in its worker's async context, not in that of whoever asked for it, and leaves no listener", async () => {
  const request = new AsyncLocalStorage<string>();
  const looks = task("looks", async (_: unknown, { sleep }) => {
    await sleep(100);
    return request.getStore() ?? "nothing";
  });
  const { worker, client, engine, clock } = stage([looks]);
  await worker.open();
  const handle = await request.run("a request's", () => client.enqueue(looks));
  await clock.advance(50);
  const { signal } = runOf(engine, handle.id).aborter;
  assert.equal(getEventListeners(signal, "abort").length, 1);
  assert.equal(await clock.until(handle.result()), "nothing");
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("in the lame duck it takes no more at once, since nobody who sends has to notice first", async () => {
  const some = task("some", () => 1);
  const { generation, client, clock, engine, worker } = program([some]);
  await generation.start();
  const stopping = generation.stop({ lameDuck: 5_000 });
  await clock.advance(0);
  assert.equal(generation.state, "draining");
  assert.deepEqual(engine.told, ["open", "closed"]);
  assert.equal(worker.isReady, false);
  const late = await client.enqueue(some);
  await clock.advance(5_000);
  await stopping;
  assert.equal(runOf(engine, late.id).attempt, 0);
});

test("a lease that is lost aborts the body, and its job is given back", async () => {
  const holds = task("holds", (_: unknown, { sleep }) => sleep(30_000));
  const { worker, client, engine, clock, world } = stage([holds], { slots: 1 });
  await worker.open();
  const handle = await client.enqueue(holds);
  await clock.advance(0);
  engine.abort(handle.id, "lease-lost", "the worker was silent");
  await worker.close();
  await worker.drained();
  assert.deepEqual(runOf(engine, handle.id).outcomes, [{ kind: "returned", because: "lease-lost" }]);
  assert.deepEqual(world.lines, []);
});

test("L34: 50 workers that started and stopped leave no listener and no timer", async () => {
  const leaks = leakReport();
  const some = task("some", async (n: unknown) => n);
  for (let i = 0; i < 50; i++) {
    const { worker, client, clock } = stage([some]);
    await worker.open();
    const handle = await client.enqueue(some, i);
    assert.equal(await handle.result(), i);
    await worker.close();
    await worker.drained();
    await worker.leave();
    assert.equal(clock.pending, 0);
  }
  const report = await leaks.compare();
  assert.ok(report.empty, report.toString());
});
