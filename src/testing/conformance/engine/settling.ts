import assert from "node:assert/strict";
import { ask, cancelled, failed, returned, runOf, skipped, succeeded, suspended, times } from "./requests.ts";
import type { Case } from "./stage.ts";

/** How an attempt ends, and what becomes of its run. */
export const settlingCases: readonly Case[] = [
  {
    name: "settles a run as its attempt says",
    async run(stage) {
      const engine = await stage.open();
      const ids = await ask(engine, ...times(4, () => runOf("a")));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const jobs = await worker.take(4);
      const outcomes = [succeeded({ n: 1 }), failed("no"), cancelled("enough"), skipped];
      const kept = await stage.wait(Promise.all(jobs.map((job, index) => job.settle(outcomes[index]!))));
      assert.deepEqual(kept, [true, true, true, true]);
      assert.deepEqual(await stage.results(engine, ids), [
        { state: "succeeded", output: '{"n":1}' },
        { state: "failed", error: { name: "Error", message: "no" } },
        { state: "cancelled", reason: "enough" },
        { state: "skipped", reason: "not wanted" },
      ]);
    },
  },
  {
    name: "is kept when settle settles: who asks next sees it",
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["a"] });
      for (let n = 0; n < 10; n++) {
        const [id] = await ask(engine, runOf("a"));
        await worker.settle(succeeded(n));
        assert.equal((await stage.run(engine, id!)).output, n);
      }
    },
  },
  {
    name: "settles hundreds at once, each with its own output",
    async run(stage) {
      const engine = await stage.open();
      const ids = await ask(engine, ...times(300, (n) => runOf("a", { input: String(n) })));
      const worker = await stage.worker(engine, { tasks: ["a"], slots: 100 });
      worker.play(({ input }) => succeeded(Number(input) * 2));
      const outputs = (await stage.results(engine, ids)).map(({ output }) => Number(output));
      assert.deepEqual(
        outputs,
        times(300, (n) => n * 2),
      );
    },
  },
  {
    name: "keeps the first of two settlements of one attempt",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const job = await worker.settle(succeeded(1));
      await stage.wait(job.settle(succeeded(2)));
      await stage.wait(job.settle(failed("no", 0)));
      await stage.quiet();
      assert.deepEqual(await stage.result(engine, id!), { state: "succeeded", output: "1" });
      assert.equal(worker.jobs.length, 1);
    },
  },
  {
    name: "tries again as often as it is told, and counts attempts and failures",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      worker.play((job) => (job.attempt < 4 ? failed(`attempt ${job.attempt}`, 5) : succeeded("done")));
      assert.deepEqual(await stage.result(engine, id!), { state: "succeeded", output: '"done"' });
      assert.deepEqual(
        worker.jobs.map(({ attempt, failures }) => [attempt, failures]),
        [
          [1, 0],
          [2, 1],
          [3, 2],
          [4, 3],
        ],
      );
      assert.equal((await stage.run(engine, id!)).attempt, 4);
    },
  },
  {
    name: "tries again no sooner than told, and says until when it waits",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      await worker.settle(failed("no", 400));
      const failedAt = stage.now;
      const run = await stage.run(engine, id!);
      assert.equal(run.state, "scheduled");
      assert.equal(run.error?.message, "no");
      assert.ok(Math.abs(run.dueAt! - stage.wall - 400) < 5_000);
      await worker.settle(succeeded());
      const passed = stage.now - failedAt;
      assert.ok(passed >= 350, `it was tried again after ${passed} ms`);
      assert.equal((await stage.run(engine, id!)).error, undefined);
    },
  },
  {
    name: "begins again at once what is given back, here or elsewhere, which is no failure",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const job = await worker.next();
      const other = await stage.worker(engine, { tasks: ["a"] });
      await stage.wait(worker.station.close());
      await stage.wait(job.settle(returned));
      const again = await other.next();
      assert.deepEqual([again.runId, again.attempt, again.failures], [id, 2, 0]);
    },
  },
  {
    name: "frees the slot of what is settled in any way",
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["a"], slots: 1 });
      const far = stage.wall + 3_600_000;
      const outcomes = [
        succeeded(),
        failed("no"),
        failed("no", 3_600_000),
        cancelled(),
        skipped,
        suspended({ until: far }),
        suspended({ event: "never" }),
      ];
      const ids = await ask(engine, ...times(outcomes.length + 1, () => runOf("a")));
      for (const [index, outcome] of outcomes.entries()) {
        assert.equal((await worker.settle(outcome)).runId, ids[index]);
      }
      assert.equal((await worker.next()).runId, ids.at(-1));
    },
  },
  {
    name: "keeps the slot of a body that was given up until it has ended",
    async run(stage) {
      const engine = await stage.open();
      const [id, next] = await ask(engine, runOf("a"), runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"], slots: 1 });
      const job = await worker.next();
      const { promise: ended, resolve: end } = Promise.withResolvers<void>();
      const settled = job.settle(failed("given up"), ended);
      assert.equal((await stage.result(engine, id!)).state, "failed");
      await stage.quiet();
      assert.equal(worker.jobs.length, 1);
      end();
      assert.equal(await stage.wait(settled), true);
      assert.equal((await worker.next()).runId, next);
    },
  },
  {
    name: "takes up at its moment what sleeps, as the same attempt",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const began = stage.now;
      await worker.settle(suspended({ until: stage.wall + 400 }));
      assert.equal((await stage.run(engine, id!)).state, "scheduled");
      const again = await worker.next();
      assert.ok(stage.now - began >= 350);
      assert.deepEqual([again.runId, again.attempt, again.failures], [id, 1, 0]);
    },
  },
  {
    name: "takes up at the event what waits for it, with what it said, as the same attempt",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      await worker.settle(suspended({ event: "paid" }));
      assert.equal((await stage.run(engine, id!)).state, "waiting");
      assert.equal(await engine.emit("other", "1"), 0);
      assert.equal(await engine.emit("paid", '{"sum":5}'), 1);
      const again = await worker.next();
      assert.deepEqual([again.runId, again.attempt, again.failures], [id, 1, 0]);
      assert.deepEqual([...again.steps], [["event:0", '{"event":{"sum":5}}']]);
      assert.equal(await engine.emit("paid", "2"), 0);
    },
  },
  {
    name: "takes up what waits for an event when its time is over first",
    async run(stage) {
      const engine = await stage.open();
      await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      await worker.settle(suspended({ event: "paid", until: stage.wall + 300 }));
      const again = await worker.next();
      assert.deepEqual([again.attempt, [...again.steps]], [1, [["event:0", '{"timeout":true}']]]);
      assert.equal(await engine.emit("paid", "1"), 0);
    },
  },
];
