import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { mockRun, testApp, type TestTab } from "livespan/testing";
import { app } from "../app.ts";
import { Folder, folder } from "../folder.ts";
import { librarian } from "../model.ts";
import type { Reader } from "../reader.ts";
import { analyse, extract, summarise } from "./document.ts";
import { findIn } from "./found.ts";
import { indexFolder } from "./folder.ts";
import { Gate } from "./gate.ts";
import { indexing } from "./indexing.state.ts";
import { summaryOf } from "./summary.ts";

type IndexTab = TestTab<typeof indexing>;

const { signal } = new AbortController();
const about = (at: number) =>
  `# Document ${at}\n\nThe compiler number ${at} reads a lovely text about parsers. It is short.\n`;

/** A folder of documents, and a tour whose own folder has none. */
async function openTour(documents = 5, model: readonly (readonly [typeof librarian, Reader])[] = []) {
  const place = await mkdtempDisposable(join(tmpdir(), "livespan-index-"));
  const write = (name: string, text: string | Uint8Array) => writeFile(join(place.path, name), text);
  for (let at = 0; at < documents; at++) await write(`${at}.md`, about(at));
  const t = await testApp(app, { override: [[folder, new Folder(join(import.meta.dirname, "none"))], ...model] });
  return {
    t,
    write,
    path: place.path,
    /** How often a body of each task was begun, over all runs. */
    async begun(task: { readonly name: string }): Promise<number> {
      const runs = await t.work.list({ tasks: [task.name], steps: true, limit: 1_000 });
      return runs.filter(({ workflowRunId }) => workflowRunId !== undefined).reduce((sum, run) => sum + run.attempt, 0);
    },
    async [Symbol.asyncDispose]() {
      await t[Symbol.asyncDispose]();
      await place.remove();
    },
  };
}

/** Settles when the page shows the end of a run other than `before`. */
async function ended(tab: IndexTab, before?: string) {
  const { run } = await tab.until(({ run }) => run !== null && run.id !== before && isOver(run));
  return run!;
}

function isOver({ state }: { readonly state: string }): boolean {
  return state !== "waiting" && state !== "running";
}

