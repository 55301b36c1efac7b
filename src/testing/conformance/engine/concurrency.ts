import assert from "node:assert/strict";
import type { ConcurrencyLimit } from "../../../work/engine.ts";
import {
  ask,
  cancelled,
  failed,
  Flow,
  keyed,
  returned,
  runOf,
  skipped,
  succeeded,
  suspended,
  times,
} from "./requests.ts";
import { chance } from "./random-flow.ts";
import type { Case } from "./stage.ts";
import { manualClock } from "../../clock.ts";

/** How many runs of one key go on at the same time. */
export const concurrencyCases: readonly Case[] = [
  {
    name: "holds a run whose key is taken, and begins it when the key is free",
    async run(stage) {
      const engine = await stage.open();
      const ids = await ask(engine, ...times(3, () => keyed("k")));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      for (const [index, id] of ids.entries()) {
        const job = await worker.next();
        assert.equal(job.runId, id);
        await stage.quiet();
        assert.equal(worker.jobs.length, index + 1);
        const states = await Promise.all(ids.slice(index + 1).map((other) => stage.run(engine, other)));
        assert.ok(states.every(({ state }) => state === "held"));
        await stage.wait(job.settle(succeeded()));
      }
    },
  },
  {
    name: "lets keys go on beside each other, also of other tasks, and runs without one",
    async run(stage) {
      const engine = await stage.open();
      await ask(engine, keyed("k"), keyed("k"), keyed("l"), { ...keyed("k"), task: "b" }, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a", "b"] });
      const jobs = await worker.take(3);
      assert.deepEqual(
        jobs.map(({ task }) => task),
        ["a", "a", "a"],
      );
      await stage.quiet();
      assert.equal(worker.jobs.length, 3);
    },
  },
  {
    name: "never has more than the limit of a key in hand, over random ends, two keys and two workers",
    async run(stage) {
      const engine = await stage.open();
      const random = chance(7);
      const inHand: Record<string, number> = { k: 0, l: 0 };
      const most: Record<string, number> = { k: 0, l: 0 };
      for (let n = 0; n < 2; n++) {
        const worker = await stage.worker(engine, { tasks: ["a"], slots: 5 });
        worker.play(async ({ metadata, attempt }) => {
          const key = metadata["key"]!;
          most[key] = Math.max(most[key]!, ++inHand[key]!);
          for (let turns = random() * 5; turns > 0; turns--) await new Promise((resolve) => void setImmediate(resolve));
          inHand[key]!--;
          const ends = [succeeded(), failed("no"), cancelled(), skipped, ...(attempt < 3 ? [failed("no", 5)] : [])];
          return ends[Math.floor(random() * ends.length)]!;
        });
      }
      const requests = times(60, (index) => {
        const key = random() < 0.5 ? "k" : "l";
        return keyed(key, { limit: 2 }, { metadata: { key }, delay: index % 3 === 0 ? index : undefined });
      });
      await stage.results(engine, await ask(engine, ...requests));
      assert.deepEqual(most, { k: 2, l: 2 });
    },
  },
  {
    name: "never has more than the limit of a key in hand over two processes",
    shared: true,
    async run(stage) {
      const engines = [await stage.open(), await stage.open()];
      let [inHand, most] = [0, 0];
      for (const engine of engines) {
        const worker = await stage.worker(engine, { tasks: ["a"] });
        worker.play(async () => {
          most = Math.max(most, ++inHand);
          await new Promise((resolve) => void setImmediate(resolve));
          inHand--;
          return succeeded();
        });
      }
      const batches = engines.flatMap((engine) => times(10, () => ask(engine, keyed("k"), keyed("k"))));
      await stage.results(engines[0]!, (await stage.wait(Promise.all(batches))).flat());
      assert.equal(most, 1);
    },
  },
  {
    name: "gives the key on however its run ends: well, badly, cancelled, skipped, or cancelled before it begins",
    async run(stage) {
      const engine = await stage.open();
      const outcomes = [succeeded(), failed("no"), cancelled(), skipped];
      const ids = await ask(engine, ...times(7, () => keyed("k")));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      for (const [index, outcome] of outcomes.entries()) {
        assert.equal((await worker.settle(outcome)).runId, ids[index]);
      }
      const fifth = await worker.next();
      await engine.cancel({ ids: [ids[5]!] }, "while it was held");
      await stage.wait(worker.station.close());
      await stage.wait(fifth.settle(succeeded()));
      await stage.reaches(engine, ids[6]!, "queued");
      const [last] = await ask(engine, keyed("k"));
      await engine.cancel({ ids: [ids[6]!] }, "while it was queued");
      const other = await stage.worker(engine, { tasks: ["a"] });
      assert.equal((await other.next()).runId, last);
    },
  },
  {
    name: "gives the key on when its run is given back, and when it could not start in time",
    async run(stage) {
      const engine = await stage.open();
      const [first, second] = await ask(engine, keyed("k"), keyed("k"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      await worker.settle(returned);
      assert.equal((await worker.settle(succeeded())).runId, first);
      assert.equal((await worker.settle(succeeded())).runId, second);
      await stage.wait(worker.station.leave());
      const [late] = await ask(engine, keyed("k", {}, { scheduleTimeout: 200 }));
      const [next] = await ask(engine, keyed("k"));
      assert.equal((await stage.result(engine, late!)).state, "cancelled");
      const other = await stage.worker(engine, { tasks: ["a"] });
      assert.equal((await other.next()).runId, next);
    },
  },
  {
    name: "keeps the key for a run that backs off, sleeps or waits for an event",
    async run(stage) {
      const engine = await stage.open();
      const [first, second] = await ask(engine, keyed("k"), keyed("k"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const ends = [failed("no", 100), suspended({ until: stage.wall + 100 }), suspended({ event: "go" })];
      for (const end of ends) assert.equal((await worker.settle(end)).runId, first);
      await stage.quiet();
      assert.equal((await stage.run(engine, second!)).state, "held");
      await engine.emit("go", "1");
      assert.equal((await worker.settle(succeeded())).runId, first);
      assert.equal((await worker.next()).runId, second);
    },
  },
  {
    name: "gives the key on when a worker was lost, and the run that it had goes first",
    shared: true,
    async run(stage) {
      const silent = await stage.open({ lease: 600, clock: manualClock() });
      const engine = await stage.open({ lease: 600 });
      const [first, second] = await ask(engine, keyed("k"), keyed("k"));
      const dead = await stage.worker(silent, { tasks: ["a"] });
      await dead.next();
      const worker = await stage.worker(engine, { tasks: ["a"] });
      assert.equal((await worker.settle(succeeded())).runId, first);
      assert.equal((await worker.settle(succeeded())).runId, second);
    },
  },
  {
    name: "takes no key for a run that is not due yet",
    async run(stage) {
      const engine = await stage.open();
      const [delayed] = await ask(engine, keyed("k", {}, { delay: 400 }));
      const [first] = await ask(engine, keyed("k"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const job = await worker.next();
      assert.equal(job.runId, first);
      await stage.reaches(engine, delayed!, "held");
      await stage.wait(job.settle(succeeded()));
      assert.equal((await worker.next()).runId, delayed);
    },
  },
  {
    name: "puts a replayed run in line for its key",
    async run(stage) {
      const engine = await stage.open();
      const [first, second] = await ask(engine, keyed("k"), keyed("k"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      await worker.settle(failed("no"));
      const job = await worker.next();
      assert.equal(job.runId, second);
      await engine.replay({ ids: [first!] });
      await stage.quiet();
      assert.equal(worker.jobs.length, 2);
      await stage.wait(job.settle(succeeded()));
      assert.equal((await worker.next()).runId, first);
    },
  },
  {
    name: "lets the run of higher priority have the key first",
    async run(stage) {
      const engine = await stage.open();
      const given = [0, 1, 5, 3].map((priority) => keyed("k", {}, { priority }));
      const ids: string[] = [];
      for (const request of given) ids.push(...(await ask(engine, request)));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      worker.play(() => succeeded());
      await stage.results(engine, ids);
      const order = worker.jobs.map(({ runId }) => ids.indexOf(runId));
      assert.deepEqual(order, [0, 2, 3, 1]);
    },
  },
  {
    name: "holds the key of a workflow for its whole run",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: { parents: ["a"] } });
      const concurrency: ConcurrencyLimit = { key: "k", limit: 1, strategy: "queue" };
      const ids = await ask(engine, ...times(3, () => flow.request({ concurrency })));
      const worker = await stage.worker(engine, { flows: [flow] });
      worker.play(({ task, workflowRunId }) =>
        task === "flow/a" && workflowRunId === ids[1] ? failed("no") : succeeded(),
      );
      const states = (await stage.results(engine, ids)).map(({ state }) => state);
      assert.deepEqual(states, ["succeeded", "failed", "succeeded"]);
      const order = worker.jobs.map(({ workflowRunId }) => ids.indexOf(workflowRunId!));
      assert.deepEqual(order, [0, 0, 1, 2, 2]);
    },
  },
  {
    name: "holds the key of a step while that goes on",
    async run(stage) {
      const engine = await stage.open();
      const concurrency: ConcurrencyLimit = { key: "k", limit: 1, strategy: "queue" };
      const flow = new Flow("flow", { a: { concurrency }, b: { parents: ["a"] } });
      const ids = await ask(engine, ...times(2, () => flow.request()));
      const worker = await stage.worker(engine, { flows: [flow] });
      const first = await worker.next();
      await stage.quiet();
      assert.equal(worker.jobs.length, 1);
      worker.play(() => succeeded());
      await stage.wait(first.settle(succeeded()));
      await stage.results(engine, ids);
      assert.equal(worker.jobs.length, 4);
    },
  },
];
