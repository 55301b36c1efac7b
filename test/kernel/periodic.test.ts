import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskContext, TaskOptions } from "livespan/kernel";
import { stage, type Stage } from "./stage.ts";

type Ctx = TaskContext<Record<string, never>>;

/** A generation with one periodic task, ready. Each run is written as [begin, end] on the clock. */
async function beating(
  options: TaskOptions,
  runMs: number | ((run: number) => number) = 0,
  random = 0,
): Promise<Stage & { runs: number[][] }> {
  const runs: number[][] = [];
  const body = async ({ clock, sleep }: Ctx): Promise<void> => {
    const run = [clock.now()];
    runs.push(run);
    const ms = typeof runMs === "number" ? runMs : runMs(runs.length);
    try {
      if (ms > 0) await sleep(ms);
    } finally {
      run.push(clock.now());
    }
  };
  const task = { name: "beat", needs: {}, options, body: body as (ctx: never) => unknown };
  const staged = stage({}, { tasks: [task] }, { random: () => random });
  await staged.generation.start();
  await staged.clock.advance(0);
  return { ...staged, runs };
}

const begins = (runs: number[][]): (number | undefined)[] => runs.map(([begin]) => begin);

test("a fixed rate runs at each multiple of its period, whatever its runs take", async () => {
  const { runs, clock, generation } = await beating({ every: 100 }, 60);
  await clock.advance(350);
  assert.deepEqual(runs, [[100, 160], [200, 260], [300]]);
  await generation.stop();
});

test("a fixed delay waits from the end of each run", async () => {
  const { runs, clock, generation } = await beating({ every: 100, pace: "fixed-delay" }, 60);
  await clock.advance(450);
  assert.deepEqual(runs, [[100, 160], [260, 320], [420]]);
  await generation.stop();
});

test("immediately runs the first time at once, and then keeps its pace", async () => {
  for (const pace of ["fixed-rate", "fixed-delay"] as const) {
    const { runs, clock, generation } = await beating({ every: 100, pace, immediately: true }, 10);
    await clock.advance(240);
    assert.deepEqual(begins(runs), pace === "fixed-rate" ? [0, 100, 200] : [0, 110, 220]);
    await generation.stop();
  }
});

test("71: overlap skip never runs two at once, and counts what it skipped", async () => {
  const { runs, clock, generation, events } = await beating({ every: 100 }, 250);
  await clock.advance(900);
  assert.deepEqual(runs, [[100, 350], [400, 650], [700]]);
  const skips = events.flatMap((event) => (event.type === "task.skipped" ? [`${event.why} ${event.skips}`] : []));
  assert.deepEqual(skips, ["overlap 1", "overlap 2", "overlap 3", "overlap 4", "overlap 5", "overlap 6"]);
  assert.equal(generation.tasks[0]?.skips, 6);
  await generation.stop();
});

test("71: queue-one runs once more at the end of a run that was overtaken, and counts the rest", async () => {
  const { runs, clock, generation } = await beating({ every: 100, overlap: "queue-one" }, (run) =>
    run === 1 ? 350 : 10,
  );
  await clock.advance(560);
  assert.deepEqual(runs, [
    [100, 450],
    [450, 460],
    [500, 510],
  ]);
  assert.equal(generation.tasks[0]?.skips, 2);
  await generation.stop();
});

test("71: cancel-previous aborts the run before, awaits it, and never runs two at once", async () => {
  let inside = 0;
  let most = 0;
  const body = async ({ signal, clock }: Ctx): Promise<void> => {
    most = Math.max(most, ++inside);
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    await new Promise<void>((resolve) => void clock.after(30, resolve));
    inside--;
  };
  const task = {
    name: "beat",
    needs: {},
    options: { every: 100, overlap: "cancel-previous" } as const,
    body: body as (ctx: never) => unknown,
  };
  const staged = stage({}, { tasks: [task] });
  await staged.generation.start();
  await staged.clock.advance(450);
  assert.deepEqual([most, staged.names("task.started").length, staged.names("task.failed")], [1, 4, []]);
  await staged.clock.until(staged.generation.stop());
});

