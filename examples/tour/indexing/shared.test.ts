import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { postgresEngine } from "livespan/postgres";
import { createClient } from "livespan/work";
import { Program } from "../../../test/programs/program.ts";
import { postgresUrl } from "../../../test/services/postgres.ts";
import { indexFolder } from "./folder.ts";

const documents = 60;
const counting = new URL("./counting.ts", import.meta.url).href;

test("with DATABASE_URL two worker processes share an index, and none does what the other has done", async () => {
  const url = await postgresUrl();
  await using place = await mkdtempDisposable(join(tmpdir(), "livespan-shared-"));
  const folder = join(place.path, "documents");
  await mkdir(folder);
  for (let at = 0; at < documents; at++) {
    await writeFile(
      join(folder, `${at}.md`),
      `# Document ${at}\n\n${"Compilers read text with pleasure. ".repeat(100)}\n`,
    );
  }
  const counts = ["a", "b"].map((name) => join(place.path, name));
  for (const file of counts) await writeFile(file, "");
  const env = { DATABASE_URL: url, NODE_ENV: "production", NODE_OPTIONS: `--import ${counting}` };
  const [a, b] = counts.map((file) =>
    Program.cli(["worker", "examples/tour/app.ts"], { env: { ...env, TOUR_COUNT: file } }),
  );
  await using first = a!;
  await using second = b!;
  for (const worker of [first, second]) await worker.until("ready in");

  await using client = createClient({ engine: postgresEngine({ connectionString: url }), workflows: [indexFolder] });
  const { figures } = await client.run(indexFolder, { folder });
  assert.equal(figures.documents, documents);
  const [ofFirst = [], ofSecond = []] = await Promise.all(
    counts.map(async (file) => (await readFile(file, "utf8")).split("\n").filter(Boolean)),
  );
  assert.ok(ofFirst.length > 0 && ofSecond.length > 0, `${ofFirst.length} and ${ofSecond.length}`);
  assert.equal(new Set([...ofFirst, ...ofSecond]).size, documents);
  assert.equal(ofFirst.length + ofSecond.length, documents);
  for (const worker of [first, second]) assert.equal((await worker.stop()).code, 0);
});
