// The worker as a real process, with a real pool, on each engine.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Client } from "pg";
import { hatchetEngine } from "livespan/hatchet";
import { postgresEngine } from "livespan/postgres";
import { createClient, embeddedEngine, type Engine } from "livespan/work";
import { Program } from "../../test/programs/program.ts";
import { postgresUrl, query } from "../../test/services/postgres.ts";
import { lifespanWorkflow } from "./hatchet-lifespan.ts";

const url = await postgresUrl();
const ids = Array.from({ length: 7 }, () => randomUUID());
await query(url, "create table v1_lookup_table_olap (external_id uuid primary key)");
await query(url, "insert into v1_lookup_table_olap select unnest($1::uuid[])", [ids]);
const five = ids.slice(0, 5);

test("five rows come back, on the embedded engine", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "livespan-seeds-"));
  await shareThePool(embeddedEngine({ file: join(folder.path, "work.db") }), { LIVESPAN_DATA: folder.path });
});

test("five rows come back, on the PostgreSQL engine", async () => {
  await shareThePool(postgresEngine({ connectionString: url }), { DATABASE_URL: url });
});

const onHatchet = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name.startsWith("HATCHET_CLIENT_")),
);
const skip = onHatchet["HATCHET_CLIENT_TOKEN"] === undefined && "HATCHET_CLIENT_TOKEN is not set";

test("five rows come back, on a Hatchet engine", { skip }, async () => {
  const HATCHET_CLIENT_NAMESPACE = `seed${randomUUID().slice(0, 8)}`;
  await shareThePool(hatchetEngine({ namespace: HATCHET_CLIENT_NAMESPACE }), {
    ...onHatchet,
    HATCHET_CLIENT_NAMESPACE,
  });
});

/** Asked to end in the middle of a job, the worker ends that first, then cleans up, and has ended well. */
async function shareThePool(engine: Engine, env: NodeJS.ProcessEnv): Promise<void> {
  await using worker = Program.cli(["worker", "examples/seeds/hatchet-lifespan.ts"], {
    env: { NODE_ENV: "development", OLAP_URL: url, ...env },
  });
  await worker.until("test-worker (ready)");
  await using client = createClient({ engine });
  assert.deepEqual(await client.run(lifespanWorkflow), rows);

  const table = await lockTable();
  const handle = await client.enqueue(lifespanWorkflow);
  await table.wanted();
  worker.kill("SIGTERM");
  await worker.until("stopping: SIGTERM");
  await table.unlock();
  assert.deepEqual(await worker.end(), { code: 0, signal: null }, worker.err);
  assert.deepEqual(await handle.result(), rows);

  const job = [...five.map((id) => `{ external_id: '${id}' }`), "executed sync task with lifespan bar"];
  assert.deepEqual(worker.lines, ["Running lifespan!", ...job, ...job, "Cleaning up lifespan!"]);
}

const rows = { sync_lifespan_task: { num_rows: 5, external_ids: five } };

/** Holds up whoever reads the table. */
async function lockTable() {
  const holder = new Client({ connectionString: url });
  await holder.connect();
  await holder.query("begin");
  await holder.query("lock table v1_lookup_table_olap in access exclusive mode");
  return {
    /** Settles when somebody waits for it. The server tells nobody, so it is asked. */
    async wanted(): Promise<void> {
      const waiting = "select 1 from pg_locks where relation = 'v1_lookup_table_olap'::regclass and not granted";
      while ((await holder.query(waiting)).rowCount === 0);
    },
    unlock: () => holder.end(),
  };
}
