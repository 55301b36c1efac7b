// Hatchet, "Lifespans": a worker opens a pool before its first job, shares it among its tasks, and closes it after the last.
import { lifespan } from "livespan";
import { createWorker, workflow } from "livespan/work";
import { Pool } from "pg";
import { z } from "zod";

const url = process.env["OLAP_URL"] ?? "postgres://hatchet:hatchet@localhost:5431/hatchet";

export const db = lifespan("db", async function* () {
  console.log("Running lifespan!");
  const pool = new Pool({ connectionString: url });
  yield { foo: "bar", pool };
  await pool.end();
  console.log("Cleaning up lifespan!");
});

const taskOutput = z.object({ num_rows: z.number(), external_ids: z.array(z.uuid()) });

export const lifespanWorkflow = workflow("LifespanWorkflow", { needs: { db } });

// No cast: what the lifespan yields is known by its needs.
lifespanWorkflow.task("sync_lifespan_task", { output: taskOutput }, async (_input, ctx) => {
  const { pool, foo } = ctx.lifespan.db;
  const { rows } = await pool.query<{ external_id: string }>("SELECT * FROM v1_lookup_table_olap LIMIT 5;");
  for (const row of rows) console.log(row);
  console.log("executed sync task with lifespan", foo);
  return { num_rows: rows.length, external_ids: rows.map(({ external_id }) => external_id) };
});

export const worker = createWorker("test-worker", { slots: 1, workflows: [lifespanWorkflow] });
