import assert from "node:assert/strict";
import { ask, failed, Flow, runOf, succeeded } from "./requests.ts";
import type { Case } from "./stage.ts";

/** Runs that are due later, and those that could not start in time. */
export const scheduleCases: readonly Case[] = [
  {
    name: "begins a delayed run no sooner than told, and says when it is due",
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const began = stage.now;
      const [id] = await ask(engine, runOf("a", { delay: 500 }));
      const { state, dueAt } = await stage.run(engine, id!);
      assert.equal(state, "scheduled");
      assert.ok(Math.abs(dueAt! - stage.wall - 500) < 5_000);
      await worker.next();
      assert.ok(stage.now - began >= 450, `it began after ${stage.now - began} ms`);
    },
  },
  {
    name: "begins a run at its moment, and one whose moment has passed at once",
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const dueAt = stage.wall + 500;
      const [later, past] = await ask(engine, runOf("a", { dueAt }), runOf("a", { dueAt: stage.wall - 60_000 }));
      assert.equal((await worker.next()).runId, past);
      assert.equal((await stage.run(engine, later!)).dueAt, dueAt);
      assert.equal((await worker.next()).runId, later);
    },
  },
  {
    name: "begins delayed runs in the order in which they are due, whoever asked first",
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const dueAt = stage.wall;
      const [far, , second] = await ask(
        engine,
        runOf("a", { delay: 3_600_000 }),
        runOf("b"),
        runOf("a", { dueAt: dueAt + 800 }),
      );
      const [first] = await ask(engine, runOf("a", { dueAt: dueAt + 400 }));
      assert.deepEqual(
        (await worker.take(2)).map(({ runId }) => runId),
        [first, second],
      );
      assert.equal((await stage.run(engine, far!)).state, "scheduled");
    },
  },
  {
    name: "begins what one process has delayed in another",
    shared: true,
    async run(stage) {
      const [a, b] = [await stage.open(), await stage.open()];
      const worker = await stage.worker(b, { tasks: ["a"] });
      const [id] = await ask(a, runOf("a", { delay: 300 }));
      await stage.wait(a.close());
      assert.equal((await worker.next()).runId, id);
    },
  },
  {
    name: "begins at its exact moment what is due in weeks",
    manual: true,
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const weeks = 40 * 86_400_000;
      const [id] = await ask(engine, runOf("a", { delay: weeks }));
      stage.clock!.jump({ wall: weeks - 1_000 });
      await stage.elapse(900);
      assert.equal((await stage.run(engine, id!)).state, "scheduled");
      await stage.elapse(200);
      assert.equal((await worker.next()).runId, id);
    },
  },
  {
    name: "cancels a run that no worker takes in time, and says so",
    async run(stage) {
      const engine = await stage.open();
      const began = stage.now;
      const [id] = await ask(engine, runOf("a", { scheduleTimeout: 300 }));
      const { state, reason } = await stage.result(engine, id!);
      const passed = stage.now - began;
      assert.ok(passed >= 250 && passed < 5_000, `it was cancelled after ${passed} ms`);
      assert.equal(state, "cancelled");
      assert.match(reason!, /start|300/i);
      const worker = await stage.worker(engine, { tasks: ["a"] });
      await stage.quiet();
      assert.equal(worker.jobs.length, 0);
    },
  },
  {
    name: "begins a delayed workflow when it is due",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: { parents: ["a"] } });
      const worker = await stage.worker(engine, { flows: [flow] });
      const began = stage.now;
      const [id] = await ask(engine, flow.request({ delay: 400 }));
      assert.equal((await stage.run(engine, id!)).state, "scheduled");
      worker.play(() => succeeded());
      assert.equal((await stage.result(engine, id!)).state, "succeeded");
      assert.ok(stage.now - began >= 350);
    },
  },
  {
    name: "cancels what needs a step that could not start in time, and the workflow's run",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: { scheduleTimeout: 200 }, b: { parents: ["a"] } });
      const began = stage.now;
      const [id] = await ask(engine, flow.request());
      assert.equal((await stage.result(engine, id!)).state, "cancelled");
      assert.ok(stage.now - began < 5_000);
      assert.deepEqual(await stage.steps(engine, id!), { a: "cancelled", b: "cancelled" });
    },
  },
  {
    name: "counts the time to start from when a run is due, and not while it runs",
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["a"], slots: 1 });
      const [id] = await ask(engine, runOf("a", { delay: 600, scheduleTimeout: 400 }));
      const job = await worker.next();
      const [late] = await ask(engine, runOf("a", { scheduleTimeout: 200 }));
      assert.equal((await stage.result(engine, late!)).state, "cancelled");
      await stage.elapse(400);
      assert.equal(job.signal.aborted, false);
      await stage.wait(job.settle(failed("no", 0)));
      await worker.settle(succeeded(1));
      assert.deepEqual(await stage.result(engine, id!), { state: "succeeded", output: "1" });
    },
  },
];
