import assert from "node:assert/strict";
import { test } from "node:test";
import type { Intake } from "livespan/kernel";
import { messagesOf, stage, stopped, traced } from "./stage.ts";

/** An intake that writes what is asked of it, and has something in hand until `done`. */
function busyIntake(trace: string[], name: string, done: Promise<void>): Intake {
  const note = (what: string): void => void trace.push(`${name} ${what}`);
  return {
    name,
    open: () => note("open"),
    lameDuck: () => note("lame duck"),
    close: () => note("close"),
    drained: () => (note("drain"), done),
    abort: async () => (note("abort"), [{ kind: "in-flight", count: 1 }]),
  };
}

test("intakes close at once and together, and tasks and lifespans wait until they have drained", async () => {
  const trace: string[] = [];
  const done = Promise.withResolvers<void>();
  const task = { name: "task", needs: {}, options: {}, body: ({ signal }: { signal: AbortSignal }) => until(signal) };
  const until = async (signal: AbortSignal) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    trace.push("task aborted");
  };
  const staged = stage(
    { a: traced(trace, "a") },
    {
      tasks: [task],
      intakes: [busyIntake(trace, "http", done.promise), busyIntake(trace, "queue", Promise.resolve())],
    },
  );
  await staged.generation.start();
  await staged.clock.advance(0);
  assert.equal(staged.generation.ready, true);
  const stopping = staged.generation.stop({ lameDuck: 400 });
  assert.deepEqual([staged.generation.ready, staged.generation.draining.aborted], [false, true]);
  await staged.clock.advance(399);
  assert.deepEqual(trace.slice(3), ["http lame duck", "queue lame duck"]);
  await staged.clock.advance(1);
  assert.deepEqual(trace.slice(5), ["http close", "queue close", "http drain", "queue drain"]);
  assert.equal(staged.generation.state, "draining");
  done.resolve();
  await stopping;
  assert.deepEqual(trace.slice(9), ["task aborted", "a-"]);
  assert.deepEqual(staged.names("intake.closed"), ["http", "queue"]);
  assert.deepEqual(staged.names("intake.drained"), ["queue", "http"]);
});

test("an intake that has not drained by its budget is aborted, and reported once, with what was left", async () => {
  const trace: string[] = [];
  const done = Promise.withResolvers<void>();
  const aborting: Intake = {
    ...busyIntake(trace, "http", done.promise),
    abort: () => (done.resolve(), [{ kind: "in-flight", count: 3 }]),
  };
  const staged = stage({ a: traced(trace, "a") }, { intakes: [aborting], budgets: { drain: 700 } });
  await staged.generation.start();
  const { error, report } = await stopped(staged);
  assert.equal(error, undefined);
  assert.deepEqual(
    report.entries.filter(({ kind }) => kind === "intake"),
    [
      {
        name: "http",
        kind: "intake",
        state: "aborted",
        ms: 0,
        limitMs: 2_000,
        left: [{ kind: "in-flight", count: 3 }],
      },
    ],
  );
  assert.deepEqual([report.ms, staged.names("intake.drained")], [700, []]);
});

for (const step of ["lameDuck", "close", "drained"] as const) {
  test(`an intake that throws at ${step} is reported, and everything else still ends`, async () => {
    const trace: string[] = [];
    const intake: Intake = {
      ...busyIntake([], "http", Promise.resolve()),
      [step]: () => {
        throw new Error(`no ${step}`);
      },
    };
    const staged = stage({ a: traced(trace, "a") }, { intakes: [intake] });
    await staged.generation.start();
    const { error } = await stopped(staged);
    assert.match(messagesOf(error).join(), new RegExp(`intake "http" failed while stopping: no ${step}`));
    assert.deepEqual(trace, ["a+", "a-"]);
  });
}

test("a warning of an intake that never ends holds up nothing", async () => {
  const unending: () => unknown = () => new Promise(() => {});
  const intake: Intake = { ...busyIntake([], "http", Promise.resolve()), lameDuck: unending };
  const staged = stage({}, { intakes: [intake] });
  await staged.generation.start();
  const { error, report } = await stopped(staged, { lameDuck: 100 });
  assert.deepEqual([error, report.ms], [undefined, 100]);
});

test("39: work may be handed over while intakes drain, and is awaited; afterwards it is refused", async () => {
  const trace: string[] = [];
  const done = Promise.withResolvers<void>();
  const work = Promise.withResolvers<void>();
  const staged = stage({ a: traced(trace, "a") }, { intakes: [busyIntake([], "http", done.promise)] });
  await staged.generation.start();
  const stopping = staged.generation.stop();
  await staged.clock.advance(0);
  staged.generation.own("mail", async () => {
    await work.promise;
    trace.push("mail sent");
    staged.generation.own("receipt", async () => void trace.push("receipt sent"));
  });
  done.resolve();
  await staged.clock.advance(10);
  assert.deepEqual(trace, ["a+"], "the lifespan waits for the work");
  work.resolve();
  await stopping;
  assert.deepEqual(trace, ["a+", "mail sent", "receipt sent", "a-"]);
  assert.throws(() => staged.generation.own("late", () => {}), {
    code: "TASK_CALLED_LATE",
    message: /"late".*after.*drained/,
  });
});

test("39: work that does not end by the budget is told, and named when it does not listen", async () => {
  const told: string[] = [];
  const staged = stage({}, { budgets: { drain: 100 } });
  await staged.generation.start();
  const listening = (signal: AbortSignal) =>
    new Promise<void>((resolve) => signal.addEventListener("abort", () => (told.push("told"), resolve())));
  staged.generation.own("polite", listening);
  staged.generation.own("deaf", () => new Promise(() => {}));
  const { error, report } = await stopped(staged);
  assert.match(messagesOf(error).join(), /work "deaf" did not end/);
  assert.deepEqual([told, report.abandoned], [["told"], ["deaf"]]);
});

test("39: work that fails is logged by its name, and ends nothing", async () => {
  const staged = stage({});
  await staged.generation.start();
  staged.generation.own("mail", () => Promise.reject(new Error("no server")));
  await staged.clock.advance(0);
  assert.equal(staged.generation.state, "ready");
  assert.deepEqual(
    staged.world.lines.map(({ message }) => message),
    ['"mail" failed: no server'],
  );
  await staged.generation.stop();
});

test("who asks again without a lame duck does not wait for the one that goes on", async () => {
  const trace: string[] = [];
  const staged = stage({ a: traced(trace, "a") }, { intakes: [busyIntake(trace, "http", Promise.resolve())] });
  await staged.generation.start();
  const stopping = staged.generation.stop({ lameDuck: 5_000 });
  await staged.clock.advance(1_000);
  assert.deepEqual(trace, ["a+", "http open", "http lame duck"]);
  void staged.generation.stop({ lameDuck: 0 });
  await staged.clock.until(stopping);
  assert.equal(staged.clock.now(), 1_000);
  assert.deepEqual(trace.slice(3), ["http close", "http drain", "a-"]);
});
