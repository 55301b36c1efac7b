import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Engine } from "livespan/work";
import { never, request, spec, stage, succeeded, type Stage } from "./stage.ts";
import { Space } from "./space.ts";

interface Fired {
  readonly world: Stage;
  readonly engine: Engine;
  /** Moments at which jobs of the cron have been received, as they were due on the calendar. */
  readonly at: string[];
}

/** Three processes on one ledger, each with a worker of the task. */
async function threeProcesses(wall: number, run: (fired: Fired) => Promise<void>): Promise<void> {
  const world = stage(wall);
  const space = new Space();
  const engines = [space.engine(), space.engine(), space.engine()];
  const at: string[] = [];
  for (const engine of engines) {
    await engine.open(world);
    await engine
      .station(
        spec((job) => {
          at.push(new Date(world.clock.wall()).toISOString().slice(0, 16));
          void job.settle(succeeded);
        }),
      )
      .open(never);
  }
  await run({ world, engine: engines[0]!, at });
  await Promise.all(engines.map((engine) => engine.close()));
  assert.equal(world.clock.pending, 0);
}

const minute = 60_000;
const hour = 60 * minute;

describe("a cron over three processes", () => {
  test("fires once for each moment", () =>
    threeProcesses(Date.UTC(2025, 5, 1, 11, 50), async ({ world, engine, at }) => {
      await engine.cron({
        name: "c",
        expression: "*/5 * * * *",
        timezone: "UTC",
        request: request("a"),
        declared: false,
      });
      await world.clock.advance(16 * minute);
      assert.deepEqual(at, ["2025-06-01T11:55", "2025-06-01T12:00", "2025-06-01T12:05"]);
      const [cron] = await engine.crons();
      assert.equal(cron!.nextAt, Date.UTC(2025, 5, 1, 12, 10));
      assert.equal(new Set((await engine.list({})).map(({ id }) => id)).size, 3);
    }));

  test("fires once when the clock jumps over many moments, and not again when it goes back", () =>
    threeProcesses(Date.UTC(2025, 5, 1, 11, 50), async ({ world, engine, at }) => {
      await engine.cron({
        name: "c",
        expression: "0 * * * *",
        timezone: "UTC",
        request: request("a"),
        declared: false,
      });
      await world.clock.advance(minute);
      world.clock.jump({ wall: 5 * hour });
      await world.clock.advance(minute);
      assert.deepEqual(at, ["2025-06-01T16:51"]);
      world.clock.jump({ wall: -30 * minute });
      await world.clock.advance(30 * minute);
      assert.equal(at.length, 1);
      await world.clock.advance(9 * minute);
      assert.deepEqual(at, ["2025-06-01T16:51", "2025-06-01T17:00"]);
    }));

  test("is not silent for a year after the clock was a year ahead", () =>
    threeProcesses(Date.UTC(2025, 5, 1, 11, 56), async ({ world, engine, at }) => {
      const cron = { name: "c", expression: "*/5 * * * *", timezone: "UTC", declared: true };
      await engine.cron({ ...cron, request: request("a") });
      const year = 365 * 24 * hour;
      world.clock.jump({ wall: year });
      await world.clock.advance(5 * minute);
      assert.deepEqual(at, ["2026-06-01T11:56", "2026-06-01T12:00"]);
      world.clock.jump({ wall: -year });
      await world.clock.advance(minute);
      assert.equal((await engine.crons())[0]!.nextAt, Date.UTC(2025, 5, 1, 12, 5));
      await world.clock.advance(4 * minute);
      assert.deepEqual(at.slice(2), ["2025-06-01T12:05"]);
    }));

  test("keeps to the clock on the wall when daylight saving begins and ends", async () => {
    // In Berlin, 2:30 does not exist on the 30th of March 2025, and comes twice on the 26th of October.
    const cron = { name: "c", expression: "30 2 * * *", timezone: "Europe/Berlin", declared: false };
    await threeProcesses(Date.UTC(2025, 2, 30, 0, 15), async ({ world, engine, at }) => {
      await engine.cron({ ...cron, request: request("a") });
      await world.clock.advance(2 * hour);
      assert.equal(at.length, 1);
    });
    await threeProcesses(Date.UTC(2025, 9, 26, 0, 15), async ({ world, engine, at }) => {
      await engine.cron({ ...cron, request: request("a") });
      await world.clock.advance(2 * hour);
      assert.equal(at.length, 1);
      assert.equal((await engine.crons())[0]!.nextAt, Date.UTC(2025, 9, 27, 1, 30));
    });
  });

  test("one that is removed does not fire, and one of the same name takes its place", () =>
    threeProcesses(Date.UTC(2025, 5, 1, 11, 50), async ({ world, engine, at }) => {
      const cron = { name: "c", expression: "* * * * *", timezone: undefined, request: request("a"), declared: false };
      await engine.cron(cron);
      await engine.cron({ ...cron, expression: "0 12 * * *", timezone: "UTC" });
      assert.equal((await engine.crons()).length, 1);
      await world.clock.advance(11 * minute);
      assert.deepEqual(at, ["2025-06-01T12:00"]);
      assert.equal(await engine.removeCron("c"), true);
      assert.equal(await engine.removeCron("c"), false);
      await world.clock.advance(minute);
      assert.equal(at.length, 1);
    }));
});

test("an expression or a time zone that is none is refused by its cron's name", async () => {
  const engine = new Space().engine();
  await engine.open(stage());
  const cron = { name: "nightly", timezone: undefined, request: request("a"), declared: false };
  await assert.rejects(engine.cron({ ...cron, expression: "every day" }), {
    code: "INVALID_RUN_OPTION",
    message: /"nightly": "every day" is not/,
  });
  await assert.rejects(engine.cron({ ...cron, expression: "* * * * *", timezone: "Mars" }), {
    code: "INVALID_RUN_OPTION",
    message: /"Mars"/,
  });
  await engine.close();
});
