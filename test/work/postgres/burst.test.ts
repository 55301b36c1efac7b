import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient, task } from "livespan/work";
import { postgresEngine } from "livespan/postgres";
import { postgresUrl } from "../../services/postgres.ts";

const job = task("job", { concurrency: { limit: 1 } }, (n: number) => n);

test("a server that is only busy is not called unreachable: calls wait in line for longer than the patience", async () => {
  const engine = postgresEngine({ connectionString: await postgresUrl(), connections: 1, patience: 300 });
  const lines: string[] = [];
  await using client = createClient({ engine, log: (_level, line) => void lines.push(line) });
  await client.enqueue(job, 0);
  const lists = Array.from({ length: 2_000 }, () => client.list({ limit: 1 }));
  const found = await Promise.all(lists);
  assert.ok(found.every((runs) => runs.length === 1));
  assert.deepEqual(lines, []);
});
