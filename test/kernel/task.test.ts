import assert from "node:assert/strict";
import { test } from "node:test";
import { lifespan, type LivespanError, type TaskContext, type TaskOptions } from "livespan/kernel";
import { messagesOf, stage, traced, type Stage } from "./stage.ts";

type Body = (ctx: TaskContext<Record<string, never>>) => unknown;

const entry = (body: Body, options: TaskOptions = {}, needs = {}) => ({
  name: "task",
  needs,
  options,
  body: body as (ctx: never) => unknown,
});

/** A generation with one task, ready, and the task's first turn over. */
async function running(body: Body, options: TaskOptions = {}, random = 0.5): Promise<Stage> {
  const staged = stage({}, { tasks: [entry(body, options)] }, { random: () => random });
  await staged.clock.until(staged.generation.start());
  await staged.clock.advance(0);
  return staged;
}

const started = ({ names }: Stage): number => names("task.started").length;
const forever = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
const boom = new Error("boom");
const fail = (): never => {
  throw boom;
};
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

test("69: a child cannot outlive the task that spawned it", async () => {
  const trace: string[] = [];
  const staged = await running(async ({ spawn, sleep }) => {
    spawn("child", async ({ signal, name }) => {
      await forever(signal);
      trace.push(`${name} ended`);
    });
    await sleep(10);
    trace.push("body over");
  });
  await staged.clock.advance(10);
  assert.deepEqual(trace, ["body over", "task/child ended"]);
  assert.equal(staged.generation.tasks[0]?.state, "ended");
  await staged.generation.stop();
});

test("69: the abort of a task reaches its children too, so that one that awaits them ends", async () => {
  const staged = await running(({ spawn }) => spawn("child", ({ signal }) => forever(signal)).ended);
  await staged.generation.stop();
  assert.equal(staged.clock.now(), 0);
});

test("69: siblings that fail are kept together, and the first one ends the others", async () => {
  const staged = await running(
    async ({ spawn, signal }) => {
      spawn("one", () => Promise.reject(new Error("one broke")));
      spawn("two", ({ signal }) => forever(signal).then(() => Promise.reject(new Error("two broke"))));
      await forever(signal);
    },
    { restart: "temporary" },
  );
  const failed = staged.events.find((event) => event.type === "task.failed" && event.name === "task");
  assert.ok(failed?.type === "task.failed" && failed.error instanceof AggregateError);
  assert.deepEqual(failed.error.errors.map(String), ["Error: one broke", "Error: two broke"]);
  await staged.generation.stop();
});

test("69: what a lifespan's child throws while it is stopped stands beside what the lifespan throws", async () => {
  const pool = lifespan("pool", function* ({ spawn }) {
    spawn("reaper", ({ signal }) => forever(signal).then(() => Promise.reject(new Error("reaper broke"))));
    yield;
    fail();
  });
  const staged = stage({ pool });
  await staged.generation.start();
  const error = await staged.generation.stop().catch((thrown: unknown) => thrown);
  assert.match(messagesOf(error).join(), /lifespan "pool" and its children failed: reaper broke; boom/);
});

test("69: a child that a task stops itself is no failure, and one spawned too late is refused", async () => {
  let spawn: ((name: string, body: () => unknown) => unknown) | undefined;
  const staged = await running(async (ctx) => {
    ({ spawn } = ctx);
    const child = ctx.spawn("child", ({ signal }) => forever(signal));
    await child.stop(new Error("enough"));
  });
  assert.deepEqual([staged.names("task.failed"), staged.generation.tasks[0]?.state], [[], "ended"]);
  assert.throws(() => spawn?.("late", () => {}), {
    code: "TASK_CALLED_LATE",
    message: /"task" spawned "late" after it had ended/,
  });
  await staged.generation.stop();
});

