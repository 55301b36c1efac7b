import assert from "node:assert/strict";
import type { Outcome } from "../../../work/engine.ts";
import { ask, failed, returned, runOf, succeeded, suspended } from "./requests.ts";
import { manualClock } from "../../clock.ts";
import type { Case } from "./stage.ts";

/** What a job has done once and for all. */
export const rememberingCases: readonly Case[] = [
  {
    name: "gives the next attempt what was remembered, however the one before ended",
    async run(stage) {
      const engine = await stage.open();
      await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const expected: (readonly [string, string])[] = [];
      const ends: Outcome[] = [failed("no", 0), returned, suspended({ until: stage.wall }), failed("no", 5)];
      for (const [index, end] of ends.entries()) {
        const job = await worker.next();
        assert.deepEqual(Object.fromEntries(job.steps), Object.fromEntries(expected));
        for (const name of [`z${index}`, `a${index}`]) {
          await stage.wait(job.remember(name, JSON.stringify({ name })));
          expected.push([name, JSON.stringify({ name })]);
        }
        await stage.wait(job.settle(end));
      }
      assert.deepEqual(Object.fromEntries((await worker.next()).steps), Object.fromEntries(expected));
    },
  },
  {
    name: "remembers what a worker that was lost had done",
    shared: true,
    async run(stage) {
      const silent = await stage.open({ lease: 600, clock: manualClock() });
      const engine = await stage.open({ lease: 600 });
      await ask(engine, runOf("a"));
      const dead = await stage.worker(silent, { tasks: ["a"] });
      const job = await dead.next();
      await stage.wait(job.remember("charge", "1"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      assert.deepEqual([...(await worker.next()).steps], [["charge", "1"]]);
    },
  },
  {
    name: "keeps what each run remembers apart, and takes any name and large values",
    async run(stage) {
      const engine = await stage.open();
      await ask(engine, runOf("a"), runOf("b"));
      const worker = await stage.worker(engine, { tasks: ["a", "b"] });
      const value = JSON.stringify("ä".repeat(100_000));
      const names = ["", "__proto__", "a'b\"c", "\u{1f600}", "x".repeat(500)];
      for (const job of await worker.take(2)) {
        if (job.task === "a") for (const name of names) await stage.wait(job.remember(name, value));
        await stage.wait(job.settle(failed("no", 0)));
      }
      for (const job of await worker.take(2)) {
        const expected = job.task === "a" ? names : [];
        assert.deepEqual([...job.steps.keys()].toSorted(), expected.toSorted());
        assert.ok([...job.steps.values()].every((kept) => kept === value));
      }
    },
  },
  {
    name: "remembers from many branches at once",
    async run(stage) {
      const engine = await stage.open();
      await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const job = await worker.next();
      const names = Array.from({ length: 50 }, (_, index) => `step ${index}`);
      await stage.wait(Promise.all(names.map((name) => job.remember(name, "null"))));
      await stage.wait(job.settle(failed("no", 0)));
      const again = await worker.next();
      assert.deepEqual([...again.steps.keys()].toSorted(), names.toSorted());
      await stage.wait(again.settle(succeeded()));
    },
  },
];
