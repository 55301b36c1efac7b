import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "pg";
import { createClient, createWorker, task } from "livespan/work";
import { postgresEngine } from "livespan/postgres";
import { postgresUrl } from "../../services/postgres.ts";

const url = await postgresUrl();
const job = task("job", (n: number) => n + 1);
const quiet = (): void => {};

/** A client of the user's own, which knows nothing of our schema. */
async function connected() {
  const client = new Client({ connectionString: url });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

test("what is enqueued in a transaction is there when that commits, and is run then", async () => {
  await using client = createClient({ engine: postgresEngine({ connectionString: url }), log: quiet });
  await using own = await connected();
  const stop = new AbortController();
  const working = createWorker("worker", { workflows: [job] }).start({
    engine: postgresEngine({ connectionString: url }),
    signal: stop.signal,
    log: quiet,
  });
  await own.query("create table orders (id int)");
  await own.query("begin");
  await own.query("insert into orders values (1)");
  const run = await client.enqueue(job, 41, { transaction: own });
  assert.deepEqual(await client.list({ ids: [run.id] }), []);
  await own.query("commit");
  assert.equal(await run.result(), 42);
  stop.abort();
  await working;
});

test("what is enqueued in a transaction is not there when that is rolled back", async () => {
  await using client = createClient({ engine: postgresEngine({ connectionString: url }), log: quiet });
  await using own = await connected();
  await own.query("begin");
  const run = await client.enqueue(job, 1, { transaction: own });
  await own.query("rollback");
  assert.deepEqual(await client.list({ ids: [run.id] }), []);
  await assert.rejects(run.result(), { code: "RUN_UNKNOWN" });
});
