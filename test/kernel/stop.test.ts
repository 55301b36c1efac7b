import assert from "node:assert/strict";
import { test } from "node:test";
import { lifespan, type Intake } from "livespan/kernel";
import { entryOf, messagesOf, stage, stopped, stuck, traced } from "./stage.ts";

test("42: each is torn down exactly once, after all that need it", async () => {
  const trace: string[] = [];
  const a = traced(trace, "a");
  const b = traced(trace, "b", { needs: { a }, down: 30 });
  const c = traced(trace, "c", { needs: { a }, down: 10 });
  const d = traced(trace, "d", { needs: { b, c } });
  const staged = stage({ d });
  await staged.generation.start();
  const { error } = await stopped(staged);
  assert.equal(error, undefined);
  assert.deepEqual(trace.slice(4), ["d-", "c-", "b-", "a-"]);
  assert.deepEqual(staged.names("lifespan.down"), ["d", "c", "b", "a"]);
});

test("43: branches that do not need each other go down at the same time", async () => {
  const needs = Object.fromEntries(["a", "b", "c"].map((name) => [name, traced([], name, { down: 100 })]));
  const staged = stage(needs);
  await staged.generation.start();
  assert.equal((await stopped(staged)).report.ms, 100);
});

test("44, 45: two that throw do not stop the others, and both are kept, each by its name", async () => {
  const trace: string[] = [];
  const a = traced(trace, "a");
  const b = traced(trace, "b", { needs: { a }, failDown: new Error("b broke") });
  const c = traced(trace, "c", { needs: { b }, failDown: "not an error" });
  const d = traced(trace, "d", { needs: { c } });
  const staged = stage({ d });
  await staged.generation.start();
  const { error, report } = await stopped(staged);
  assert.ok(error instanceof AggregateError);
  assert.match(String(error.errors[0]), /lifespan "c" failed while stopping: not an error/);
  assert.match(String(error.errors[1]), /lifespan "b" failed while stopping: b broke/);
  assert.deepEqual(trace.slice(4), ["d-", "a-"]);
  assert.deepEqual(
    report.entries.map(({ name, state }) => `${name} ${state}`),
    ["d down", "c failed", "b failed", "a down"],
  );
  assert.equal(staged.generation.state, "stopped");
});

test("46: one that hangs is left behind at its own limit, and the others get theirs", async () => {
  const trace: string[] = [];
  const a = traced(trace, "a", { down: 1_000 });
  const hang = lifespan("hang", { needs: { a }, stopTimeout: 300 }, async function* ({ signal }) {
    yield;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    trace.push("told");
    await new Promise(() => {});
  });
  const staged = stage({ hang });
  await staged.generation.start();
  const { error, report } = await stopped(staged);
  assert.match(messagesOf(error).join(), /lifespan "hang" did not end within 300 ms and was left behind/);
  assert.deepEqual([trace, report.abandoned, report.ms], [["a+", "told", "a-"], ["hang"], 1_300]);
});

test("46, 48: the report says for each its state, time, limit, and where one that hangs waits", async () => {
  const hang = lifespan("hang", async function* ({ clock, extend }) {
    yield;
    extend(1_000, "the last batch");
    await new Promise<void>((resolve) => void clock.after(60_000, resolve));
  });
  const sleeper = lifespan("sleeper", { stopTimeout: 100 }, async function* ({ sleep }) {
    yield;
    await sleep(60_000).catch(() => new Promise(() => {}));
  });
  const staged = stage({ hang, sleeper, quick: traced([], "quick", { down: 20 }) });
  await staged.generation.start();
  const { report } = await stopped(staged);
  assert.deepEqual(entryOf(report, "quick"), {
    name: "quick",
    kind: "lifespan",
    limitMs: 5_000,
    state: "down",
    ms: 20,
  });
  assert.deepEqual(entryOf(report, "sleeper"), {
    name: "sleeper",
    kind: "lifespan",
    limitMs: 100,
    state: "abandoned",
    ms: 100,
    waiting: "sleep(60000)",
  });
  assert.equal(entryOf(report, "hang")?.ms, 6_000, "its limit and what it was granted");
  assert.equal(report.limitMs, 25_000);
});

