// node:sqlite by hand, in this thread or in one of its own. Takes the file, its `synchronous`, and "here" or "thread".
import { randomUUID } from "node:crypto";
import { Worker } from "node:worker_threads";
import { openStore } from "./sqlite-store.mjs";
import { serving } from "../../programs/work/serving.ts";

const [file, synchronous, where] = process.argv.slice(2);

function threaded() {
  const worker = new Worker(new URL("sqlite-thread.mjs", import.meta.url), { workerData: { file, synchronous } });
  const waiting = new Map();
  worker.unref();
  worker.on("message", ({ id, made }) => {
    waiting.get(id)(made);
    waiting.delete(id);
  });
  let count = 0;
  const call =
    (name) =>
    (...values) =>
      new Promise((resolve) => {
        waiting.set(++count, resolve);
        worker.postMessage({ id: count, name, values });
      });
  return Object.fromEntries(["insert", "exchange", "output", "isEmpty"].map((name) => [name, call(name)]));
}

const store = where === "thread" ? threaded() : openStore(file, synchronous);

/** Who waits for a result, by its id; and the worker's loop, where it waits for something to claim. */
const results = new Map();
let wake = () => {};

async function loop(slots, body, signal) {
  let ended = [];
  while (!signal.aborted) {
    const jobs = await store.exchange(ended, slots);
    for (const { id } of ended) results.get(id)?.();
    const isIdle = jobs.length === 0 && ended.length === 0;
    if (isIdle && !signal.aborted) await new Promise((resolve) => (wake = resolve));
    ended = [];
    for (const { id, fence, input } of jobs)
      ended.push({ id, fence, output: JSON.stringify(await body(JSON.parse(input))) });
  }
}

async function insert(jobs) {
  await store.insert(jobs);
  wake();
}

serving({
  enqueue: (asked) => insert(asked.map((each) => [randomUUID(), JSON.stringify(each)])),
  run: async (asked) => {
    const id = randomUUID();
    const settled = new Promise((resolve) => results.set(id, resolve));
    await insert([[id, JSON.stringify(asked)]]);
    await settled;
    results.delete(id);
    return JSON.parse(await store.output(id));
  },
  isEmpty: async () => store.isEmpty(),
  work: async (slots, body) => {
    const over = new AbortController();
    const looping = loop(slots, body, over.signal);
    return async () => {
      over.abort();
      wake();
      await looping;
    };
  },
});
