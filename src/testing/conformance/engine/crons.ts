import assert from "node:assert/strict";
import type { CronRequest } from "../../../work/engine.ts";
import { ask, runOf, succeeded } from "./requests.ts";
import { hasCode, type Case } from "./stage.ts";

/** What runs whenever an expression says. */
export const cronCases: readonly Case[] = [
  {
    name: "lists crons with the moment at which each is next, in its time zone",
    async run(stage) {
      const engine = await stage.open();
      assert.deepEqual(await engine.crons(), []);
      await engine.cron(cronOf("utc", "30 4 * * *", { timezone: "UTC" }));
      await engine.cron(cronOf("kathmandu", "30 4 * * *", { timezone: "Asia/Kathmandu" }));
      const crons = await engine.crons();
      const [kathmandu, utc] = crons.toSorted((x, y) => x.name.localeCompare(y.name));
      assert.deepEqual(
        [utc!.name, utc!.task, utc!.expression, utc!.timezone, kathmandu!.timezone],
        ["utc", "a", "30 4 * * *", "UTC", "Asia/Kathmandu"],
      );
      // Nothing of how the engine keeps them.
      const told = ["expression", "name", "nextAt", "task", "timezone"];
      assert.deepEqual(Object.keys(utc!).toSorted(), told);
      const at = (ms: number): string => new Date(ms).toISOString().slice(11);
      assert.deepEqual([at(utc!.nextAt!), at(kathmandu!.nextAt!)], ["04:30:00.000Z", "22:45:00.000Z"]);
      assert.ok(utc!.nextAt! > stage.wall && utc!.nextAt! <= stage.wall + 86_400_000);
    },
  },
  {
    name: "runs what a cron says each time, with its input, as a run of its own",
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const request = runOf("a", { input: '"tick"', metadata: { from: "cron" }, priority: 2 });
      await engine.cron(cronOf("every", "* * * * * *", { request }));
      const jobs = await worker.take(3);
      assert.equal(new Set(jobs.map(({ runId }) => runId)).size, 3);
      for (const { input, metadata, task } of jobs) {
        assert.deepEqual([task, input, metadata], ["a", '"tick"', { from: "cron" }]);
      }
      const [first, , third] = await Promise.all(jobs.map(({ runId }) => stage.run(engine, runId)));
      assert.equal(first!.priority, 2);
      assert.ok(third!.createdAt - first!.createdAt >= 1_000);
    },
  },
  {
    name: "replaces a cron of the same name, and removes one once",
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["a", "b"] });
      worker.play(() => succeeded());
      await engine.cron(cronOf("one", "* * * * * *"));
      await engine.cron(cronOf("one", "0 0 1 1 *", { request: runOf("b") }));
      const [cron, ...others] = await engine.crons();
      assert.deepEqual([cron!.task, cron!.expression, others], ["b", "0 0 1 1 *", []]);
      assert.equal(await engine.removeCron("one"), true);
      assert.equal(await engine.removeCron("one"), false);
      assert.deepEqual(await engine.crons(), []);
      const before = worker.jobs.length;
      await stage.elapse(1_500);
      assert.equal(worker.jobs.length, before);
    },
  },
  {
    name: "refuses what is no cron expression and no time zone, and keeps nothing of it",
    async run(stage) {
      const engine = await stage.open();
      for (const cron of [cronOf("bad", "at noon"), cronOf("bad", "0 0 * * *", { timezone: "Mars/Olympus" })]) {
        await assert.rejects(engine.cron(cron), hasCode("INVALID_RUN_OPTION"));
      }
      assert.deepEqual(await engine.crons(), []);
    },
  },
  {
    name: "keeps the moment of a declared cron that is declared again",
    async run(stage) {
      const engine = await stage.open();
      const declared = cronOf("daily", "0 0 * * *", { declared: true });
      await engine.cron(declared);
      const [before] = await engine.crons();
      await engine.cron({ ...declared, request: runOf("a") });
      const [after] = await engine.crons();
      assert.equal(after!.nextAt, before!.nextAt);
      await engine.cron({ ...declared, expression: "0 12 * * *" });
      assert.equal((await engine.crons())[0]!.expression, "0 12 * * *");
    },
  },
  {
    name: "fires once for each moment over three processes",
    shared: true,
    async run(stage) {
      const engines = [await stage.open(), await stage.open(), await stage.open()];
      const workers = await Promise.all(engines.map((engine) => stage.worker(engine, { tasks: ["a"] })));
      for (const worker of workers) worker.play(() => succeeded());
      const began = stage.wall;
      for (const engine of engines) await engine.cron(cronOf("every", "* * * * * *", { declared: true }));
      await stage.elapse(3_400);
      await engines[0]!.removeCron("every");
      const moments = Math.floor(stage.wall / 1_000) - Math.floor(began / 1_000);
      const runs = await engines[0]!.list({ tasks: ["a"] });
      assert.ok(runs.length >= 2 && runs.length <= moments, `${runs.length} runs at ${moments} moments`);
    },
  },
  {
    name: "fires in time what another process asks for, where that has no worker",
    shared: true,
    async run(stage) {
      const [working, asking] = [await stage.open(), await stage.open()];
      const worker = await stage.worker(working, { tasks: ["a"] });
      await asking.cron(cronOf("every", "* * * * * *"));
      const { task } = await stage.wait(worker.next(), 5_000);
      assert.equal(task, "a");
    },
  },
  {
    name: "fires at its exact moments, and makes up for none that passed while nothing ran",
    manual: true,
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["a"], slots: 100 });
      await engine.cron(cronOf("minute", "* * * * *"));
      await stage.elapse(59_000);
      assert.equal(worker.jobs.length, 0);
      await stage.elapse(1_500);
      assert.equal(worker.jobs.length, 1);
      await stage.elapse(60_000 * 4);
      assert.equal(worker.jobs.length, 5);
      stage.clock!.jump({ wall: 3_600_000 });
      await stage.elapse(120_000);
      const { size: after } = new Set(worker.jobs);
      assert.ok(after >= 6 && after <= 8, `${after} runs`);
    },
  },
  {
    name: "lets crons go on beside what is asked for",
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["a", "b"] });
      worker.play(() => succeeded());
      await engine.cron(cronOf("every", "* * * * * *", { request: runOf("b") }));
      await stage.look(
        async () => worker.jobs.length,
        (count) => count >= 2,
      );
      const [id] = await ask(engine, runOf("a"));
      assert.equal((await stage.result(engine, id!)).state, "succeeded");
    },
  },
];

function cronOf(name: string, expression: string, given: Partial<CronRequest> = {}): CronRequest {
  return { name, expression, timezone: undefined, request: runOf("a"), declared: false, ...given };
}
