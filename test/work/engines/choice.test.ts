import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { folder } from "../embedded/ledger.ts";
import { postgresUrl } from "../../services/postgres.ts";
import { Program } from "../../programs/program.ts";

const program = "../work/embedded/programs/chosen.ts";

test("a PostgreSQL's DATABASE_URL chooses that engine, unless LIVESPAN_ENGINE says otherwise", async () => {
  const DATABASE_URL = await postgresUrl();
  await using dir = await folder();
  for (const count of ["1", "2"]) {
    await using client = Program.run(program, { cwd: dir.path, env: { DATABASE_URL } });
    assert.deepEqual(await client.end(), { code: 0, signal: null }, client.err);
    assert.equal(client.out.trim(), count);
  }
  assert.deepEqual(await readdir(dir.path), [], "nothing was kept on this machine");
  await using client = Program.run(program, { cwd: dir.path, env: { DATABASE_URL, LIVESPAN_ENGINE: "embedded" } });
  await client.end();
  assert.equal(client.out.trim(), "1");
});

test("the DATABASE_URL of another kind of database chooses nothing", async () => {
  await using dir = await folder();
  await using client = Program.run(program, { cwd: dir.path, env: { DATABASE_URL: "file:./app.db" } });
  await client.end();
  assert.deepEqual([client.out.trim(), await readdir(dir.path)], ["1", [".livespan"]]);
});

test("HATCHET_CLIENT_TOKEN chooses Hatchet, also beside a DATABASE_URL", async () => {
  await using dir = await folder();
  const env = { HATCHET_CLIENT_TOKEN: "no token", DATABASE_URL: "postgres://127.0.0.1/app" };
  await using client = Program.run(program, { cwd: dir.path, env });
  assert.notEqual((await client.end()).code, 0);
  assert.match(client.err, /HATCHET_CLIENT_TOKEN is no API token of Hatchet/);
});
