import assert from "node:assert/strict";
import test from "node:test";
import { createClient, createWorker, memoryEngine, task } from "livespan/work";
import { leakReport } from "livespan/testing";
import { lifespan } from "livespan";

const quiet = (): void => {};

/** A lifespan that counts. */
function counted(name: string) {
  const counts = { up: 0, down: 0, values: [] as object[] };
  const declared = lifespan(name, async function* () {
    counts.up++;
    const value = { name };
    counts.values.push(value);
    yield value;
    counts.down++;
  });
  return { declared, counts };
}

test("an embedded worker runs until its signal fires, and settles after the drain and the teardown", async () => {
  const { declared, counts } = counted("db");
  const engine = memoryEngine();
  const client = createClient({ engine });
  const begun = Promise.withResolvers<void>();
  const slow = task("slow", { needs: { declared } }, async (_, ctx) => {
    begun.resolve();
    await new Promise((resolve) => ctx.draining.addEventListener("abort", resolve, { once: true }));
    return { down: counts.down };
  });
  const stop = new AbortController();
  const ended = createWorker("w", { workflows: [slow], engine }).start({ signal: stop.signal, log: quiet });
  const handle = await client.enqueue(slow);
  await begun.promise;
  stop.abort();
  const report = await ended;
  assert.deepEqual(await handle.result(), { down: 0 });
  assert.deepEqual([counts.up, counts.down, report.abandoned], [1, 1, []]);
  await client.close();
});

test("L30: start, stop, start again: set up and torn down twice, a new object each time", async () => {
  const { declared, counts } = counted("db");
  const engine = memoryEngine();
  const client = createClient({ engine });
  const see = task("see", { needs: { declared } }, (_, ctx) => ctx.lifespan.declared.name);
  const worker = createWorker("w", { workflows: [see], engine });
  for (let round = 1; round <= 2; round++) {
    const stop = new AbortController();
    const ended = worker.start({ signal: stop.signal, log: quiet });
    assert.equal(await client.run(see), "db");
    stop.abort();
    await ended;
    assert.deepEqual([counts.up, counts.down], [round, round]);
  }
  assert.notEqual(counts.values[0], counts.values[1]);
  await client.close();
});

test("L29: two workers in one process have each their own", async () => {
  const engine = memoryEngine();
  const client = createClient({ engine });
  const stop = new AbortController();
  const running = ["left", "right"].map((side) => {
    const { declared } = counted(side);
    const see = task(side, { needs: { declared } }, (_, ctx) => ({ ...ctx.lifespan.declared, by: ctx.worker }));
    return {
      see,
      ended: createWorker(`on the ${side}`, { workflows: [see], engine }).start({ signal: stop.signal, log: quiet }),
    };
  });
  const made = await Promise.all(running.map(({ see }) => client.run(see)));
  assert.deepEqual(made, [
    { name: "left", by: "on the left" },
    { name: "right", by: "on the right" },
  ]);
  stop.abort();
  await Promise.all(running.map(({ ended }) => ended));
  await client.close();
});

test("L32: when a setup fails, what was up goes down, the start rejects with the cause, and nothing was registered", async () => {
  const { declared: a, counts } = counted("a");
  const b = lifespan("b", { needs: { a } }, async function* () {
    await Promise.reject(new Error("no b"));
    yield;
  });
  const engine = memoryEngine();
  const { station } = engine;
  let stations = 0;
  engine.station = (spec) => {
    stations++;
    return station.call(engine, spec);
  };
  const never = task("never", { needs: { a, b } }, () => 1);
  const client = createClient({ engine });
  const handle = await client.enqueue(never);
  await assert.rejects(createWorker("w", { workflows: [never], engine }).start({ log: quiet }), /"b" failed.*no b/);
  assert.deepEqual([counts.up, counts.down, stations], [1, 1, 0]);
  assert.equal(await handle.state(), "queued");
  await client.close();
});

test("a signal that fires during the start gives it up, and that is no failure", async () => {
  const engine = memoryEngine();
  const client = createClient({ engine });
  const stop = new AbortController();
  const slow = lifespan("slow", async function* ({ signal }) {
    const given = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    stop.abort();
    await given;
    yield;
  });
  const never = task("never", { needs: { slow } }, () => 1);
  const handle = await client.enqueue(never);
  const worker = createWorker("w", { workflows: [never], engine });
  let isReady = false;
  const report = await worker.start({ signal: stop.signal, log: quiet, ready: () => (isReady = true) });
  assert.deepEqual([report.errors, isReady, await handle.state()], [[], false, "queued"]);
  await worker.start({ signal: stop.signal, log: quiet });
  await client.close();
});

test("L33: an engine that is down at the stop holds up no teardown", async () => {
  const { declared, counts } = counted("db");
  const engine = memoryEngine();
  engine.close = () => Promise.reject(new Error("connection lost"));
  const see = task("see", { needs: { declared } }, () => 1);
  const worker = createWorker("w", { workflows: [see], engine });
  const ready = Promise.withResolvers<void>();
  const ended = worker.start({ log: quiet, ready: ready.resolve });
  await ready.promise;
  await assert.rejects(worker.stop(), /connection lost/);
  await assert.rejects(ended, /connection lost/);
  assert.equal(counts.down, 1);
});

test("L34: 50 workers that were started and stopped leave nothing", async () => {
  const engine = memoryEngine();
  const see = task("see", () => 1);
  const leaks = leakReport();
  for (let round = 0; round < 50; round++) {
    const stop = new AbortController();
    const ready = Promise.withResolvers<void>();
    const ended = createWorker("w", { workflows: [see], engine }).start({
      signal: stop.signal,
      log: quiet,
      ready: ready.resolve,
    });
    await ready.promise;
    stop.abort();
    await ended;
  }
  const report = await leaks.compare();
  assert(report.empty, report.toString());
});

test("a worker runs once at a time, and takes no unknown option", async () => {
  const see = task("see", () => 1);
  const worker = createWorker("w", { workflows: [see], engine: memoryEngine() });
  assert.equal(await worker.stop(), undefined);
  const ended = worker.start({ log: quiet });
  await assert.rejects(worker.start(), { code: "ALREADY_RUNNING" });
  await worker.stop();
  await ended;
  await assert.rejects(worker.start({ singal: AbortSignal.abort() } as never), /"singal".*"signal"/);
});

test("a worker that is to be recycled stops by itself after so many jobs", async () => {
  const engine = memoryEngine();
  const client = createClient({ engine });
  const see = task("see", (input: unknown) => input);
  const ended = createWorker("w", { workflows: [see], engine, recycleAfter: 3, slots: 1 }).start({ log: quiet });
  const handles = await client.enqueueMany(see, [1, 2, 3, 4, 5]);
  const report = await ended;
  assert.match(JSON.stringify(report.cause), /has run 3 jobs/);
  const states = await Promise.all(handles.map((handle) => handle.state()));
  assert(states.filter((state) => state === "succeeded").length >= 3);
  assert(states.every((state) => state === "succeeded" || state === "queued"));
  await client.close();
});
