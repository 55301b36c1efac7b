import assert from "node:assert/strict";
import { ask, cancelled, failed, Flow, nextId, runOf, succeeded, suspended, times } from "./requests.ts";
import type { Case } from "./stage.ts";

/** Running again what has settled. */
export const replayingCases: readonly Case[] = [
  {
    name: "runs again what failed, with its input, its retries new, and a result to wait for",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a", { input: "7", metadata: { user: "ada" } }));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      await worker.settle(failed("no", 0));
      const first = await worker.settle(failed("no"));
      assert.equal((await stage.result(engine, id!)).state, "failed");
      assert.equal(await engine.replay({ ids: [id!] }), 1);
      const again = await worker.next();
      assert.deepEqual([again.runId, again.input, again.metadata, again.failures], [id, "7", { user: "ada" }, 0]);
      assert.ok(again.attempt > first.attempt);
      const running = await stage.run(engine, id!);
      assert.deepEqual([running.state, running.error, running.settledAt], ["running", undefined, undefined]);
      const result = engine.result(id!);
      await stage.wait(again.settle(succeeded("now")));
      assert.deepEqual(await stage.wait(result), { state: "succeeded", output: '"now"' });
      assert.equal((await engine.list({})).length, 1);
    },
  },
  {
    name: "replays all that fit a filter, without a limit, and gives how many",
    async run(stage) {
      const engine = await stage.open();
      const a = times(101, () => runOf("a"));
      const ids = await ask(engine, ...a, ...times(49, () => runOf("b")), ...times(48, () => runOf("c")));
      const worker = await stage.worker(engine, { tasks: ["a", "b", "c"], slots: 50 });
      worker.play((job) => (job.attempt === 1 ? failed("no") : succeeded(job.attempt)));
      await stage.results(engine, ids);
      assert.equal(await engine.replay({ tasks: ["a", "b"], states: ["failed"] }), 150);
      const settled = await stage.results(engine, ids.slice(0, 150));
      assert.ok(settled.every(({ state }) => state === "succeeded"));
      assert.equal(await engine.replay({ tasks: ["a", "b"], states: ["failed"] }), 0);
      assert.equal((await engine.list({ states: ["failed"], limit: 1000 })).length, 48);
    },
  },
  {
    name: "replays what was cancelled before it began, and what succeeded",
    async run(stage) {
      const engine = await stage.open();
      const [one, two] = await ask(engine, runOf("a", { input: "1" }), runOf("b", { input: "2" }));
      await engine.cancel({ ids: [one!] }, "no");
      const worker = await stage.worker(engine, { tasks: ["a", "b"] });
      await worker.settle(succeeded("old"));
      assert.equal(await engine.replay({ ids: [one!, two!] }), 2);
      worker.play(({ input }) => succeeded(`new ${input}`));
      const outputs = (await stage.results(engine, [one!, two!])).map(({ output }) => output);
      assert.deepEqual(outputs, ['"new 1"', '"new 2"']);
    },
  },
  {
    name: "replays nothing that has not settled or is not there",
    async run(stage) {
      const engine = await stage.open();
      const ids = await ask(engine, runOf("a"), runOf("b"), runOf("c", { delay: 3_600_000 }));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const job = await worker.next();
      assert.equal(await engine.replay({ ids: [...ids, nextId()] }), 0);
      await stage.wait(job.settle(succeeded()));
      await stage.quiet();
      assert.equal(worker.jobs.length, 1);
    },
  },
  {
    name: "keeps what a replayed run remembers",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const job = await worker.next();
      await stage.wait(job.remember("charge", '{"id":7}'));
      await stage.wait(job.settle(failed("no")));
      await engine.replay({ ids: [id!] });
      assert.deepEqual([...(await worker.next()).steps], [["charge", '{"id":7}']]);
    },
  },
  {
    name: "forgets what a run, and what is run again of a workflow's run, remembers when it is replayed afresh",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { done: {}, fails: { parents: ["done"] } });
      const [task, whole] = await ask(engine, runOf("a"), flow.request());
      const worker = await stage.worker(engine, { tasks: ["a"], flows: [flow] });
      worker.play(async (job) => {
        if (job.attempt === 1) await job.remember("step", job.task);
        return job.attempt === 1 && job.task !== "flow/done" ? failed("no") : succeeded([...job.steps.keys()]);
      });
      await stage.results(engine, [task!, whole!]);
      assert.equal(await engine.replay({ ids: [task!, whole!] }, true), 2);
      const settled = await stage.results(engine, [task!, whole!]);
      assert.deepEqual(
        settled.map(({ output }) => JSON.parse(output ?? "null")),
        [[], { "flow/done": [], "flow/fails": [] }],
      );
      const [step] = await engine.list({ tasks: ["flow/fails"], steps: true });
      assert.equal(await engine.replay({ ids: [step!.id], steps: true }, true), 1);
      await stage.result(engine, whole!);
    },
  },
  {
    name: "finishes when replayed what was cancelled in its sleep",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      await worker.settle(suspended({ until: stage.wall + 3_600_000 }));
      await engine.cancel({ ids: [id!] }, "no");
      assert.equal((await stage.result(engine, id!)).state, "cancelled");
      assert.equal(await engine.replay({ ids: [id!] }), 1);
      await worker.settle(succeeded(1));
      assert.deepEqual(await stage.result(engine, id!), { state: "succeeded", output: "1" });
    },
  },
  {
    name: "replays of a workflow's run only what did not succeed",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: { parents: ["a"] }, c: { parents: ["b"] }, d: {} });
      const [id] = await ask(engine, flow.request({ input: "5" }));
      const worker = await stage.worker(engine, { flows: [flow] });
      const begun: string[] = [];
      worker.play((job) => {
        begun.push(job.task);
        if (job.task === "flow/b" && job.attempt === 1) return failed("no");
        return succeeded(`${job.task} of ${job.input}`);
      });
      assert.equal((await stage.result(engine, id!)).state, "failed");
      assert.equal(await engine.replay({ ids: [id!] }), 1);
      assert.equal((await stage.result(engine, id!)).state, "succeeded");
      assert.deepEqual(begun.toSorted(), ["flow/a", "flow/b", "flow/b", "flow/c", "flow/d"]);
      const last = worker.jobs.at(-1)!;
      assert.equal(last.input, "5");
      assert.deepEqual(last.parents, { "flow/b": { state: "succeeded", output: '"flow/b of 5"' } });
    },
  },
  {
    name: "gives a step that was cancelled before it began its payload when it is replayed",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: { parents: ["a"] } });
      const [id] = await ask(engine, flow.request({ input: '"payload"' }));
      const worker = await stage.worker(engine, { flows: [flow] });
      await worker.settle(cancelled("no"));
      assert.equal((await stage.result(engine, id!)).state, "cancelled");
      assert.equal(await engine.replay({ ids: [id!] }), 1);
      worker.play(({ input }) => succeeded(JSON.parse(input)));
      assert.equal((await stage.result(engine, id!)).state, "succeeded");
      assert.deepEqual(
        worker.jobs.map(({ task, input }) => [task, input]),
        [
          ["flow/a", '"payload"'],
          ["flow/a", '"payload"'],
          ["flow/b", '"payload"'],
        ],
      );
    },
  },
];
