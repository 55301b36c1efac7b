import assert from "node:assert/strict";
import type { RunInfo } from "../../../work/run.ts";
import { ask, Flow, nextId, runOf, succeeded, times } from "./requests.ts";
import type { Case } from "./stage.ts";

/** How runs are found again. */
export const listingCases: readonly Case[] = [
  {
    name: "lists by task, state, metadata, id and time, and all must fit",
    async run(stage) {
      const engine = await stage.open();
      const blue = { metadata: { colour: "blue", size: "1" } };
      const [a, b, c] = await ask(engine, runOf("a", blue), runOf("b", blue), runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["b"] });
      await worker.settle(succeeded());
      const listed = async (filter: Parameters<typeof engine.list>[0]): Promise<string[]> =>
        (await engine.list(filter)).map(({ id }) => id);
      assert.deepEqual(new Set(await listed({})), new Set([a, b, c]));
      assert.deepEqual(new Set(await listed({ tasks: ["a"] })), new Set([a, c]));
      assert.deepEqual(await listed({ tasks: ["a", "b"], metadata: { colour: "blue" }, states: ["queued"] }), [a]);
      assert.deepEqual(new Set(await listed({ states: ["queued", "succeeded"] })), new Set([a, b, c]));
      for (const metadata of [{ colour: "blue", size: "2" }, { colour: "Blue" }, { olour: "blue" }, { colour: "%" }]) {
        assert.deepEqual(await listed({ metadata }), [], JSON.stringify(metadata));
      }
      assert.deepEqual(await listed({ ids: [c!, nextId()], tasks: ["a"] }), [c]);
      assert.deepEqual(await listed({ ids: [] }), []);
      assert.deepEqual(await listed({ tasks: [] }), []);
      const { createdAt } = await stage.run(engine, a!);
      assert.deepEqual(new Set(await listed({ since: createdAt, until: createdAt + 1 })), new Set([a, b, c]));
      assert.deepEqual(await listed({ until: createdAt }), []);
      assert.deepEqual(await listed({ since: createdAt + 60_000 }), []);
    },
  },
  {
    name: "lists the workers with what they take, until they leave",
    async run(stage) {
      const engine = await stage.open();
      assert.deepEqual(await engine.workers(), []);
      const one = await stage.worker(engine, { tasks: ["a", "b"], name: "w-1", slots: 3 });
      await stage.worker(engine, { tasks: ["c"], name: "w-2" });
      const workers = (await engine.workers()).toSorted((x, y) => x.name.localeCompare(y.name));
      assert.deepEqual(
        workers.map(({ name, tasks }) => [name, tasks]),
        [
          ["w-1", ["a", "b"]],
          ["w-2", ["c"]],
        ],
      );
      const { id, pid, slots, seenAt, isLost } = workers[0]!;
      assert.deepEqual([id, pid, slots, isLost], [one.station.id, process.pid, 3, false]);
      assert.ok(Math.abs(seenAt - stage.wall) < 5_000);
      await stage.wait(one.station.leave());
      assert.deepEqual(
        (await engine.workers()).map(({ name }) => name),
        ["w-2"],
      );
    },
  },
  {
    name: "lists steps of workflows only when asked to",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: { parents: ["a"] } });
      const [one] = await ask(engine, flow.request(), flow.request());
      assert.deepEqual(
        (await engine.list({})).map(({ task }) => task),
        ["flow", "flow"],
      );
      assert.equal((await engine.list({ steps: true })).length, 6);
      const steps = await engine.list({ workflowRunId: one!, steps: true });
      assert.deepEqual(steps.map(({ task }) => task).toSorted(), ["flow/a", "flow/b"]);
      assert.ok(steps.every(({ workflowRunId }) => workflowRunId === one));
    },
  },
  {
    name: "lists what the body of a run has asked for",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("parent"));
      const worker = await stage.worker(engine, { tasks: ["parent"] });
      await worker.next();
      const flow = new Flow("flow", { a: {} });
      const children = await ask(engine, runOf("a", { parentRunId: id! }), flow.request({ parentRunId: id! }));
      await ask(engine, runOf("a"));
      const listed = await engine.list({ parentRunId: id! });
      assert.deepEqual(listed.map((run) => run.id).toSorted(), children.toSorted());
      assert.ok(listed.every(({ parentRunId }) => parentRunId === id));
      assert.equal(await engine.cancel({ parentRunId: id!, tasks: ["a"] }, "no"), 1);
      assert.equal((await stage.result(engine, children[0]!)).state, "cancelled");
    },
  },
  {
    name: "lists runs without what they were given, gave and threw where, when asked to",
    async run(stage) {
      const engine = await stage.open();
      const ids = await ask(engine, runOf("a", { input: "[1]" }), runOf("b", { input: "[2]" }));
      const worker = await stage.worker(engine, { tasks: ["a", "b"] });
      const error = { name: "RangeError", message: "no", stack: "RangeError: no\n    at body" };
      for (const job of await worker.take(2)) {
        const fails = job.task === "b";
        await stage.wait(job.settle(fails ? { kind: "failed", error, retryIn: undefined } : succeeded("out")));
      }
      await stage.results(engine, ids);
      const listed = async (filter: Parameters<typeof engine.list>[0]) =>
        (await engine.list(filter)).toSorted((x, y) => (x.task < y.task ? -1 : 1));
      const [a, b] = await listed({ ids, payloads: false });
      assert.deepEqual([a!.task, a!.state, a!.input, a!.output], ["a", "succeeded", undefined, undefined]);
      assert.deepEqual([b!.input, b!.error], [undefined, { name: "RangeError", message: "no" }]);
      const [whole, failure] = await listed({ ids, payloads: true });
      assert.deepEqual([whole!.input, whole!.output], [[1], "out"]);
      assert.match(failure!.error?.stack ?? "", /at body/);
    },
  },
  {
    name: "lists newest first, page by page, each run once, also of one batch",
    async run(stage) {
      const engine = await stage.open();
      const old = await ask(engine, ...times(12, () => runOf("a")));
      await stage.elapse(5);
      const young = await ask(engine, ...times(12, () => runOf("a")));
      const pages: RunInfo[][] = [];
      for (let before: string | undefined; ; before = pages.at(-1)!.at(-1)!.id) {
        const page = await engine.list({ tasks: ["a"], limit: 5, ...(before !== undefined && { before }) });
        if (page.length === 0) break;
        pages.push([...page]);
        assert.ok(pages.length < 10, "the pages do not end");
      }
      const ids = pages.flat().map(({ id }) => id);
      assert.deepEqual(
        pages.map(({ length }) => length),
        [5, 5, 5, 5, 4],
      );
      assert.deepEqual(new Set(ids.slice(0, 12)), new Set(young));
      assert.deepEqual(new Set(ids.slice(12)), new Set(old));
    },
  },
  {
    name: "lists a hundred unless said",
    async run(stage) {
      const engine = await stage.open();
      await ask(engine, ...times(120, () => runOf("a")));
      assert.equal((await engine.list({})).length, 100);
      assert.equal((await engine.list({ limit: 1000 })).length, 120);
    },
  },
];
