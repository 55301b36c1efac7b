import assert from "node:assert/strict";
import { ask, Flow, succeeded, times } from "./requests.ts";
import type { Case, Stage } from "./stage.ts";
import type { Engine } from "../../../work/engine.ts";
import type { Hand } from "./hand.ts";
import type { Waits } from "../../../work/engine.ts";

/**
 * What steps wait for, once their parents are done. An event counts for those that wait for it when it is emitted: one that
 * came before is not kept for them.
 */
export const conditionCases: readonly Case[] = [
  {
    name: "begins a step when the event has come that it waits for",
    async run(stage) {
      const { engine, worker } = await waiting(stage, { events: ["paid"] });
      assert.equal(await engine.emit("other", "null"), 0);
      await stage.quiet();
      assert.equal(worker.jobs.length, 1);
      assert.equal(await engine.emit("paid", "null"), 1);
      assert.equal((await worker.settle(succeeded())).task, "flow/b");
      assert.equal(await engine.emit("paid", "null"), 0);
    },
  },
  {
    name: "counts an event from when the parents are done, and keeps none that came before",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: { parents: ["a"], waitFor: { events: ["paid"] } } });
      const worker = await stage.worker(engine, { flows: [flow] });
      assert.equal(await engine.emit("paid", "null"), 0);
      const [id] = await ask(engine, flow.request());
      const job = await worker.next();
      assert.equal(await engine.emit("paid", "null"), 0);
      await stage.wait(job.settle(succeeded()));
      await stage.quiet();
      assert.equal((await stage.steps(engine, id!))["b"], "waiting");
      assert.equal(await engine.emit("paid", "null"), 1);
      await worker.next();
    },
  },
  {
    name: "begins a step when its while is over, counted from when its parents are done",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: { parents: ["a"], waitFor: { sleep: 400 } } });
      const worker = await stage.worker(engine, { flows: [flow] });
      await ask(engine, flow.request());
      const job = await worker.next();
      await stage.elapse(200);
      const began = stage.now;
      await stage.wait(job.settle(succeeded()));
      await worker.next();
      assert.ok(stage.now - began >= 350, `it began after ${stage.now - began} ms`);
    },
  },
  {
    name: "begins a step at the first of any: an event before the while is over",
    async run(stage) {
      const { engine, worker } = await waiting(stage, { mode: "any", sleep: 3_600_000, events: ["x", "y"] });
      assert.equal(await engine.emit("y", "1"), 1);
      await worker.settle(succeeded());
      assert.equal(await engine.emit("x", "1"), 0);
      assert.equal(worker.jobs.length, 2);
    },
  },
  {
    name: "begins a step at the first of any: the while before an event",
    async run(stage) {
      const { engine, worker } = await waiting(stage, { mode: "any", sleep: 200, events: ["x"] });
      await worker.settle(succeeded());
      assert.equal(await engine.emit("x", "1"), 0);
    },
  },
  {
    name: "begins a step at the last of all events, in whatever order, each counted once",
    async run(stage) {
      for (const order of [
        ["x", "y", "z"],
        ["z", "x", "y"],
      ]) {
        const { engine, worker } = await waiting(stage, { events: ["x", "y", "z"] });
        const [first, second, third] = order;
        await engine.emit(first!, "1");
        await engine.emit(first!, "2");
        await engine.emit(second!, "1");
        await stage.quiet();
        assert.equal(worker.jobs.length, 1);
        await engine.emit(third!, "1");
        await worker.settle(succeeded());
        await stage.wait(worker.station.leave());
      }
    },
  },
  {
    name: "begins a step at the last of all: the event, then the while",
    async run(stage) {
      const began = stage.now;
      const { engine, worker } = await waiting(stage, { sleep: 500, events: ["x"] });
      await engine.emit("x", "1");
      await worker.settle(succeeded());
      assert.ok(stage.now - began >= 450);
    },
  },
  {
    name: "begins a step at the last of all: the while, then the event",
    async run(stage) {
      const { engine, worker } = await waiting(stage, { sleep: 50, events: ["x"] });
      await stage.elapse(400);
      assert.equal(worker.jobs.length, 1);
      await engine.emit("x", "1");
      await worker.settle(succeeded());
    },
  },
  {
    name: "tells all that wait for an event, and gives how many",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: { waitFor: { events: ["go"] } } });
      const ids = await ask(engine, ...times(7, () => flow.request()));
      const worker = await stage.worker(engine, { flows: [flow] });
      worker.play(() => succeeded());
      assert.equal(await engine.emit("go", "1"), 7);
      await stage.results(engine, ids);
    },
  },
  {
    name: "cancels a workflow's run that waits for an event",
    async run(stage) {
      const { engine, worker, id } = await waiting(stage, { events: ["x"] });
      await engine.cancel({ ids: [id] }, "stop");
      assert.deepEqual(await stage.result(engine, id), { state: "cancelled", reason: "stop" });
      assert.equal(await engine.emit("x", "1"), 0);
      await stage.quiet();
      assert.equal(worker.jobs.length, 1);
    },
  },
];

/** A step `flow/b` that waits, its parent done, before a worker that has taken nothing else. */
async function waiting(stage: Stage, waitFor: Partial<Waits>): Promise<{ engine: Engine; worker: Hand; id: string }> {
  const engine = await stage.open();
  const flow = new Flow("flow", { a: {}, b: { parents: ["a"], waitFor } });
  const worker = await stage.worker(engine, { flows: [flow] });
  const [id] = await ask(engine, flow.request());
  await worker.settle(succeeded());
  return { engine, worker, id: id! };
}