test("71: allow lets runs overlap, and each is awaited at stop", async () => {
  const { runs, clock, generation } = await beating({ every: 100, overlap: "allow" }, 250);
  await clock.advance(320);
  assert.deepEqual(begins(runs), [100, 200, 300]);
  await generation.stop();
  assert.deepEqual(runs, [
    [100, 320],
    [200, 320],
    [300, 320],
  ]);
});

test("41: a tick that falls due after draining has fired does not run", async () => {
  const gate = Promise.withResolvers<void>();
  const intake = { name: "http", open: () => {}, close: () => {}, drained: () => gate.promise, abort: () => [] };
  for (const options of [{ every: 100 }, { every: 100, overlap: "queue-one" }] as const) {
    const runs: number[] = [];
    const body = async ({ clock, sleep }: Ctx): Promise<void> => (
      runs.push(clock.now()),
      sleep(options.every === 100 ? 150 : 0)
    );
    const task = { name: "beat", needs: {}, options, body: body as (ctx: never) => unknown };
    const staged = stage({}, { tasks: [task], intakes: [intake] });
    await staged.generation.start();
    await staged.clock.advance(110);
    const stopping = staged.generation.stop();
    await staged.clock.advance(1_000);
    gate.resolve();
    await stopping;
    assert.deepEqual(runs, [100]);
  }
});

test("72: stop waits for the run in progress, within the task's limit", async () => {
  const trace: string[] = [];
  const body = async ({ clock }: Ctx): Promise<void> => {
    await new Promise<void>((resolve) => void clock.after(700, resolve));
    trace.push("run over");
  };
  const task = { name: "beat", needs: {}, options: { every: 100 }, body: body as (ctx: never) => unknown };
  const patient = stage({}, { tasks: [task] });
  await patient.generation.start();
  await patient.clock.advance(110);
  await patient.clock.until(patient.generation.stop());
  assert.deepEqual([trace, patient.clock.now()], [["run over"], 800]);
  const brisk = stage({}, { tasks: [{ ...task, options: { every: 100, stopTimeout: 200 } }] });
  await brisk.generation.start();
  await brisk.clock.advance(110);
  await assert.rejects(brisk.clock.until(brisk.generation.stop()), { code: "ABANDONED", message: /task "beat"/ });
  assert.equal(brisk.clock.now(), 310);
});

test("72: a task between two runs ends at once", async () => {
  for (const options of [{ every: 100 }, { every: 100, pace: "fixed-delay" }] as const) {
    const { generation, clock } = await beating(options, 10);
    await clock.advance(150);
    await generation.stop();
    assert.deepEqual([clock.now(), clock.pending], [150, 0]);
  }
});

test("jitter adds up to its milliseconds to each tick, and keeps the grid", async () => {
  const { runs, clock, generation } = await beating({ every: 100, jitter: 50 }, 0, 0.5);
  await clock.advance(330);
  assert.deepEqual(begins(runs), [125, 225, 325]);
  await generation.stop();
});

test("failures of runs count towards the intensity, and the schedule is their back-off", async () => {
  const body = (): never => {
    throw new Error("boom");
  };
  const task = { name: "beat", needs: {}, options: { every: 1_000 }, body };
  const staged = stage({}, { tasks: [task] });
  await staged.generation.start();
  await staged.clock.advance(60_000);
  const report = await staged.generation.ended;
  assert.equal(staged.names("task.started").length, 4);
  assert.match(String(report.errors[0]), /task "beat" failed more often than its policy allows: boom/);
  assert.equal(staged.clock.pending, 0);
});

