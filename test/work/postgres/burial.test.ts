import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "pg";
import { createClient, createWorker, task } from "livespan/work";
import { postgresEngine } from "livespan/postgres";
import { postgresUrl, query } from "../../services/postgres.ts";

/** Settles when a claim waits for another session's lock. */
async function claimWaits(url: string): Promise<"waits"> {
  const waiting = `select 1 from pg_stat_activity
    where wait_event_type = 'Lock' and datname = current_database() and query like '%attempt = attempt + 1%'`;
  for (;;) {
    const rows = await query(url, waiting);
    if (rows.length > 0) return "waits";
  }
}

test("a worker that is being buried takes nothing: what it took would be nobody's", async () => {
  const connectionString = await postgresUrl();
  const begun = Promise.withResolvers<"begun">();
  const greet = task("greet", () => begun.resolve("begun"));
  await using client = createClient({ engine: postgresEngine({ connectionString }) });
  const worker = createWorker("w", { workflows: [greet], engine: postgresEngine({ connectionString, lease: 1_000 }) });
  const ready = Promise.withResolvers<void>();
  const running = worker.start({ ready: ready.resolve, log: () => {} });
  await ready.promise;
  const burying = new Client({ connectionString });
  await burying.connect();
  await burying.query("begin");
  await burying.query("delete from livespan.workers");
  const { id } = await client.enqueue(greet);
  assert.equal(await Promise.race([begun.promise, claimWaits(connectionString)]), "waits");
  await burying.query("commit");
  await burying.end();
  // It takes another place, and then the job.
  await client.handle(id).result();
  await worker.stop();
  await running;
});
