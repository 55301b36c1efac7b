import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { lifespan, type LivespanError } from "livespan/kernel";
import { messagesOf, stage, traced } from "./stage.ts";
import { boom, entry, fail, forever, running, started, type Body } from "./task-stage.ts";

const often = { restarts: 1_000, withinMs: 1_000 };

test("61: no code of a body runs inside start()", async () => {
  const ran: string[] = [];
  const staged = stage({}, { tasks: [entry(() => void ran.push("ran"))] });
  await staged.generation.start();
  assert.deepEqual(ran, []);
  await staged.clock.advance(0);
  assert.deepEqual(ran, ["ran"]);
  await staged.generation.stop();
});

test("62: permanent restarts on return and on throw, transient on throw only, temporary never", async () => {
  const runs: Record<string, number> = {};
  for (const restart of ["permanent", "transient", "temporary"] as const) {
    for (const [ends, body] of [
      ["returns", () => {}],
      ["throws", fail],
    ] as const) {
      const staged = await running(body, { restart, intensity: often });
      await staged.clock.advance(2_000);
      runs[`${restart} ${ends}`] = Math.min(started(staged), 2);
      await staged.generation.stop();
    }
  }
  assert.deepEqual(runs, {
    "permanent returns": 2,
    "permanent throws": 2,
    "transient returns": 1,
    "transient throws": 2,
    "temporary returns": 1,
    "temporary throws": 1,
  });
});

test("62: transient is what a task is unless it says otherwise, and a temporary one that fails ends nothing", async () => {
  const transient = await running(fail);
  await transient.clock.advance(100);
  assert.equal(started(transient), 2);
  await transient.generation.stop();
  const temporary = await running(fail, { restart: "temporary" });
  await temporary.clock.advance(100_000);
  assert.deepEqual([temporary.generation.state, temporary.names("task.failed")], ["ready", ["task"]]);
  assert.deepEqual((await temporary.generation.stop()).errors, []);
});

test("63: an abort at stop is an end, not a failure, and restarts nothing", async () => {
  for (const body of [
    async ({ sleep }) => sleep(60_000),
    async ({ signal }) => forever(signal).then(() => signal.throwIfAborted()),
    async ({ signal }) => forever(signal).then(() => Promise.reject(new DOMException("aborted", "AbortError"))),
  ] satisfies Body[]) {
    const staged = await running(body, { restart: "permanent" });
    assert.deepEqual((await staged.generation.stop()).errors, []);
    assert.deepEqual([started(staged), staged.names("task.failed"), staged.names("task.stopped")], [1, [], ["task"]]);
  }
});

test("63: a task that throws something else while it stops is in the report", async () => {
  const staged = await running(async ({ signal }) => forever(signal).then(fail));
  await assert.rejects(staged.generation.stop(), {
    code: "TEARDOWN_FAILED",
    message: /task "task" failed while stopping: boom/,
  });
});

test("64: a task that swallows its abort is left behind at its limit, and named with where it waits", async () => {
  const staged = await running(
    async ({ sleep }) => {
      for (;;) await sleep(1_000).catch(() => new Promise(() => {}));
    },
    { stopTimeout: 300 },
  );
  await assert.rejects(staged.clock.until(staged.generation.stop()), {
    code: "ABANDONED",
    message: /task "task" did not end within 300 ms/,
  });
  assert.deepEqual([staged.clock.now(), staged.names("task.abandoned")], [300, ["task"]]);
});

test("65: waits grow by their factor up to the longest, and start over after a healthy run", async () => {
  const healthyAt = 4;
  let run = 0;
  const staged = await running(
    async ({ sleep }) => {
      if (++run === healthyAt) await sleep(5_000);
      fail();
    },
    { backoff: { base: 100, factor: 3, max: 500, jitter: "none", resetAfter: 5_000 }, intensity: often },
  );
  await staged.clock.advance(20_000);
  const waits = staged.events.flatMap((event) => (event.type === "task.restarting" ? [event.inMs] : []));
  assert.deepEqual(waits.slice(0, 6), [100, 300, 500, 100, 300, 500]);
  await staged.generation.stop();
});

test("65: full jitter spreads each wait over [0, wait)", async () => {
  for (const [random, expected] of [
    [0.01, 1],
    [0.5, 50],
    [0.999, 99],
  ] as const) {
    const staged = await running(fail, {}, random);
    const event = staged.events.find(({ type }) => type === "task.restarting");
    assert.equal(event?.type === "task.restarting" && event.inMs, expected);
    await staged.generation.stop();
  }
});

