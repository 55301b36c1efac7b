import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createApp, lifespanTask } from "livespan";
import { manualClock, testApp } from "livespan/testing";

// Summer time came on 2025-03-30 at 02:00 and went on 2025-10-26 at 03:00.
const zone = process.env["TZ"];
before(() => void (process.env["TZ"] = "Europe/Berlin"));
after(() => {
  if (zone === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zone;
});

const hours = 3_600_000;

/** The moments (UTC) at which a task with an expression runs, from `from` on for so many hours. */
async function runsOf(every: string, from: string, forHours: number): Promise<string[]> {
  const runs: string[] = [];
  const task = lifespanTask(
    "report",
    { every },
    ({ clock }) => void runs.push(new Date(clock.wall()).toISOString().slice(0, 16)),
  );
  const clock = manualClock({ wall: Date.parse(from) });
  await using t = await testApp(createApp({ tasks: [task] }), { clock });
  await clock.advance(forHours * hours);
  assert.equal(t.events.filter(({ type }) => type === "task.skipped").length, 0);
  return runs;
}

test("73: a daily task in the hour that summer time skips runs once that day", async () => {
  assert.deepEqual(await runsOf("30 2 * * *", "2025-03-28T12:00:00Z", 72), [
    "2025-03-29T01:30",
    "2025-03-30T01:00",
    "2025-03-31T00:30",
  ]);
});

test("73: a daily task in the hour that comes twice runs once that day", async () => {
  assert.deepEqual(await runsOf("30 2 * * *", "2025-10-24T12:00:00Z", 72), [
    "2025-10-25T00:30",
    "2025-10-26T00:30",
    "2025-10-27T01:30",
  ]);
});

test("73: a task of every half hour never stops for one, in either night", async () => {
  const spring = await runsOf("*/30 * * * *", "2025-03-29T23:45:00Z", 4);
  const autumn = await runsOf("*/30 * * * *", "2025-10-25T23:45:00Z", 4);
  for (const runs of [spring, autumn]) {
    const gaps = runs.slice(1).map((run, i) => Date.parse(`${run}Z`) - Date.parse(`${runs[i]}Z`));
    assert.deepEqual([runs.length, new Set(gaps)], [8, new Set([hours / 2])]);
  }
});

test("73: the wall clock set back while a daily task waits does not run it twice", async () => {
  let runs = 0;
  const task = lifespanTask("report", { every: "0 12 * * *" }, () => void runs++);
  const clock = manualClock({ wall: Date.parse("2025-06-01T09:59:00Z") });
  await using t = await testApp(createApp({ tasks: [task] }), { clock });
  await clock.advance(90_000);
  assert.equal(runs, 1);
  clock.jump({ wall: -90_000 });
  await clock.advance(2 * hours);
  assert.deepEqual([runs, t.app.state], [1, "ready"]);
});