test("47: a stop never lasts longer than its whole deadline, whatever hangs", async () => {
  const deaf = { name: "deaf", needs: {}, options: { stopTimeout: 60_000 }, body: () => new Promise(() => {}) };
  const chain = Array.from({ length: 6 }, (_, i) => `n${i}`);
  let needs = {};
  for (const name of chain) needs = { before: hangsDown(name, needs) };
  const never = new Promise<never>(() => {});
  const intake: Intake = { name: "http", open: () => {}, close: () => never, drained: () => never, abort: () => never };
  const staged = stage(needs, { tasks: [deaf], intakes: [intake] });
  await staged.generation.start();
  await staged.clock.advance(0);
  const { report } = await stopped(staged, { lameDuck: 5_000 });
  assert.ok(report.ms <= 25_000, `${report.ms} ms`);
  assert.deepEqual([...report.abandoned].sort(), ["deaf", "http", ...chain]);
});

function hangsDown(name: string, needs = {}, last?: true) {
  return lifespan(name, { needs, stopTimeout: 20_000, ...(last && { last }) }, async function* () {
    yield;
    await new Promise(() => {});
  });
}

test("49: what is last goes down after everything else, with a slice of its own that the others cannot use", async () => {
  const trace: string[] = [];
  const exporter = traced(trace, "exporter", { down: 2_900 });
  const telemetry = traced(trace, "telemetry", { last: true, needs: { exporter }, down: 90 });
  const db = traced(trace, "db", { down: 10 });
  const staged = stage({ telemetry, db, hang: hangsDown("hang") }, { tasks: [deafTask] });
  await staged.generation.start();
  await staged.clock.advance(0);
  const { report } = await stopped(staged, { lameDuck: 5_000 });
  assert.deepEqual(trace.slice(-3), ["db-", "telemetry-", "exporter-"]);
  assert.deepEqual(report.abandoned, ["deaf", "hang"]);
  assert.equal(report.ms, 22_000 + 2_990, "the one that hangs had what was left before the slice");
});

const deafTask = { name: "deaf", needs: {}, options: { stopTimeout: 15_000 }, body: () => new Promise(() => {}) };

test("49: a collector that does not answer costs at most the slice", async () => {
  const staged = stage({ telemetry: hangsDown("telemetry", {}, true) }, { budgets: { last: 1_500 } });
  await staged.generation.start();
  const { report } = await stopped(staged);
  assert.deepEqual([report.ms <= 20_000, report.abandoned], [true, ["telemetry"]]);
});

test("46: in a stop without an end, a limit of one's own still holds, also beside what is last", async () => {
  const hangs = lifespan("hangs", { stopTimeout: 100 }, async function* () {
    yield;
    await new Promise(() => {});
  });
  const staged = stage({ hangs, logs: traced([], "logs", { last: true }) }, { budgets: { stop: Infinity } });
  await staged.generation.start();
  const { report } = await stopped(staged);
  assert.deepEqual([report.abandoned, report.ms], [["hangs"], 100]);
});

test("50: everybody who calls stop() gets the same promise", async () => {
  const staged = stage({ a: traced([], "a", { down: 10 }) });
  await staged.generation.start();
  const first = staged.generation.stop();
  assert.equal(staged.generation.stop(), first);
  await staged.clock.until(first);
  assert.equal(staged.generation.stop(), first);
});

for (const lameDuck of [0, 5_000]) {
  test(`50: a later force skips the ${lameDuck > 0 ? "lame duck and the drain" : "drain"} at once, and shortens what remains`, async () => {
    const trace: string[] = [];
    const never = new Promise<never>(() => {});
    const intake: Intake = {
      name: "http",
      open: () => {},
      close: () => {},
      drained: () => never,
      abort: () => [{ kind: "in-flight", count: 2 }],
    };
    const slow = lifespan("slow", { stopTimeout: 20_000 }, async function* () {
      yield;
      await never;
    });
    const staged = stage({ slow, a: traced(trace, "a", { down: 50 }) }, { intakes: [intake] });
    await staged.generation.start();
    const stopping = staged.generation.stop({ lameDuck });
    await staged.clock.advance(1_000);
    assert.equal(staged.generation.stop({ force: true }), stopping);
    const { report } = await stopped(staged);
    assert.deepEqual([report.forced, report.abandoned, trace], [true, ["slow"], ["a+", "a-"]]);
    assert.ok(report.ms <= 6_000, `${report.ms} ms`);
    assert.deepEqual(entryOf(report, "http")?.left, [{ kind: "in-flight", count: 2 }]);
    assert.equal(staged.events.find(({ type }) => type === "intake.aborted")?.at, 1_000);
  });
}

