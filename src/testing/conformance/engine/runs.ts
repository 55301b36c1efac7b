import assert from "node:assert/strict";
import { ask, failed, Flow, nextId, runOf, succeeded, times } from "./requests.ts";
import { hasCode, type Case } from "./stage.ts";

/** What is asked for and kept, and its results. */
export const runCases: readonly Case[] = [
  {
    name: "keeps a run when enqueue settles: who asks next sees it",
    async run(stage) {
      const engine = await stage.open();
      const before = stage.wall;
      const id = nextId();
      const request = runOf("a", { id, input: '{"n":1}', metadata: { user: "ada" }, priority: 3 });
      assert.deepEqual(await engine.enqueue([request]), [{ id, existing: false }]);
      const run = await stage.run(engine, id);
      const { task, state, attempt, priority, input, output, error, metadata } = run;
      assert.deepEqual(
        { task, state, attempt, priority, input, output, error, metadata },
        {
          task: "a",
          state: "queued",
          attempt: 0,
          priority: 3,
          input: { n: 1 },
          output: undefined,
          error: undefined,
          metadata: { user: "ada" },
        },
      );
      assert.deepEqual([run.worker, run.workflowRunId, run.parentRunId], [undefined, undefined, undefined]);
      assert.deepEqual([run.startedAt, run.settledAt], [undefined, undefined]);
      // Another machine's clock may be a little ahead or behind.
      assert.ok(Math.abs(run.createdAt - before) < 5_000);
    },
  },
  {
    name: "shows every process what one was asked for",
    shared: true,
    async run(stage) {
      const [a, b] = [await stage.open(), await stage.open()];
      const [id] = await ask(a, runOf("a"));
      assert.equal((await stage.run(b, id!)).task, "a");
      const worker = await stage.worker(b, { tasks: ["a"] });
      await worker.settle(succeeded(5));
      assert.deepEqual(await stage.result(a, id!), { state: "succeeded", output: "5" });
      assert.equal((await stage.run(a, id!)).state, "succeeded");
    },
  },
  {
    name: "takes nothing when nothing is asked for",
    async run(stage) {
      const engine = await stage.open();
      assert.deepEqual(await engine.enqueue([]), []);
      assert.deepEqual(await engine.list({}), []);
    },
  },
  {
    name: "takes all of a batch or none, as anyone sees",
    async run(stage) {
      const engine = await stage.open();
      const requests = times(300, () => runOf("a"));
      let isTaken = false;
      const taken = engine.enqueue(requests).then(() => (isTaken = true));
      const seen = new Set<number>();
      while (!isTaken) seen.add((await stage.wait(engine.list({ tasks: ["a"], limit: 1000 }))).length);
      await taken;
      seen.add((await engine.list({ tasks: ["a"], limit: 1000 })).length);
      assert.deepEqual(
        [...seen].filter((count) => count !== 0),
        [300],
      );
    },
  },
  {
    name: "asks once when asked twice with one id, also after it has settled",
    async run(stage) {
      const engine = await stage.open();
      const request = runOf("a");
      const ids = await ask(engine, request, runOf("a"));
      assert.equal((await ask(engine, request))[0], ids[0]);
      const worker = await stage.worker(engine, { tasks: ["a"] });
      worker.play(() => succeeded(1));
      await stage.results(engine, ids);
      assert.equal((await ask(engine, request))[0], ids[0]);
      await stage.quiet();
      assert.equal(worker.jobs.length, 2);
      assert.equal((await engine.list({ tasks: ["a"] })).length, 2);
    },
  },
  {
    name: "asks once when asked twice for one run of a workflow",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: { parents: ["a"] } });
      const request = flow.request();
      const [id] = await ask(engine, request);
      assert.equal((await ask(engine, request))[0], id);
      const worker = await stage.worker(engine, { flows: [flow] });
      worker.play(() => succeeded());
      assert.equal((await stage.result(engine, id!)).state, "succeeded");
      assert.equal(worker.jobs.length, 2);
    },
  },
  {
    name: "keeps outputs that are false, zero, empty or null",
    async run(stage) {
      const engine = await stage.open();
      const outputs = [0, false, "", null, [], {}];
      const ids = await ask(engine, ...outputs.map((output) => runOf("a", { input: JSON.stringify({ output }) })));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      worker.play(({ input }) => succeeded((JSON.parse(input) as { output: unknown }).output));
      const settled = await stage.results(engine, ids);
      assert.deepEqual(
        settled.map(({ output }) => output),
        outputs.map((output) => JSON.stringify(output)),
      );
      const kept = await Promise.all(ids.map((id) => stage.run(engine, id)));
      assert.deepEqual(
        kept.map(({ output }) => output),
        outputs,
      );
    },
  },
  {
    name: "carries whatever JSON can, in, out and in metadata",
    async run(stage) {
      const engine = await stage.open();
      const value = { "": "\0\u{1f600}\u2028'\"\\", __proto: [1e21, -0.5, 2 ** 53, null], "a.b": { $1: "%s ?" } };
      const metadata = { "a.b": "c'd", 'x"y': "z", "": "empty", '"q"': "\\", "'; drop table runs; --": "é\u{1f600}" };
      const [id] = await ask(engine, runOf("a", { input: JSON.stringify(value), metadata }));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const job = await worker.settle(succeeded(value));
      assert.deepEqual([JSON.parse(job.input), job.metadata], [value, metadata]);
      const { output } = await stage.result(engine, id!);
      assert.deepEqual(JSON.parse(output!), value);
      const run = await stage.run(engine, id!);
      assert.deepEqual([run.input, run.output, run.metadata], [value, value, metadata]);
      for (const [key, text] of Object.entries(metadata)) {
        assert.equal((await engine.list({ metadata: { [key]: text } })).length, 1, key);
        assert.equal((await engine.list({ metadata: { [key]: `${text}!` } })).length, 0, key);
      }
      assert.equal((await engine.list({ metadata: { y: "z" } })).length, 0);
    },
  },
  {
    name: "carries large inputs and outputs",
    async run(stage) {
      const engine = await stage.open();
      const text = "ä".repeat(500_000);
      const [id] = await ask(engine, runOf("a", { input: JSON.stringify(text) }));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const job = await worker.settle(succeeded(text));
      assert.equal(JSON.parse(job.input), text);
      assert.equal((await stage.result(engine, id!)).output, JSON.stringify(text));
    },
  },
  {
    name: "keeps what a task threw",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const error = { name: "TypeError", message: "no", code: "E_NO", stack: "at x", causes: ["because"] };
      await worker.settle({ kind: "failed", error, retryIn: undefined });
      assert.deepEqual(await stage.result(engine, id!), { state: "failed", error });
      const run = await stage.run(engine, id!);
      assert.deepEqual([run.state, run.error, run.output], ["failed", error, undefined]);
    },
  },
  {
    name: "says when a run was asked for, begun and settled, and by which worker",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"], name: "w-1" });
      const job = await worker.next();
      const running = await stage.run(engine, id!);
      assert.deepEqual([running.state, running.attempt, running.worker], ["running", 1, "w-1"]);
      await stage.elapse(20);
      await stage.wait(job.settle(succeeded()));
      const { createdAt, startedAt, settledAt } = await stage.run(engine, id!);
      assert.ok(createdAt <= startedAt! && startedAt! < settledAt!);
      assert.ok([createdAt, startedAt, settledAt].every(Number.isInteger), "whole milliseconds");
    },
  },
  {
    name: "gives a result to all who wait for it, and to who asks later",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a", { awaited: false }));
      const waiting = times(5, () => engine.result(id!));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      await worker.settle(failed("no"));
      const expected = { state: "failed", error: { name: "Error", message: "no" } };
      for (const settled of await stage.wait(Promise.all(waiting))) assert.deepEqual(settled, expected);
      assert.deepEqual(await stage.result(engine, id!), expected);
    },
  },
  {
    name: "says of a result that there is no such run, or that nobody waits for it any more",
    async run(stage) {
      const engine = await stage.open();
      await assert.rejects(stage.wait(engine.result(nextId())), hasCode("RUN_UNKNOWN"));
      const [id] = await ask(engine, runOf("a"));
      const reason = new Error("gone");
      await assert.rejects(stage.wait(engine.result(id!, AbortSignal.abort(reason))), reason);
      const stop = new AbortController();
      const waiting = engine.result(id!, stop.signal);
      const refused = assert.rejects(waiting, reason);
      await stage.run(engine, id!);
      stop.abort(reason);
      await stage.wait(refused);
    },
  },
  {
    name: "refuses what is asked before it is open and after it has closed, and turns away who waits",
    async run(stage) {
      const closed = hasCode("ENGINE_CLOSED");
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const waiting = assert.rejects(engine.result(id!), closed);
      await stage.run(engine, id!);
      await stage.wait(engine.close());
      await stage.wait(waiting);
      await assert.rejects(engine.enqueue([runOf("a")]), closed);
      await assert.rejects(engine.list({}), closed);
      await assert.rejects(engine.result(id!), closed);
      await assert.rejects(stage.unopened().enqueue([runOf("a")]), closed);
      await stage.wait(engine.close());
    },
  },
  {
    name: "is open for as long as one of its users is",
    async run(stage) {
      const engine = await stage.open();
      await stage.reopen(engine);
      const [id] = await ask(engine, runOf("a"));
      await stage.wait(engine.close());
      assert.equal((await stage.run(engine, id!)).state, "queued");
    },
  },
];