test("70: started(value) resolves whoever waits, and the policy applies from then on", async () => {
  const seen: unknown[] = [];
  const listener = lifespan("listener", async function* ({ spawn }) {
    const child = spawn<number>(
      "loop",
      async ({ started, sleep }) => {
        await sleep(20);
        started(4_711);
        await sleep(20);
        fail();
      },
      { restart: "temporary" },
    );
    seen.push(await child.started);
    yield;
    await child.ended;
  });
  const staged = stage({ listener });
  await staged.clock.until(staged.generation.start());
  assert.deepEqual(seen, [4_711]);
  await staged.clock.advance(20);
  assert.deepEqual([staged.generation.state, staged.names("task.failed")], ["ready", ["listener/loop"]]);
  await staged.generation.stop();
});

test("70: a child that fails before it has started fails the lifespan's start", async () => {
  const listener = lifespan("listener", async function* ({ spawn }) {
    await spawn("loop", fail).started;
    yield;
  });
  const staged = stage({ listener });
  const error = await staged.clock.until(staged.generation.start()).catch((thrown: unknown) => thrown);
  assert.match(messagesOf(error).join(), /lifespan "listener" failed while starting: boom/);
});

test("70: a lifespan's child ends before the code after the yield, and its failure for good stops the program", async () => {
  const trace: string[] = [];
  const pool = lifespan("pool", function* ({ spawn }) {
    spawn("reaper", async ({ signal }) => {
      await forever(signal);
      trace.push("reaper ended");
    });
    yield;
    trace.push("pool closed");
  });
  const first = stage({ pool });
  await first.generation.start();
  await first.generation.stop();
  assert.deepEqual(trace, ["reaper ended", "pool closed"]);
  const doomed = lifespan("doomed", function* ({ spawn }) {
    spawn("loop", async ({ started, sleep }) => (started(), sleep(10).then(fail)));
    yield;
  });
  const second = stage({ doomed });
  await second.generation.start();
  await second.clock.advance(60_000);
  assert.match(messagesOf((await second.generation.ended).errors[0]).join(), /task "doomed\/loop" failed more often/);
});

test("70: a context manager is up at its yield, which the start waits for, and is closed at stop", async () => {
  const trace: string[] = [];
  const db = traced(trace, "db");
  const manager = async function* ({ sleep }: { sleep: (ms: number) => Promise<void> }) {
    await sleep(50);
    trace.push("manager up");
    yield;
    trace.push("manager down");
  };
  const staged = stage({}, { tasks: [entry(manager, {}, { db })] });
  await staged.clock.until(staged.generation.start());
  assert.deepEqual([staged.clock.now(), trace], [50, ["db+", "manager up"]]);
  await staged.generation.stop();
  assert.deepEqual(trace.slice(2), ["manager down", "db-"]);
});

test("70: a context manager that fails before its yield fails the start, and what had started is stopped", async () => {
  const trace: string[] = [];
  const manager = async function* () {
    fail();
    yield;
  };
  const staged = stage({}, { tasks: [entry(manager, {}, { db: traced(trace, "db") })] });
  await assert.rejects(staged.generation.start(), {
    code: "START_FAILED",
    message: /task "task" failed while starting: boom/,
    cause: boom,
  });
  assert.deepEqual([trace, staged.generation.state], [["db+", "db-"], "failed"]);
});

test("9: a context manager that never yields is within the start's limits, and named", async () => {
  const manager = async function* () {
    await new Promise(() => {});
    yield;
  };
  const each = stage({}, { tasks: [entry(manager)], budgets: { startEach: 200 } });
  const error = await each.clock.until(each.generation.start()).catch((thrown: unknown) => thrown);
  assert.match(messagesOf(error).join(), /task "task" did not start within 200 ms.*task "task" did not end/);
  const whole = stage({}, { tasks: [entry(manager)], budgets: { start: 200 } });
  const late = await whole.clock.until(whole.generation.start()).catch((thrown: unknown) => thrown);
  assert.match(messagesOf(late).join(), /still starting: "task"/);
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
