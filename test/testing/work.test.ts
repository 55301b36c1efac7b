import assert from "node:assert/strict";
import test from "node:test";
import { createApp } from "livespan";
import { createWorker, memoryEngine, task } from "livespan/work";
import { manualClock, testApp } from "livespan/testing";

/** A job that ends when the test says so, or by its signal. */
function gated() {
  const begun: number[] = [];
  const gates: (() => void)[] = [];
  const started = Promise.withResolvers<void>();
  const slow = task("slow", async (_: unknown, { attempt, worker, signal }) => {
    begun.push(attempt);
    started.resolve();
    await new Promise<void>((resolve, reject) => {
      gates.push(resolve);
      signal.addEventListener("abort", () => reject(signal.reason));
    });
    return worker;
  });
  return { slow, begun, started: started.promise, open: () => gates.splice(0).forEach((gate) => gate()) };
}

/** Two workers have the task, with one slot each. */
function twoWorkers() {
  const { slow, ...rest } = gated();
  const workers = ["a", "b"].map((name) => createWorker(name, { workflows: [slow], slots: 1 }));
  return { slow, ...rest, app: createApp({ workers }) };
}

test("idle() waits for what is queued and running, and not for what waits for time", async () => {
  const ran: unknown[] = [];
  const other = task("other", (input: unknown) => void ran.push(input));
  const note = task("note", async (input: unknown, ctx) => {
    ran.push(input);
    if (input === "parent") await ctx.enqueue(other, "child");
  });
  const t = await testApp(createApp({ workers: [createWorker("w", { workflows: [note, other] })] }), {
    clock: manualClock(),
  });
  await t.work.idle();
  await t.work.enqueue(note, "parent");
  await t.work.enqueue(note, "later", { delay: 1_000 });
  await t.work.idle();
  assert.deepEqual(ran, ["parent", "child"]);
  await t.clock.advance(1_000);
  await t.work.idle();
  assert.deepEqual(ran, ["parent", "child", "later"]);
  await t[Symbol.asyncDispose]();
});

test("idle() waits for no run that the app's workers cannot run", async () => {
  const elsewhere = task("elsewhere", () => 1);
  const t = await testApp(createApp({ workflows: [elsewhere] }));
  const handle = await t.work.enqueue(elsewhere);
  await t.work.idle();
  assert.equal(await handle.state(), "queued");
  await t[Symbol.asyncDispose]();
});

test("nothing that a crashed worker says arrives, and its job goes on elsewhere after a lease", async () => {
  const { slow, begun, open, app } = twoWorkers();
  const t = await testApp(app, { clock: manualClock() });
  const handle = await t.work.enqueue(slow);
  await t.clock.advance(0);
  const { worker: first } = await handle.info();
  assert(first !== undefined);
  t.work.crash(first);
  open();
  await t.work.idle();
  assert.equal(await handle.state(), "running");
  await t.clock.advance(60_000);
  assert.deepEqual(begun, [1, 2]);
  open();
  assert.equal(await handle.result(), first === "a" ? "b" : "a");
  await t[Symbol.asyncDispose]();
});

test("a stalled worker cannot settle what it lost, and takes jobs again when it is resumed", async () => {
  const { slow, begun, open, app } = twoWorkers();
  const t = await testApp(app, { clock: manualClock() });
  const handle = await t.work.enqueue(slow);
  await t.clock.advance(0);
  const { worker: first = "" } = await handle.info();
  t.work.stall(first);
  await t.clock.advance(60_000);
  assert.deepEqual(begun, [1, 2]);
  t.work.resume(first);
  open();
  assert.equal(await handle.result(), first === "a" ? "b" : "a");
  await t.clock.advance(60_000);
  const handles = await t.work.enqueueMany(slow, [1, 2]);
  await t.clock.advance(0);
  const workers = await Promise.all(handles.map(async (each) => (await each.info()).worker));
  assert.deepEqual(new Set(workers), new Set(["a", "b"]));
  open();
  await t[Symbol.asyncDispose]();
});

test("a worker that is stalled at the end holds up no stop", async () => {
  const { slow, started, open, app } = twoWorkers();
  const t = await testApp(app);
  await t.work.enqueue(slow);
  await started;
  t.work.stall("a");
  t.work.stall("b");
  const stopping = t.stop();
  open();
  await stopping;
  await t[Symbol.asyncDispose]();
});

test("only the app's own workers can fail, and only on the test's own engine", async () => {
  const { app } = twoWorkers();
  const t = await testApp(app);
  assert.throws(() => t.work.crash("aa"), { code: "NO_SUCH_WORKER", message: /"aa".*"a"/ });
  await t[Symbol.asyncDispose]();
  const engine = memoryEngine();
  const own = await testApp(app, { engine });
  assert.throws(() => own.work.stall("a"), { code: "NO_SUCH_WORKER", message: /not the test's own/ });
  await own[Symbol.asyncDispose]();
});

test("an engine of the test's choice outlives its apps", async () => {
  const engine = memoryEngine();
  const add = task("add", (input: unknown) => Number(input) + 1);
  const asking = await testApp(createApp({ workflows: [add] }), { engine });
  const { id } = await asking.work.enqueue(add, 1);
  await asking[Symbol.asyncDispose]();
  const working = await testApp(createApp({ workers: [createWorker("w", { workflows: [add] })] }), { engine });
  assert.equal(await working.work.handle(id, add).result(), 2);
  await working.work.idle();
  await working[Symbol.asyncDispose]();
});

test("an app without work has none in its test either", async () => {
  const t = await testApp(createApp());
  assert.throws(() => t.work, { code: "NO_WORKERS" });
  await t[Symbol.asyncDispose]();
});
