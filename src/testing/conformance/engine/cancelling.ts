import assert from "node:assert/strict";
import { ask, cancelled, failed, Flow, nextId, returned, runOf, succeeded, suspended, times } from "./requests.ts";
import { fired, type Case } from "./stage.ts";
import { JobAborted, type AbortCause } from "../../../work/errors.ts";

/** Cancelling what waits, what runs, and what comes of it. */
export const cancellingCases: readonly Case[] = [
  {
    name: "cancels at once what is queued, delayed, backing off or waits for an event, and says why",
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["b", "c"] });
      const queued = runOf("a");
      const delayed = runOf("a", { delay: 3_600_000 });
      const ids = await ask(engine, queued, delayed, runOf("b"), runOf("c"));
      for (const job of await worker.take(2)) {
        await stage.wait(job.settle(job.task === "b" ? failed("no", 3_600_000) : suspended({ event: "x" })));
      }
      assert.equal(await engine.cancel({ ids }, "not needed"), 4);
      for (const settled of await stage.results(engine, ids)) {
        assert.deepEqual([settled.state, settled.reason], ["cancelled", "not needed"]);
      }
      assert.equal(await engine.emit("x", "1"), 0);
      const late = await stage.worker(engine, { tasks: ["a"] });
      await stage.quiet();
      assert.equal(late.jobs.length, 0);
    },
  },
  {
    name: "tells within a second a job that runs, which is cancelled when it has ended",
    async run(stage) {
      const engine = await stage.open();
      const [id, other] = await ask(engine, runOf("a"), runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const [job, untouched] = await worker.take(2);
      const began = stage.now;
      assert.equal(await engine.cancel({ ids: [id!] }, "stop it"), 1);
      const reason = await stage.wait(fired(job!.signal));
      // A second, and what a slow machine adds.
      assert.ok(stage.now - began < 3_000);
      isAbortedBy(reason, "user");
      assert.match((reason as Error).message, /stop it/);
      assert.equal((await stage.run(engine, id!)).state, "running");
      assert.equal(await stage.wait(job!.settle(cancelled("stop it"))), true);
      assert.deepEqual(await stage.result(engine, id!), { state: "cancelled", reason: "stop it" });
      assert.equal(untouched!.signal.aborted, false);
      assert.equal((await stage.run(engine, other!)).state, "running");
    },
  },
  {
    name: "tells a job that runs in another process",
    shared: true,
    async run(stage) {
      const [a, b] = [await stage.open(), await stage.open()];
      const [id] = await ask(a, runOf("a"));
      const worker = await stage.worker(a, { tasks: ["a"] });
      const job = await worker.next();
      assert.equal(await b.cancel({ ids: [id!] }, "stop"), 1);
      isAbortedBy(await stage.wait(fired(job.signal), 3_000), "user");
      await stage.wait(job.settle(cancelled("stop")));
      assert.equal((await stage.result(b, id!)).state, "cancelled");
    },
  },
  {
    name: "begins nothing again that was cancelled, whether it failed, was given back or left behind",
    async run(stage) {
      const engine = await stage.open();
      const ids = await ask(engine, runOf("a"), runOf("b"), runOf("c"), runOf("d"));
      const worker = await stage.worker(engine, { tasks: ["a", "b", "c", "d"] });
      const jobs = await worker.take(4);
      assert.equal(await engine.cancel({ ids }, "stop"), 4);
      await stage.wait(Promise.all(jobs.map((job) => fired(job.signal))));
      const byTask = new Map(jobs.map((job) => [job.task, job]));
      await stage.wait(byTask.get("a")!.settle(failed("no", 0)));
      await stage.wait(byTask.get("b")!.settle(returned));
      await stage.wait(byTask.get("c")!.settle(suspended({ until: stage.wall })));
      const other = await stage.worker(engine, { tasks: ["a", "b", "c", "d"] });
      await stage.wait(worker.station.leave());
      for (const { state } of await stage.results(engine, ids)) assert.equal(state, "cancelled");
      assert.equal(other.jobs.length, 0);
    },
  },
  {
    name: "cancels with a run the runs that its body asked for, and theirs",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("parent"));
      const worker = await stage.worker(engine, { tasks: ["parent", "child"] });
      const parent = await worker.next();
      const [running, queued] = await ask(
        engine,
        runOf("child", { parentRunId: id! }),
        runOf("elsewhere", { parentRunId: id! }),
      );
      const child = await worker.next();
      const [grandchild, stranger] = await ask(
        engine,
        runOf("elsewhere", { parentRunId: running! }),
        runOf("elsewhere"),
      );
      await engine.cancel({ ids: [id!] }, "stop");
      isAbortedBy(await stage.wait(fired(parent.signal)), "user");
      isAbortedBy(await stage.wait(fired(child.signal)), "parent");
      await stage.wait(Promise.all([parent, child].map((job) => job.settle(cancelled()))));
      const states = await stage.results(engine, [id!, running!, queued!, grandchild!]);
      assert.deepEqual(
        states.map(({ state }) => state),
        times(4, () => "cancelled"),
      );
      assert.equal((await stage.run(engine, stranger!)).state, "queued");
      assert.equal((await stage.run(engine, queued!)).parentRunId, id);
    },
  },
  {
    name: "leaves alone what a body asked for when that has ended well",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("parent"));
      const worker = await stage.worker(engine, { tasks: ["parent"] });
      const parent = await worker.next();
      const [child] = await ask(engine, runOf("child", { parentRunId: id! }));
      await stage.wait(parent.settle(succeeded()));
      await stage.quiet();
      assert.equal((await stage.run(engine, child!)).state, "queued");
    },
  },
  {
    name: "cancels all that fit a filter, without a limit, and gives how many",
    async run(stage) {
      const engine = await stage.open();
      await ask(
        engine,
        ...times(120, () => runOf("a", { metadata: { batch: "1" } })),
        ...times(7, () => runOf("a", { metadata: { batch: "2" } })),
        ...times(3, () => runOf("b", { metadata: { batch: "1" } })),
      );
      assert.equal(await engine.cancel({ tasks: ["a"], metadata: { batch: "1" } }, "all of them"), 120);
      assert.equal((await engine.list({ states: ["cancelled"], limit: 1000 })).length, 120);
      assert.equal((await engine.list({ states: ["queued"], limit: 1000 })).length, 10);
      assert.equal(await engine.cancel({ tasks: ["a"], metadata: { batch: "1" } }, "again"), 0);
      assert.equal(await engine.cancel({ states: ["queued"], limit: 4 }, "some"), 4);
      assert.equal((await engine.list({ states: ["queued"], limit: 1000 })).length, 6);
    },
  },
  {
    name: "cancels nothing that has settled or is not there",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      await worker.settle(succeeded(1));
      assert.equal(await engine.cancel({ ids: [id!, nextId()] }, "late"), 0);
      assert.deepEqual(await stage.result(engine, id!), { state: "succeeded", output: "1" });
    },
  },
  {
    name: "cancels a workflow's run with all of its steps, those that run told",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: {}, c: { parents: ["a"] }, d: { parents: ["b", "c"] } });
      const [id] = await ask(engine, flow.request());
      const worker = await stage.worker(engine, { flows: [flow] });
      const [one, two] = await worker.take(2);
      await stage.wait(one!.settle(succeeded()));
      const third = await worker.next();
      await engine.cancel({ ids: [id!] }, "stop");
      for (const job of [two!, third]) {
        assert.ok((await stage.wait(fired(job.signal))) instanceof JobAborted);
        await stage.wait(job.settle(cancelled("stop")));
      }
      assert.deepEqual(await stage.result(engine, id!), { state: "cancelled", reason: "stop" });
      const states = Object.values(await stage.steps(engine, id!)).toSorted();
      assert.deepEqual(states, ["cancelled", "cancelled", "cancelled", "succeeded"]);
      assert.equal(worker.jobs.length, 3);
    },
  },
];

function isAbortedBy(reason: unknown, why: AbortCause): void {
  assert.ok(reason instanceof JobAborted, String(reason));
  assert.equal(reason.why, why);
}