suite("the index of a folder", () => {
  test("each document is extracted, analysed and summarised, and the sums are of all", async () => {
    await using tour = await openTour();
    await tour.write("copy of 0.md", about(0));
    const { figures, documents, failures } = await tour.t.work.run(indexFolder, { folder: tour.path });
    assert.deepEqual(failures, []);
    assert.deepEqual(
      documents.map(({ title, path, files }) => [title, path, files]),
      Array.from({ length: 5 }, (_, at) => [`Document ${at}`, `${at}.md`, at === 0 ? 2 : 1]),
    );
    assert.equal(documents[3]?.summary, "The compiler number 3 reads a lovely text about parsers.");
    assert.deepEqual([figures.documents, figures.found], [5, 6]);
    assert.equal(
      figures.words,
      documents.reduce((sum, { words }) => sum + words, 0),
    );
    assert.deepEqual(
      figures.keywords.find(({ word }) => word === "compiler"),
      { word: "compiler", documents: 5 },
    );
  });

  test("what is recorded is not analysed again, wherever it lies: what is new is", async () => {
    await using tour = await openTour();
    const { work } = tour.t;
    await work.run(indexFolder, { folder: tour.path });
    assert.equal(await tour.begun(analyse), 5);
    await mkdir(join(tour.path, "deeper"));
    await rm(join(tour.path, "0.md"));
    await tour.write("deeper/moved.md", about(0));
    await tour.write("new.md", about(9));
    const { documents } = await work.run(indexFolder, { folder: tour.path });
    assert.deepEqual([documents.length, await tour.begun(analyse)], [6, 6]);
    assert.equal(documents.at(-2)?.path, "deeper/moved.md");
  });

  test("a page starts it, sees it end, searches what was found, and finds it again when it is loaded anew", async () => {
    await using tour = await openTour(12);
    await using tab = await tour.t.tab(indexing);
    assert.deepEqual(await tab.events.start(tour.path), {});
    const run = await ended(tab);
    assert.deepEqual([run.state, run.done, run.failed, run.total, run.attempt], ["done", 12, 0, 12, 1]);
    assert.equal(tab.snapshot.book?.figures.documents, 12);
    const second = await tab.events.browse({ query: "compiler", sort: "title", page: 2, size: 5 });
    assert.deepEqual([second.total, second.pages, second.items.length], [12, 3, 5]);
    assert.equal((await tab.events.browse({ query: "zzz" })).total, 0);
    await using again = await tab.reload();
    assert.equal(again.snapshot.run?.id, run.id);
  });

  test("what fails says why, by itself, and can be tried again when it is mended", async () => {
    await using tour = await openTour(2);
    await tour.write("binary.md", "PK\u0003\u0000");
    await tour.write("latin.md", Buffer.from("caf\u00e9", "latin1"));
    await symlink("nowhere", join(tour.path, "broken.md"));
    await using tab = await tour.t.tab(indexing);
    await tab.events.start(tour.path);
    const first = await ended(tab);
    assert.deepEqual([first.state, first.done, first.failed], ["done", 2, 3]);
    const errors = first.failures.map(({ path, error }) => `${path}: ${error}`).sort();
    assert.match(errors[0] ?? "", /^binary\.md: .*binary file/);
    assert.match(errors[1] ?? "", /^broken\.md: the file is not there/);
    assert.match(errors[2] ?? "", /^latin\.md: .*not a text in UTF-8/);
    for (const name of ["binary.md", "broken.md"]) await rm(join(tour.path, name));
    await tour.write("broken.md", about(7));
    await tab.events.retry();
    const second = await ended(tab, first.id);
    assert.deepEqual([second.done, second.failed, second.known], [3, 1, 2]);
    assert.equal(await tour.begun(analyse), 3);
  });

  test("what fails for good is tried once more by the next run, and not analysed when it fails before", async () => {
    await using tour = await openTour(1);
    await tour.write("binary.md", "\u0000");
    for (let round = 0; round < 2; round++) {
      const { failures } = await tour.t.work.run(indexFolder, { folder: tour.path });
      assert.equal(failures.length, 1);
    }
    assert.deepEqual([await tour.begun(extract), await tour.begun(analyse)], [3, 1]);
  });

  test("it is cancelled with all that it has asked for, and goes on with what is left", async () => {
    const gate = new Gate();
    await using tour = await openTour(8, [[librarian, gate.reader]]);
    await using tab = await tour.t.tab(indexing);
    await tab.events.start(tour.path);
    gate.let(3);
    await tab.until(({ run }) => run?.done === 3);
    await tab.events.cancel();
    const cancelled = await ended(tab);
    assert.equal(cancelled.state, "cancelled");
    assert.match(cancelled.fault ?? "", /somebody pressed Cancel/);
    await tour.t.work.idle();
    const left = await tour.t.work.list({ tasks: [summarise.name], states: ["cancelled"] });
    assert.equal(left.length, 5);
    gate.let(8);
    await tab.events.retry();
    const { done, known } = await ended(tab, cancelled.id);
    assert.deepEqual([done, known], [8, 3]);
  });

  test("a second one of the same folder is the first, as long as that goes on", async () => {
    const gate = new Gate();
    await using tour = await openTour(2, [[librarian, gate.reader]]);
    await using tab = await tour.t.tab(indexing);
    await tab.events.start(tour.path);
    const { id } = tab.snapshot.run!;
    assert.match((await tab.events.start(tour.path)).refused ?? "", /is being indexed/);
    const beside = await tour.t.work.enqueue(indexFolder, { folder: tour.path });
    assert.deepEqual([beside.existing, beside.id], [true, id]);
    gate.let(2);
    await beside.result();
    const after = await tour.t.work.enqueue(indexFolder, { folder: tour.path });
    assert.equal(after.existing, false);
    await after.result();
  });

  test("a folder that is not there is refused in words, and fails where it goes away later", async () => {
    await using tour = await openTour();
    await using tab = await tour.t.tab(indexing);
    const gone = join(tour.path, "gone");
    assert.match((await tab.events.start(gone)).refused ?? "", /There is no folder/);
    assert.match((await tab.events.start(join(tour.path, "0.md"))).refused ?? "", /There is no folder/);
    await assert.rejects(tour.t.work.run(indexFolder, { folder: gone }), /there is no folder/);
    const run = await ended(tab);
    assert.deepEqual([run.state, /there is no folder/.test(run.fault ?? "")], ["failed", true]);
    await assert.rejects(tab.events.start("x".repeat(1_001)), { code: "INVALID_ARGUMENT" });
  });
});

test("a folder's documents come in the order of their paths, the same content once, and unreadable ones as such", async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), "livespan-found-"));
  for (const name of ["b.md", "a.md", "c.txt"]) await writeFile(join(place.path, name), "the same");
  await symlink("nowhere", join(place.path, "z.md"));
  const found = await findIn(place.path, signal);
  assert.deepEqual(
    found.map(({ path, files, bytes }) => [path, files, bytes]),
    [
      ["a.md", 2, 8],
      ["z.md", 1, 0],
    ],
  );
  await assert.rejects(findIn(join(place.path, "none"), signal), /there is no folder/);
});

test("a character that the limit cuts in two is no fault", async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), "livespan-long-"));
  await writeFile(join(place.path, "long.md"), "ü".repeat(50_000).padStart(50_001, "x"));
  const { text } = await mockRun(extract, { input: { folder: place.path, path: "long.md", hash: "1" } });
  assert.match(text, /^xü+$/);
});

test("a summary is of whole sentences in their order, and empty where there are none", () => {
  const text =
    "Compilers\n\nA compiler translates what people write. Nobody knows why it rains today. The compiler and its parser are old friends.";
  const keywords = [
    { word: "compiler", count: 3 },
    { word: "parser", count: 2 },
  ];
  assert.equal(
    summaryOf(text, keywords),
    "A compiler translates what people write. The compiler and its parser are old friends.",
  );
  assert.equal(summaryOf("A title", keywords), "");
  assert.equal(summaryOf("", []), "");
});