test("50: force shortens the teardown that is going on", async () => {
  const staged = stage({ slow: hangsDown("slow") });
  await staged.generation.start();
  const stopping = staged.generation.stop().catch(() => {});
  await staged.clock.advance(10);
  void staged.generation.stop({ force: true }).catch(() => {});
  await staged.clock.until(stopping);
  assert.equal(staged.clock.now(), 10 + 5_000);
});

test("50: force shortens the abort of an intake that does not end, of a stop and of a rollback", async () => {
  const forever = (): Promise<never> => new Promise(() => {});
  for (const open of [() => {}, forever]) {
    const intake: Intake = { name: "http", open, close: () => {}, drained: forever, abort: forever };
    const staged = stage({}, { intakes: [intake], budgets: { drain: 100, tasks: 2_000, forced: 300 } });
    staged.generation.start().catch(() => {});
    await staged.clock.advance(0);
    staged.generation.stop().catch(() => {});
    await staged.clock.advance(200);
    const { report } = await stopped(staged, { force: true });
    assert.deepEqual([report.abandoned, report.ms <= 500, report.forced], [["http"], true, true]);
  }
});

test("50: force as the first word, while starting, bounds the rollback too", async () => {
  const staged = stage({ stuck: stuck("stuck") });
  const starting = staged.generation.start().catch(() => {});
  await staged.clock.advance(10);
  const { report } = await stopped(staged, { force: true });
  await starting;
  assert.ok(report.forced && report.ms <= 5_000, `${report.ms} ms`);
});

test("51: at stop extend() is granted inside the whole deadline only, and both answers are events", async () => {
  const answers: boolean[] = [];
  const batch = lifespan("batch", async function* ({ clock, extend }) {
    yield;
    answers.push(extend(30_000, "too long"), extend(4_000, "one more batch"));
    await new Promise<void>((resolve) => void clock.after(8_000, resolve));
  });
  const staged = stage({ batch });
  await staged.generation.start();
  const { error } = await stopped(staged);
  assert.deepEqual([error, answers, staged.clock.now()], [undefined, [false, true], 8_000]);
  const asked = staged.events.filter(({ type }) => type === "lifespan.extended");
  assert.deepEqual(
    asked.map((event) => ({ ...event })),
    [
      { type: "lifespan.extended", at: 0, name: "batch", ms: 30_000, why: "too long", granted: false },
      { type: "lifespan.extended", at: 0, name: "batch", ms: 4_000, why: "one more batch", granted: true },
    ],
  );
});

test("51: nothing is extended into the slice of what is last", async () => {
  let granted: boolean | undefined;
  const greedy = lifespan("greedy", async function* ({ extend }) {
    yield;
    granted = extend(18_000, "would end at 23 of 25 seconds");
  });
  const staged = stage({ greedy, telemetry: traced([], "telemetry", { last: true }) });
  await staged.generation.start();
  await stopped(staged);
  assert.equal(granted, false);
});

test("53: after a stop no timer is set", async () => {
  const staged = stage({ a: traced([], "a", { up: 10, down: 10 }) });
  await staged.clock.until(staged.generation.start());
  assert.equal(staged.clock.pending, 0, "nor while it is ready");
  await stopped(staged);
  assert.equal(staged.clock.pending, 0);
});

test("82: two generations in one process share no state", async () => {
  const trace: string[] = [];
  const shared = traced(trace, "shared");
  const one = stage({ shared });
  const two = stage({ shared });
  await one.generation.start();
  await two.generation.start();
  await one.generation.stop();
  assert.deepEqual(
    [one.generation.state, two.generation.state, two.generation.value(shared)],
    ["stopped", "ready", "shared"],
  );
  await two.generation.stop();
  assert.deepEqual(trace, ["shared+", "shared+", "shared-", "shared-"]);
});

test("a listener of events that throws is logged, and disturbs neither the others nor the start", async () => {
  const staged = stage({ a: traced([], "a") });
  const seen: string[] = [];
  staged.generation.on(
    () => {
      throw new Error("listener broke");
    },
    new Set(["ready"]),
  );
  const off = staged.generation.on(({ type }) => void seen.push(type));
  await staged.generation.start();
  off();
  await staged.generation.stop();
  assert.deepEqual(seen, ["starting", "lifespan.starting", "lifespan.up", "ready"]);
  assert.match(staged.world.lines[0]!.message, /a listener of lifespan events threw: listener broke/);
});
