import { join } from "node:path";
import { test } from "node:test";
import { embeddedEngine, memoryEngine } from "livespan/work";
import { folder } from "./embedded/ledger.ts";
import { postgresEngine } from "livespan/postgres";
import { postgresUrl } from "../services/postgres.ts";
import { runFlows } from "./flows.ts";

/** A seed of its own for each run, which is printed, so that a failure can be had again. */
const seed = Math.floor(Math.random() * 2 ** 31);
const count = process.env["LIVESPAN_SOAK"] === "full" ? 1_000 : 50;

test(`${count} workflows in memory (seed ${seed})`, () => runFlows(() => memoryEngine(), count, seed));

test(`${count} workflows in a file (seed ${seed})`, async () => {
  await using dir = await folder();
  await runFlows(() => embeddedEngine({ file: join(dir.path, "work.db") }), count, seed);
});

test(`${count} workflows in PostgreSQL (seed ${seed})`, async () => {
  const connectionString = await postgresUrl();
  await runFlows(() => postgresEngine({ connectionString }), count, seed);
});