test("66: too many restarts stop the program once; its cause names the task and the last error", async () => {
  let run = 0;
  const staged = await running(() => Promise.reject(new Error(`failure ${++run}`)));
  await staged.clock.advance(10_000);
  const report = await staged.generation.ended;
  assert.equal(staged.generation.state, "failed");
  assert.equal(report.cause.kind === "task" && report.cause.name, "task");
  assert.match(messagesOf(report.errors[0]).join(), /task "task" failed more often than its policy allows: failure 4/);
  assert.deepEqual([report.errors.length, staged.names("draining").length, started(staged)], [1, 1, 4]);
  await assert.rejects(staged.generation.stop(), { code: "TASK_FAILED" });
});

test("66: restarts that are spread over a longer time than the window are not too many", async () => {
  const staged = await running(async ({ sleep }) => sleep(25_000).then(fail));
  await staged.clock.advance(600_000);
  assert.equal(staged.generation.state, "ready");
  await staged.generation.stop();
});

test("66: a permanent task that keeps ending says so", async () => {
  const staged = await running(() => {}, { restart: "permanent" });
  await staged.clock.advance(10_000);
  const [error] = (await staged.generation.ended).errors;
  assert.match((error as LivespanError).message, /task "task" is permanent, but ended/);
});

test("66: degrade keeps the task at its longest wait, and says so; ignore gives it up", async () => {
  const degrade = await running(fail, { onExceeded: "degrade", backoff: { jitter: "none" } });
  await degrade.clock.advance(100_000);
  assert.deepEqual(
    [degrade.generation.state, degrade.generation.degraded, degrade.names("task.exceeded")],
    ["ready", ["task"], ["task"]],
  );
  const waits = degrade.events.flatMap((event) => (event.type === "task.restarting" ? [event.inMs] : []));
  assert.deepEqual(waits.slice(0, 6), [100, 200, 400, 30_000, 30_000, 30_000]);
  assert.deepEqual((await degrade.generation.stop()).errors, []);
  const ignore = await running(fail, { onExceeded: "ignore" });
  await ignore.clock.advance(100_000);
  assert.deepEqual([ignore.generation.state, started(ignore)], ["ready", 4]);
  assert.deepEqual((await ignore.generation.stop()).errors, []);
});

test("67: a stop cuts a back-off short", async () => {
  const staged = await running(fail, { backoff: { base: 20_000, jitter: "none" } });
  assert.equal(staged.generation.tasks[0]?.state, "backing-off");
  await staged.generation.stop();
  assert.deepEqual([staged.clock.now(), staged.clock.pending], [0, 0]);
});

test("67: a task whose back-off ends while the program drains does not run again", async () => {
  const gate = Promise.withResolvers<void>();
  const intake = { name: "http", open: () => {}, close: () => {}, drained: () => gate.promise, abort: () => [] };
  const staged = stage({}, { tasks: [entry(fail)], intakes: [intake] });
  await staged.generation.start();
  await staged.clock.advance(0);
  const stopping = staged.generation.stop();
  await staged.clock.advance(1_000);
  gate.resolve();
  await stopping;
  assert.equal(started(staged), 1);
});

test("68: a task is aborted and awaited before anything that it needs goes down", async () => {
  const trace: string[] = [];
  const db = traced(trace, "db");
  const body: Body = async ({ signal, clock }) => {
    await forever(signal);
    await new Promise<void>((resolve) => void clock.after(500, resolve));
    trace.push("task ended");
  };
  const staged = stage({}, { tasks: [entry(body, {}, { db })] });
  await staged.generation.start();
  await staged.clock.advance(0);
  await staged.clock.until(staged.generation.stop());
  assert.deepEqual(trace, ["db+", "task ended", "db-"]);
});

test("68: a task receives what it needs, by key", async () => {
  const db = traced([], "db");
  let seen: unknown;
  const staged = stage({}, { tasks: [entry(({ lifespan }) => void (seen = { ...lifespan }), {}, { database: db })] });
  await staged.generation.start();
  await staged.clock.advance(0);
  assert.deepEqual(seen, { database: "db" });
  await staged.generation.stop();
});

test("a dependency that is down pauses a task, and costs it no restarts", async () => {
  let healthy = false;
  const db = lifespan("db", { health: () => healthy }, function* () {
    yield "db";
  });
  const repo = traced([], "repo", { needs: { db } });
  const staged = stage(
    {},
    { tasks: [entry(fail, { intensity: { restarts: 1, withinMs: 60_000 }, backoff: { jitter: "none" } }, { repo })] },
  );
  await staged.generation.start();
  await staged.clock.advance(30_000);
  assert.deepEqual([staged.generation.tasks[0]?.state, started(staged)], ["paused", 1]);
  assert.deepEqual(await staged.generation.unhealthy(), ["db"]);
  healthy = true;
  await staged.clock.advance(1_000);
  assert.deepEqual(staged.names("task.resumed"), ["task"]);
  await staged.clock.advance(60_000);
  assert.match(messagesOf((await staged.generation.ended).errors[0]).join(), /more often than its policy allows: boom/);
  assert.equal(started(staged), 3, "the one that was paused, and two that its policy counts");
});

