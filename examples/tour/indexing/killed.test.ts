import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createClient, embeddedEngine } from "livespan/work";
import { Program } from "../../../test/programs/program.ts";
import { analyse } from "./document.ts";
import { indexFolder } from "./folder.ts";
import type { Progress } from "./run.ts";

const documents = 60;
const counting = new URL("./counting.ts", import.meta.url).href;

/** Some long ones, so that the kill comes in the middle of several. */
const text = (at: number) =>
  `# Document ${at}\n\n${`Compilers read text number ${at} with pleasure. `.repeat(20 + (at % 7) * 60)}\n`;

test("a worker is killed -9 in the middle: the next one completes the run, and analyses nothing twice that was recorded", async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), "livespan-killed-"));
  const folder = join(place.path, "documents");
  const file = join(place.path, "data/work.db");
  const count = join(place.path, "count.txt");
  await mkdir(folder);
  await writeFile(count, "");
  for (let at = 0; at < documents; at++) await writeFile(join(folder, `${at}.md`), text(at));
  const env = {
    LIVESPAN_DATA: join(place.path, "data"),
    NODE_ENV: "production",
    NODE_OPTIONS: `--import ${counting}`,
    TOUR_COUNT: count,
  };
  const start = () => Program.cli(["worker", "examples/tour/app.ts"], { env });
  await using client = createClient({ engine: embeddedEngine({ file }), workflows: [indexFolder] });

  await using first = start();
  const run = await client.enqueue(indexFolder, { folder });
  for await (const said of run.progress()) {
    if ((said as Progress).done >= documents / 4) break;
  }
  await first.stop("SIGKILL");
  const steps = { tasks: [analyse.name], steps: true, limit: 1_000 } as const;
  const recorded = await client.list({ ...steps, states: ["succeeded"] });
  assert.ok(recorded.length >= documents / 4 && recorded.length < documents, `${recorded.length} recorded`);

  await using second = start();
  const { documents: entries, figures, failures } = await run.result();
  assert.deepEqual([entries.length, figures.documents, failures.length], [documents, documents, 0]);
  assert.equal((await run.info()).attempt, 2);
  const counts = new Map<string, number>();
  for (const line of (await readFile(count, "utf8")).trim().split("\n")) counts.set(line, (counts.get(line) ?? 0) + 1);
  assert.equal(counts.size, documents);
  const twice = recorded.filter(({ input }) => counts.get(titleOf(input)) !== 1);
  assert.deepEqual(twice, [], "recorded, and analysed again");
  const again = [...counts.values()].filter((times) => times > 1);
  // What its thread had in hand, and what had been read but not recorded.
  assert.ok(again.length <= 2 && again.every((times) => times === 2), `${again.length} twice`);
  assert.deepEqual((await second.stop()).code, 0);
});

function titleOf(input: unknown): string {
  const { path } = input as { readonly path: string };
  return `Document ${path.replace(".md", "")}`;
}