test("every must be a time that passes", async () => {
  for (const every of [0, -5, Number.NaN]) {
    const { generation } = await beating({ every });
    assert.match(
      String((await generation.ended).errors[0]),
      /task "beat": every must be a positive number of milliseconds/,
    );
  }
});

/** A calendar of every full minute. */
const minutely = { next: (_expression: string, after: number) => (Math.floor(after / 60_000) + 1) * 60_000 };

/** A task at every full minute; its runs are written on the wall clock, in seconds since the clock was made. */
async function atEachMinute(options: TaskOptions = {}): Promise<Stage & { at: number[] }> {
  const at: number[] = [];
  const from = Date.UTC(2025, 0, 1);
  const body = ({ clock }: Ctx): void => void at.push((clock.wall() - from) / 1_000);
  const task = {
    name: "cron",
    needs: {},
    options: { every: "* * * * *", ...options },
    body: body as (ctx: never) => unknown,
  };
  const staged = stage({}, { tasks: [task] }, { calendar: minutely });
  await staged.generation.start();
  await staged.clock.advance(0);
  return { ...staged, at };
}

test("73: a small jump back of the wall clock runs no tick twice", async () => {
  const { at, clock, generation } = await atEachMinute();
  await clock.advance(150_000);
  clock.jump({ wall: -45_000 });
  await clock.advance(120_000);
  assert.deepEqual(at, [60, 120, 180]);
  await generation.stop();
});

test("73: a large jump back is believed, so that nothing stalls for long", async () => {
  const { at, clock, generation } = await atEachMinute();
  await clock.advance(150_000);
  clock.jump({ wall: -3_600_000 });
  await clock.advance(180_000);
  // The jump is noticed at the next look, so the first tick after it may be one that was waited for already.
  assert.deepEqual(at, [60, 120, 240 - 3_600, 300 - 3_600]);
  await generation.stop();
});

test("73: after a jump ahead the ticks that went by are missed, once, and the next one runs in time", async () => {
  const { at, clock, generation, events } = await atEachMinute();
  await clock.advance(70_000);
  clock.jump({ wall: 3_600_000 });
  await clock.advance(120_000);
  assert.deepEqual(at, [60, 3_600 + 180]);
  const skips = events.flatMap((event) => (event.type === "task.skipped" ? [event.why] : []));
  assert.deepEqual(skips, ["missed"]);
  await generation.stop();
});

test("73: run-once runs one for all that were missed", async () => {
  const { at, clock, generation } = await atEachMinute({ onMissed: "run-once" });
  await clock.advance(70_000);
  clock.jump({ wall: 3_600_000 });
  await clock.advance(120_000);
  assert.deepEqual(at, [60, 3_600 + 120, 3_600 + 180]);
  await generation.stop();
});

test("73: a rate whose ticks were held up keeps its grid, and misses rather than catches up", async () => {
  const staged = await beating({ every: 100 });
  await staged.clock.advance(100);
  // A blocked loop, seen from inside: time has passed though no timer could ring.
  let late = 0;
  const { clock } = staged;
  const now = clock.now;
  Object.assign(clock, { now: () => now() + late });
  late = 950;
  await clock.advance(300);
  assert.ok(staged.runs.length <= 5, `${staged.runs.length} runs`);
  assert.ok(staged.events.some((event) => event.type === "task.skipped" && event.why === "missed"));
  await staged.generation.stop();
});

test("an expression without a calendar is refused, and one that never comes waits for the end", async () => {
  const task = { name: "cron", needs: {}, options: { every: "* * * * *" }, body: () => {} };
  const without = stage({}, { tasks: [task] }, { calendar: undefined });
  await without.generation.start();
  await without.clock.advance(0);
  assert.match(String((await without.generation.ended).errors[0]), /task "cron".*calendar/);
  const never = stage({}, { tasks: [task] }, { calendar: { next: () => undefined } });
  await never.generation.start();
  await never.clock.advance(1e9);
  assert.deepEqual((await never.generation.stop()).errors, []);
});
