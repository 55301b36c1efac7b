import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { test } from "node:test";
import { createClient, createWorker, task } from "livespan/work";
import { postgresEngine } from "livespan/postgres";
import { postgresUrl, throughProxy } from "../../services/postgres.ts";

const connectionString = await postgresUrl();
const seconds = 3;

test("a process that has nothing to do asks at most twice a second, however many slots it has", async () => {
  const { proxy, url } = await throughProxy(connectionString);
  await using _closes = proxy;
  const engine = postgresEngine({ connectionString: url });
  const job = task("job", () => 1);
  await using client = createClient({ engine, log: () => {} });
  const stop = new AbortController();
  const worker = createWorker("worker", { workflows: [job], slots: 200 });
  const working = worker.start({ engine, signal: stop.signal, log: () => {} });
  await client.run(job, undefined);
  await wait(500);
  let asked = 0;
  proxy.onRequest = () => {
    asked++;
    return "pass";
  };
  const from = performance.now();
  // The one thing that this is about is that time passes.
  await wait(seconds * 1_000);
  proxy.onRequest = () => "pass";
  const passed = (performance.now() - from) / 1_000;
  assert.ok(asked <= 2 * passed, `${asked} queries in ${passed} s`);
  assert.ok((await client.run(job, undefined)) === 1);
  stop.abort();
  await working;
});
