import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { createClient, createWorker, task } from "livespan/work";
import { postgresEngine } from "livespan/postgres";
import { startPostgres, throughProxy } from "../../services/postgres.ts";

const server = await startPostgres();
after(() => server[Symbol.asyncDispose]());
let schemas = 0;

const quiet = (): void => {};

/** What ran how often, of runs of `job`. */
function counting() {
  const ran = new Map<number, number>();
  const half = Promise.withResolvers<void>();
  const job = task("job", (n: number) => {
    ran.set(n, (ran.get(n) ?? 0) + 1);
    if (ran.size === 200) half.resolve();
    return n * 2;
  });
  return { ran, job, half: half.promise };
}

/** 400 runs through `url`, with something that happens in the middle: all of them succeed. */
async function survives(url: string, happens: () => Promise<void>): Promise<void> {
  const { ran, job, half } = counting();
  const schema = `outage${++schemas}`;
  const engine = () => postgresEngine({ connectionString: url, schema, lease: 2_000 });
  await using client = createClient({ engine: engine(), log: quiet });
  const stop = new AbortController();
  const working = createWorker("worker", { workflows: [job], slots: 5 }).start({
    engine: engine(),
    signal: stop.signal,
    log: quiet,
  });
  const inputs = Array.from({ length: 400 }, (_, n) => n);
  const results = Promise.all(inputs.map((n) => client.run(job, n)));
  await Promise.all([half.then(happens), results]);
  assert.deepEqual(
    await results,
    inputs.map((n) => n * 2),
  );
  assert.equal(ran.size, 400);
  stop.abort();
  await working;
}

describe("runs in PostgreSQL go on", () => {
  test("after the server was killed and started again", async () => {
    await survives(server.url, () => server.restart());
  });

  test("after all connections were cut, again and again", async () => {
    const { proxy, url } = await throughProxy(server.url);
    await using _closes = proxy;
    await survives(url, async () => {
      for (let i = 0; i < 5; i++) {
        proxy.cut();
        await new Promise(setImmediate);
      }
    });
  });

  test("after connections have gone silent, on others", async () => {
    const { proxy, url } = await throughProxy(server.url);
    await using _closes = proxy;
    const engine = postgresEngine({ connectionString: url, schema: "silent", patience: 2_000 });
    await using client = createClient({ engine, log: quiet });
    const { job } = counting();
    await client.enqueue(job, 1);
    proxy.halfOpen();
    await client.enqueue(job, 2);
    assert.equal((await client.list({ tasks: ["job"] })).length, 2);
  });
});

test("a server that does not answer is an error that says where, within the patience, and none once it does", async () => {
  const engine = postgresEngine({ connectionString: server.url, schema: "paused", patience: 1_000 });
  await using client = createClient({ engine, log: quiet });
  const { job } = counting();
  await client.enqueue(job, 1);
  await server.pause();
  try {
    const began = performance.now();
    await assert.rejects(client.enqueue(job, 2), {
      code: "ENGINE_DOWN",
      message: new RegExp(`127\\.0\\.0\\.1:${server.port}/postgres could not be reached for \\d+ ms to enqueue`),
    });
    assert.ok(performance.now() - began < 10_000, "the patience of who says nothing of it");
  } finally {
    await server.resume();
  }
  await client.enqueue(job, 3);
});

test("a result comes also when the word of it was lost", async () => {
  const { proxy, url } = await throughProxy(server.url);
  await using _closes = proxy;
  // Notifications come to a connection that asks nothing: by themselves.
  proxy.onReply = (chunk) => (chunk[0] === "A".charCodeAt(0) ? "drop" : "pass");
  const engine = () => postgresEngine({ connectionString: url, schema: "unheard" });
  const { job } = counting();
  await using client = createClient({ engine: engine(), log: quiet });
  const stop = new AbortController();
  const ready = Promise.withResolvers<void>();
  const working = createWorker("worker", { workflows: [job] }).start({
    engine: engine(),
    signal: stop.signal,
    ready: ready.resolve,
    log: quiet,
  });
  await ready.promise;
  assert.equal(await client.run(job, 21), 42);
  stop.abort();
  await working;
});
