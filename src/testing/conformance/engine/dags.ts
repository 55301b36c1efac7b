import assert from "node:assert/strict";
import { ask, cancelled, failed, Flow, runOf, skipped, succeeded, times } from "./requests.ts";
import type { Case } from "./stage.ts";
import { randomFlow } from "./random-flow.ts";

/** Steps of workflows: when each begins, what it is given, and what comes of failures. */
export const dagCases: readonly Case[] = [
  {
    name: "begins a step when its parents have ended well, with their outputs",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: {}, sum: { parents: ["a", "b"] }, last: { parents: ["sum"] } });
      const [id] = await ask(engine, flow.request({ input: '{"n":1}', metadata: { user: "ada" } }));
      const worker = await stage.worker(engine, { flows: [flow] });
      const [one, two] = await worker.take(2);
      assert.deepEqual([one!.task, two!.task].toSorted(), ["flow/a", "flow/b"]);
      await stage.wait(one!.settle(succeeded(3)));
      await stage.quiet();
      assert.equal(worker.jobs.length, 2);
      assert.deepEqual((await stage.steps(engine, id!))["sum"], "waiting");
      await stage.wait(two!.settle(succeeded(4)));
      const sum = await worker.next();
      assert.equal(sum.task, "flow/sum");
      const outputs = [one!, two!].map(({ task }) => sum.parents[task]);
      assert.deepEqual(outputs, [
        { state: "succeeded", output: "3" },
        { state: "succeeded", output: "4" },
      ]);
      await stage.wait(sum.settle(succeeded(7)));
      const last = await worker.settle(succeeded("end"));
      assert.deepEqual(last.parents, { "flow/sum": { state: "succeeded", output: "7" } });
      assert.equal((await stage.result(engine, id!)).state, "succeeded");
      for (const job of worker.jobs) {
        assert.deepEqual([job.input, job.metadata, job.workflowRunId], ['{"n":1}', { user: "ada" }, id]);
      }
    },
  },
  {
    name: "gives a workflow's run the outputs of its steps",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: {}, none: { parents: ["a", "b"] } });
      const [id] = await ask(engine, flow.request());
      const worker = await stage.worker(engine, { flows: [flow] });
      worker.play(({ task }) => (task === "flow/none" ? skipped : succeeded(task === "flow/a" ? 0 : "")));
      const { state, output } = await stage.result(engine, id!);
      assert.equal(state, "succeeded");
      const outputs = JSON.parse(output!) as Record<string, unknown>;
      assert.deepEqual(outputs, { "flow/a": 0, "flow/b": "" });
      assert.deepEqual((await stage.run(engine, id!)).output, outputs);
    },
  },
  {
    name: "says that a workflow runs when one of its steps has begun",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: { parents: ["a"] } });
      const [id] = await ask(engine, flow.request());
      const worker = await stage.worker(engine, { flows: [flow] });
      await worker.settle(succeeded());
      const job = await worker.next();
      assert.equal((await stage.run(engine, id!)).state, "running");
      await stage.wait(job.settle(succeeded()));
      const run = await stage.run(engine, id!);
      assert.equal(run.state, "succeeded");
      assert.ok(run.settledAt !== undefined);
    },
  },
  {
    name: "cancels by name what needs a step that failed, at any distance, and finishes the rest",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", {
        a: {},
        b: { parents: ["a"] },
        c: { parents: ["b"] },
        other: {},
        after: { parents: ["other"] },
      });
      const [id] = await ask(engine, flow.request());
      const worker = await stage.worker(engine, { flows: [flow] });
      worker.play(({ task }) => (task === "flow/a" ? failed("broken") : succeeded()));
      const { state, error } = await stage.result(engine, id!);
      assert.deepEqual([state, error?.message], ["failed", "broken"]);
      assert.deepEqual(await stage.steps(engine, id!), {
        a: "failed",
        b: "cancelled",
        c: "cancelled",
        other: "succeeded",
        after: "succeeded",
      });
      const steps = await engine.list({ workflowRunId: id!, steps: true });
      const byTask = new Map(steps.map((step) => [step.task, step]));
      assert.match(byTask.get("flow/b")!.reason!, /flow\/a/);
      assert.ok(byTask.get("flow/c")!.reason !== undefined);
      assert.equal(byTask.get("flow/b")!.error, undefined);
    },
  },
  {
    name: "tries a step again before others suffer",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: { parents: ["a"] } });
      const [id] = await ask(engine, flow.request());
      const worker = await stage.worker(engine, { flows: [flow] });
      worker.play((job) => (job.task === "flow/a" && job.attempt < 3 ? failed("no", 5) : succeeded(job.attempt)));
      assert.equal((await stage.result(engine, id!)).state, "succeeded");
      assert.deepEqual(worker.jobs.at(-1)!.parents, { "flow/a": { state: "succeeded", output: "3" } });
    },
  },
  {
    name: "takes a skipped parent for one that ended well",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: {}, c: { parents: ["a", "b"] } });
      const [id] = await ask(engine, flow.request());
      const worker = await stage.worker(engine, { flows: [flow] });
      worker.play(({ task }) => (task === "flow/a" ? skipped : succeeded(2)));
      assert.equal((await stage.result(engine, id!)).state, "succeeded");
      assert.deepEqual(worker.jobs.at(-1)!.parents, {
        "flow/a": { state: "skipped", reason: "not wanted" },
        "flow/b": { state: "succeeded", output: "2" },
      });
    },
  },
  {
    name: "cancels what needs a step that was cancelled, and the workflow's run with it",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: { parents: ["a"] }, c: {} });
      const [id] = await ask(engine, flow.request());
      const worker = await stage.worker(engine, { flows: [flow] });
      worker.play(({ task }) => (task === "flow/a" ? cancelled("not now") : succeeded()));
      assert.equal((await stage.result(engine, id!)).state, "cancelled");
      assert.deepEqual(await stage.steps(engine, id!), { a: "cancelled", b: "cancelled", c: "succeeded" });
    },
  },
  {
    name: "runs what is for failures when the rest has ended, with how each did, and not what is for success",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: { parents: ["a"] }, c: {} }, ["failure", "success"]);
      const [id] = await ask(engine, flow.request());
      const worker = await stage.worker(engine, { flows: [flow] });
      const jobs = await worker.take(2);
      const [bad, good] = jobs.toSorted((x, y) => x.task.localeCompare(y.task));
      await stage.wait(bad!.settle(failed("broken")));
      await stage.quiet();
      assert.equal(worker.jobs.length, 2);
      await stage.wait(good!.settle(succeeded(3)));
      const end = await worker.next();
      assert.equal(end.task, "flow/on-failure");
      const { "flow/a": a, "flow/b": b, "flow/c": c } = end.parents;
      assert.deepEqual([a?.state, a?.error?.message, b?.state, c?.output], ["failed", "broken", "cancelled", "3"]);
      assert.equal((await stage.run(engine, id!)).state, "running");
      await stage.wait(end.settle(succeeded()));
      assert.equal((await stage.result(engine, id!)).state, "failed");
      assert.equal(worker.jobs.length, 3);
      assert.equal((await stage.steps(engine, id!))["on-success"], "skipped");
    },
  },
  {
    name: "runs what is for success when all have ended well, and not what is for failures",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: {} }, ["failure", "success"]);
      const [id] = await ask(engine, flow.request());
      const worker = await stage.worker(engine, { flows: [flow] });
      worker.play(({ task }) => (task === "flow/a" ? skipped : succeeded(1)));
      assert.equal((await stage.result(engine, id!)).state, "succeeded");
      const end = worker.jobs.at(-1)!;
      assert.equal(end.task, "flow/on-success");
      assert.deepEqual([end.parents["flow/a"]?.state, end.parents["flow/b"]?.output], ["skipped", "1"]);
      assert.equal(worker.jobs.length, 3);
      assert.equal((await stage.steps(engine, id!))["on-failure"], "skipped");
    },
  },
  {
    name: "fails a workflow's run when what is for success fails",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {} }, ["success"]);
      const [id] = await ask(engine, flow.request());
      const worker = await stage.worker(engine, { flows: [flow] });
      worker.play(({ task }) => (task === "flow/on-success" ? failed("late") : succeeded()));
      const { state, error } = await stage.result(engine, id!);
      assert.deepEqual([state, error?.message], ["failed", "late"]);
    },
  },
  {
    name: "keeps many runs of one workflow apart",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", {
        a: {},
        b: { parents: ["a"] },
        c: { parents: ["a"] },
        d: { parents: ["b", "c"] },
      });
      const ids = await ask(engine, ...times(20, (n) => flow.request({ input: String(n) })));
      const workers = [await stage.worker(engine, { flows: [flow] }), await stage.worker(engine, { flows: [flow] })];
      for (const worker of workers) {
        worker.play(({ input, parents }) => {
          const above = Object.values(parents).map(({ output }) => Number(output));
          return succeeded(Number(input) + above.reduce((sum, n) => sum + n, 0));
        });
      }
      for (const [n, { output }] of (await stage.results(engine, ids)).entries()) {
        assert.equal((JSON.parse(output!) as { "flow/d": number })["flow/d"], n * 5);
      }
    },
  },
  {
    name: "lets a step ask for a run, which is no step",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: { parents: ["a"] } });
      const [id] = await ask(engine, flow.request());
      const worker = await stage.worker(engine, { flows: [flow] });
      const step = await worker.next();
      const [child] = await ask(engine, runOf("flow/b", { parentRunId: step.runId }));
      await stage.wait(step.settle(succeeded()));
      worker.play(() => succeeded(1));
      await stage.results(engine, [id!, child!]);
      const { workflowRunId, parentRunId } = await stage.run(engine, child!);
      assert.deepEqual([workflowRunId, parentRunId], [undefined, step.runId]);
      assert.equal(worker.jobs.length, 3);
    },
  },
  {
    name: "holds for 50 random workflows of 20 steps that succeed, fail and are skipped",
    async run(stage) {
      const engine = await stage.open();
      const flows = times(50, (seed) => randomFlow(`flow${seed}`, seed, 20));
      const worker = await stage.worker(engine, { flows: flows.map(({ flow }) => flow), slots: 25 });
      const fates = new Map(flows.flatMap(({ fates }) => [...fates]));
      worker.play((job) => {
        for (const { state } of Object.values(job.parents)) assert.match(state, /^(succeeded|skipped)$/);
        const fate = fates.get(job.task)!;
        if (fate === "failed") return failed(job.task);
        return fate === "skipped" ? skipped : succeeded(job.task);
      });
      const ids = await ask(engine, ...flows.map(({ flow }) => flow.request()));
      const results = await stage.results(engine, ids);
      for (const [index, { expected, state, flow }] of flows.entries()) {
        assert.deepEqual(await stage.steps(engine, ids[index]!), expected, flow.name);
        assert.equal(results[index]!.state, state, flow.name);
      }
      const begun = flows.flatMap(({ expected }) => Object.values(expected)).filter((state) => state !== "cancelled");
      assert.equal(worker.jobs.length, begun.length);
    },
  },
];
