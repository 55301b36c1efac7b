import { join } from "node:path";
import { test } from "node:test";
import { embeddedEngine, memoryEngine } from "livespan/work";
import { folder } from "./embedded/ledger.ts";
import { postgresEngine } from "livespan/postgres";
import { postgresUrl } from "../services/postgres.ts";
import { runFlows } from "./flows.ts";

const title =
  "workflows of 20 nodes end with the outputs of each in order, or with what needs a failed one cancelled by name";

test(`100 ${title} (seed 1)`, () => runFlows(() => memoryEngine(), 100, 1));

test("over a file as well (seed 2)", async () => {
  await using dir = await folder();
  await runFlows(() => embeddedEngine({ file: join(dir.path, "work.db") }), 50, 2);
});

test("over PostgreSQL as well (seed 3)", async () => {
  const connectionString = await postgresUrl();
  await runFlows(() => postgresEngine({ connectionString }), 30, 3);
});