test("40: a task that fails while the program drains is neither started again nor counted", async () => {
  const gate = Promise.withResolvers<void>();
  const drained = Promise.withResolvers<void>();
  const intake = { name: "http", open: () => {}, close: () => {}, drained: () => drained.promise, abort: () => [] };
  const body: Body = () => gate.promise.then(fail);
  const staged = stage(
    {},
    { tasks: [entry(body, { intensity: { restarts: 0, withinMs: 1_000 } })], intakes: [intake] },
  );
  await staged.generation.start();
  await staged.clock.advance(0);
  const stopping = staged.generation.stop();
  gate.resolve();
  await staged.clock.advance(0);
  drained.resolve();
  assert.deepEqual((await staged.clock.until(stopping)).errors, []);
  assert.deepEqual([started(staged), staged.names("task.failed"), staged.names("task.exceeded")], [1, ["task"], []]);
});

test("61: a stop in the turn in which the program is ready starts no task, though it has yet to drain", async () => {
  const intake = {
    name: "http",
    open: () => {},
    close: () => {},
    drained: () => new Promise<never>(() => {}),
    abort: () => [],
  };
  const staged = stage({}, { tasks: [entry(forever as never)], intakes: [intake] });
  staged.generation.on(({ type }) => void (type === "ready" && staged.generation.stop()));
  await staged.generation.start();
  await staged.clock.until(staged.generation.ended);
  assert.equal(started(staged), 0);
});

test("a task that sleeps again and again leaves no listeners on its signal", async () => {
  let left = -1;
  const staged = await running(async ({ sleep, signal }) => {
    for (let i = 0; i < 20; i++) await sleep(1);
    left = getEventListeners(signal, "abort").length;
  });
  await staged.clock.advance(20);
  assert.equal(left, 0);
  await staged.generation.stop();
});

test("a health check that hangs or throws is unhealthy after a second", async () => {
  const hangs = lifespan("hangs", { health: () => new Promise(() => {}) }, function* () {
    yield;
  });
  const throws = lifespan("throws", { health: fail }, function* () {
    yield;
  });
  const fine = lifespan("fine", { health: () => {} }, function* () {
    yield;
  });
  const staged = stage({ hangs, throws, fine });
  await staged.generation.start();
  assert.deepEqual(await staged.clock.until(staged.generation.unhealthy()), ["hangs", "throws"]);
  assert.deepEqual([staged.clock.now(), staged.clock.pending], [1_000, 0]);
  await staged.generation.stop();
});

test("work of a task that nobody handled stops the program, and names the task", async () => {
  let report: ((error: unknown, owner: unknown) => void) | undefined;
  const unhandled = { watch: (fn: (error: unknown, owner: unknown) => void) => ((report = fn), () => {}) };
  const staged = stage({}, { tasks: [entry(({ signal }) => forever(signal))] }, { unhandled });
  await staged.generation.start();
  await staged.clock.advance(0);
  report?.(new Error("somebody else's"), {});
  assert.equal(staged.generation.state, "ready", "an owner of another generation is not ours");
  report?.(boom, staged.generation.tasks[0]);
  report?.(new Error("a second one"), undefined);
  const { cause, errors } = await staged.generation.ended;
  assert.equal(cause.kind === "unhandled" && cause.owner, "task");
  assert.deepEqual(
    errors.map((error) => (error as LivespanError).code),
    ["UNHANDLED", "UNHANDLED"],
  );
});

test("18: an optional lifespan that did not come up is not asked for its health: a task that needs it is not paused", async () => {
  const absent = lifespan("absent", { optional: true, health: () => true }, function* () {
    yield fail();
  });
  const staged = stage(
    { absent },
    { tasks: [entry(fail, { intensity: { restarts: 1, withinMs: 1_000 } }, { absent })] },
  );
  await staged.clock.until(staged.generation.start());
  assert.deepEqual(await staged.generation.unhealthy(), []);
  const report = await staged.clock.until(staged.generation.ended);
  assert.equal(report.cause.kind, "task");
  assert.deepEqual(staged.names("task.paused"), []);
});
