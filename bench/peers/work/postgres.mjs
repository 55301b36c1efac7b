// SQL by hand over ten connections and one that listens. Takes the connection string. Up to ten slots, each claims and settles
// for itself, two statements a job; of more, four loops do so for a quarter of them at a time.
import { randomUUID } from "node:crypto";
import { Client, Pool } from "pg";
import { indexOf, tableOf } from "./job-table.mjs";
import { serving } from "../../programs/work/serving.ts";

const [connectionString] = process.argv.slice(2);
const pool = new Pool({ connectionString, max: 10 });
await pool.query(`${tableOf({ moment: "double precision", json: "text" })}; ${indexOf}`);

const insert = `with made as (insert into jobs (id, task, state, priority, place, input, created_at)
  select id, 'job', 'queued', 0, $3, input, $3 from unnest($1::text[], $2::text[]) as asked(id, input) returning 1)
  select pg_notify('queued', '') from made limit 1`;
const claim = `update jobs set state = 'running', worker = 'me', fence = fence + 1, attempt = attempt + 1, started_at = $2
  where id in (select id from jobs where task = 'job' and state = 'queued' order by priority desc, place, id
  limit $1 for update skip locked) returning id, fence, input`;
const settle = `with kept as (update jobs as j set state = 'succeeded', output = e.output, worker = null, settled_at = $4
  from unnest($1::text[], $2::int[], $3::text[]) as e(id, fence, output)
  where j.id = e.id and j.fence = e.fence and j.state = 'running' returning j.id)
  select pg_notify('settled', id) from kept where id = any($5)`;

const ask = (name, text, values) => pool.query({ name, text, values });

/** Who waits for a result, by its id; and the loops that wait for something to claim. */
const results = new Map();
const idle = [];
const listener = new Client({ connectionString });
await listener.connect();
await listener.query("listen queued; listen settled");
listener.on("notification", ({ channel, payload }) => {
  if (channel === "settled") return results.get(payload)?.();
  for (const wake of idle.splice(0)) wake();
});

async function loop(most, body, signal) {
  while (!signal.aborted) {
    const { rows } = await ask("claim", claim, [most, Date.now()]);
    if (rows.length === 0) {
      if (!signal.aborted) await new Promise((resolve) => idle.push(resolve));
      continue;
    }
    const outputs = await Promise.all(rows.map(async ({ input }) => JSON.stringify(await body(JSON.parse(input)))));
    const [ids, fences] = [rows.map(({ id }) => id), rows.map(({ fence }) => fence)];
    await ask("settle", settle, [ids, fences, outputs, Date.now(), ids.filter((id) => id.startsWith("awaited"))]);
  }
}

const add = (ids, asked) => ask("insert", insert, [ids, asked.map((each) => JSON.stringify(each)), Date.now()]);

serving({
  enqueue: (asked) =>
    add(
      asked.map(() => randomUUID()),
      asked,
    ),
  run: async (asked) => {
    // Only of those whose result somebody waits for is it told.
    const id = `awaited-${randomUUID()}`;
    const settled = new Promise((resolve) => results.set(id, resolve));
    await add([id], [asked]);
    await settled;
    results.delete(id);
    const { rows } = await ask("output", "select output from jobs where id = $1", [id]);
    return JSON.parse(rows[0].output);
  },
  isEmpty: async () => {
    const left = await ask("left", "select 1 from jobs where state in ('queued', 'running') limit 1");
    return left.rowCount === 0;
  },
  work: async (slots, body) => {
    const over = new AbortController();
    const [loops, most] = slots <= 10 ? [slots, 1] : [Math.min(4, slots), Math.ceil(slots / 4)];
    const looping = Array.from({ length: loops }, () => loop(most, body, over.signal));
    return async () => {
      over.abort();
      for (const wake of idle.splice(0)) wake();
      await Promise.all(looping);
    };
  },
});
