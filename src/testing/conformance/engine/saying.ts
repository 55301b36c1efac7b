import assert from "node:assert/strict";
import { all, type Case } from "./stage.ts";
import type { Chunk } from "../../../work/run.ts";
import { ask, failed, Flow, runOf, succeeded, times } from "./requests.ts";

const never = (): AbortSignal => new AbortController().signal;

/** What a job says while it runs: how far it is, what it streams, what it logs. */
export const sayingCases: readonly Case[] = [
  {
    name: "streams the chunks of a run, all of them and in order, until it has settled",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const reading = all(engine.chunks(id!, 0, never()));
      const job = await worker.next();
      for (let n = 0; n < 200; n++) {
        job.chunk("stream", String(n));
        if (n % 50 === 0) await stage.run(engine, id!);
      }
      await stage.wait(job.settle(succeeded()));
      const chunks = await stage.wait(reading);
      assert.deepEqual(textsOf(chunks), times(200, String));
      assert.ok(chunks.every(({ at }, index) => index === 0 || at > chunks[index - 1]!.at));
      assert.ok(chunks.every(({ kind, attempt }) => kind === "stream" && attempt === 1));
    },
  },
  {
    name: "streams a chunk when it comes, not when the run has settled",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const reading = engine.chunks(id!, 0, never())[Symbol.asyncIterator]();
      const job = await worker.next();
      for (const text of ["1", "2", "3"]) {
        job.chunk("stream", text);
        assert.equal((await stage.wait(reading.next())).value?.data, text);
      }
      await stage.wait(job.settle(succeeded()));
      assert.equal((await stage.wait(reading.next())).done, true);
    },
  },
  {
    name: "streams what was said before from wherever it is asked for, logs of all attempts included",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      for (const end of [failed("no", 0), succeeded()]) {
        const job = await worker.next();
        job.chunk("log", JSON.stringify(`begun ${job.attempt}`));
        job.chunk("stream", JSON.stringify(job.attempt));
        await stage.wait(job.settle(end));
      }
      const chunks = await stage.wait(all(engine.chunks(id!, 0, never())));
      assert.deepEqual(
        chunks.map(({ kind, attempt, data }) => [kind, attempt, data]),
        [
          ["log", 1, '"begun 1"'],
          ["stream", 1, "1"],
          ["log", 2, '"begun 2"'],
          ["stream", 2, "2"],
        ],
      );
      const rest = await stage.wait(all(engine.chunks(id!, chunks[1]!.at, never())));
      assert.deepEqual(rest, chunks.slice(2));
    },
  },
  {
    name: "streams to another process",
    shared: true,
    async run(stage) {
      const [a, b] = [await stage.open(), await stage.open()];
      const [id] = await ask(a, runOf("a"));
      const worker = await stage.worker(a, { tasks: ["a"] });
      const chunks = b.chunks(id!, 0, never())[Symbol.asyncIterator]();
      const progress = all(b.progress(id!, never()));
      const job = await worker.next();
      job.chunk("stream", "1");
      assert.equal((await stage.wait(chunks.next())).value?.data, "1");
      job.progress("0.5");
      await stage.look(
        () => stage.run(b, id!),
        (run) => run.progress === 0.5,
      );
      await stage.wait(job.settle(succeeded()));
      assert.equal((await stage.wait(chunks.next())).done, true);
      assert.equal((await stage.wait(progress)).at(-1), "0.5");
    },
  },
  {
    name: "keeps the streams of runs apart",
    async run(stage) {
      const engine = await stage.open();
      const ids = await ask(engine, ...times(5, (n) => runOf("a", { input: String(n) })));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const reading = ids.map((id) => all(engine.chunks(id, 0, never())));
      worker.play((job) => {
        for (let n = 0; n < 20; n++) job.chunk("stream", `[${job.input},${n}]`);
        return succeeded();
      });
      for (const [index, chunks] of (await stage.wait(Promise.all(reading))).entries()) {
        assert.deepEqual(
          textsOf(chunks),
          times(20, (n) => `[${index},${n}]`),
        );
      }
    },
  },
  {
    name: "ends a stream that nobody wants any more, and one of a run that has settled",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const stop = new AbortController();
      const chunks = all(engine.chunks(id!, 0, stop.signal));
      const progress = all(engine.progress(id!, stop.signal));
      await stage.run(engine, id!);
      stop.abort();
      await stage.wait(Promise.allSettled([chunks, progress]));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      await worker.settle(succeeded());
      assert.deepEqual(await stage.wait(all(engine.chunks(id!, 0, never()))), []);
      assert.deepEqual(await stage.wait(all(engine.progress(id!, never()))), []);
    },
  },
  {
    name: "gives what a run last said of its progress, and each later value until it has settled",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const job = await worker.next();
      job.progress('"early"');
      await stage.look(
        () => stage.run(engine, id!),
        (run) => run.progress === "early",
      );
      const reading = engine.progress(id!, never())[Symbol.asyncIterator]();
      for (const value of ['"early"', "1", '{"done":2}']) {
        if (value !== '"early"') job.progress(value);
        assert.equal((await stage.wait(reading.next())).value, value);
      }
      await stage.wait(job.settle(succeeded()));
      assert.equal((await stage.wait(reading.next())).done, true);
      assert.deepEqual((await stage.run(engine, id!)).progress, { done: 2 });
    },
  },
  {
    name: "gives as the progress of a workflow's run what its steps have said last",
    async run(stage) {
      const engine = await stage.open();
      const flow = new Flow("flow", { a: {}, b: {} });
      const [id] = await ask(engine, flow.request());
      const worker = await stage.worker(engine, { flows: [flow] });
      const jobs = await worker.take(2);
      const reading = engine.progress(id!, never())[Symbol.asyncIterator]();
      for (const [at, job] of jobs.entries()) {
        job.progress(`{"at":${at}}`);
        assert.equal((await stage.wait(reading.next())).value, `{"at":${at}}`);
      }
      jobs[1]!.progress('"b"');
      jobs[0]!.progress('"a"');
      assert.equal((await stage.wait(reading.next())).value, '"a"');
      for (const job of jobs) await stage.wait(job.settle(succeeded()));
      assert.equal((await stage.wait(reading.next())).done, true);
      assert.equal((await stage.run(engine, id!)).progress, "a");
      assert.equal((await stage.run(engine, jobs[1]!.runId)).progress, "b");
    },
  },
  {
    name: "keeps the last of many values of progress, said right before the run settles",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const job = await worker.next();
      for (let n = 0; n <= 100; n++) job.progress(String(n));
      await stage.wait(job.settle(succeeded()));
      assert.equal((await stage.run(engine, id!)).progress, 100);
    },
  },
];

function textsOf(chunks: readonly Chunk[]): string[] {
  return chunks.map(({ data }) => data);
}
