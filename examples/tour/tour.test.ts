import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempDisposable, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { manualClock, testApp } from "livespan/testing";
import { ask, Program } from "../../test/programs/program.ts";
import { app } from "./app.ts";
import type { Corpus } from "./corpus.ts";
import type { Figures } from "./figures.ts";
import { Folder, folder } from "./folder.ts";

const review = "The room was lovely. It cost $420 on 3 May 2024!\n\nSadly the lift was broken.";

function post(body: unknown): RequestInit {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { method: "POST", headers: { "content-type": "application/json" }, body: text };
}

/** Settles with the figures once they are such. */
async function figuresWhen(corpus: Corpus, matches: (figures: Figures) => boolean): Promise<Figures> {
  while (!matches(corpus.figures)) await once(corpus, "change");
  return corpus.figures;
}

/** A tour over a folder of its own, in which time moves when it is told to. */
async function openTour() {
  const documents = await mkdtempDisposable(join(tmpdir(), "livespan-tour-"));
  const write = (name: string, text: string) => writeFile(join(documents.path, name), text);
  await write("guide.md", "# The guide\n\nRead this lovely guide first. It is short.\n");
  await write("notes.md", "Some notes about compilers and parsers. Compilers read text.\n");
  await write("ignored.txt", "Not a Markdown file.\n");
  const clock = manualClock();
  const t = await testApp(app, { clock, listen: true, override: [[folder, new Folder(documents.path)]] });
  const { corpus } = t.lifespan;
  await figuresWhen(corpus, ({ state }) => state === "watching");
  return {
    t,
    corpus,
    write,
    path: documents.path,
    json: async (path: string, init?: RequestInit) => (await t.request(path, init)).json() as Promise<never>,
    /** Lets the watcher look again, and settles with the figures once they have changed. */
    async look(): Promise<Figures> {
      const { revision } = corpus.figures;
      const changed = figuresWhen(corpus, ({ state, ...now }) => state === "watching" && now.revision > revision);
      await clock.advance(2_000);
      return changed;
    },
    async close() {
      await t[Symbol.asyncDispose]();
      await documents.remove();
    },
  };
}

suite("the tour", () => {
  let tour: Awaited<ReturnType<typeof openTour>>;
  before(async () => void (tour = await openTour()));
  after(() => tour.close());

  test("a text is read: the parts of its passages are the text, and what is named is found", async () => {
    const response = await fetch(`${tour.t.url}/analyze?text=${encodeURIComponent(review)}`);
    assert.equal(response.status, 200);
    const { passages, entities, words, sentences, sentiment, ease } = (await response.json()) as never;
    assert.equal(joined(passages), review);
    assert.deepEqual(entities, [
      { value: "$420", kind: "MONEY", count: 1 },
      { value: "3 May 2024", kind: "DATE", count: 1 },
    ]);
    assert.deepEqual([words, sentences, typeof sentiment, typeof ease], [13, 3, "number", "number"]);
    const feelings = (passages as { readonly sentiment: number }[]).map((passage) => Math.sign(passage.sentiment));
    assert.deepEqual(feelings, [1, 0, -1]);
  });

  test("a longer text comes in a body, with its title", async () => {
    const { title, keywords } = await tour.json("/analyze", post({ title: "Stay", text: `${review}\n\nThe lift!` }));
    assert.equal(title, "Stay");
    assert.deepEqual(keywords[0], { word: "lift", count: 2 });
  });

  test("a text without words has no ease, and is no fault", async () => {
    const { words, ease, passages } = await tour.json("/analyze", post({ text: "日本語 123 \u0000 😀" }));
    assert.deepEqual([words === 0, ease], [true, null]);
    assert.equal(joined(passages), "日本語 123 \u0000 😀");
  });

  for (const [what, path, init, status, says] of [
    ["an empty text", "/analyze?text=", {}, 422, "there is nothing to read"],
    ["only white space", "/analyze", post({ text: " \n " }), 422, "there is nothing to read"],
    ["no text", "/analyze", post({ title: "a" }), 422, '"path":["text"]'],
    ["a text that is too long", "/analyze", post({ text: "a ".repeat(10_001) }), 422, "at most 20,000 characters"],
    ["a title that is too long", "/analyze", post({ title: "a".repeat(201), text: "b" }), 422, '"path":["title"]'],
    ["a body over the limit", "/analyze", post({ text: "a".repeat(140_000) }), 413, "131072 bytes"],
    ["a body that is not JSON", "/analyze", post("{text"), 400, "not JSON"],
    ["an unknown document", "/documents/none", {}, 404, "There is no document"],
    ["an unknown order", "/documents?sort=colour", {}, 422, '"path":["sort"]'],
    ["a page before the first", "/documents?page=0", {}, 422, '"path":["page"]'],
    ["a page that is too large", "/documents?size=101", {}, 422, '"path":["size"]'],
    ["another method", "/stats", { method: "DELETE" }, 405, "GET, HEAD"],
  ] as const) {
    test(`${what} gets a problem with status ${status}`, async () => {
      const response = await tour.t.request(path, init);
      assert.deepEqual([response.status, response.headers.get("content-type")], [status, "application/problem+json"]);
      assert.ok((await response.text()).includes(says), says);
    });
  }

  test("who would wait for long is asked to come back later", async () => {
    const answers = Array.from({ length: 20 }, () => tour.t.request("/analyze?text=hello"));
    const responses = await Promise.all(answers);
    const refused = responses.filter(({ status }) => status === 503);
    assert.equal(refused.length, 4);
    assert.equal(refused[0]?.headers.get("retry-after"), "2");
    assert.ok(responses.every(({ status }) => status === 200 || status === 503));
  });

  test("documents are listed, searched, ordered and paged", async () => {
    const all = await tour.json("/documents");
    assert.deepEqual(titles(all), ["notes.md", "The guide"]);
    assert.deepEqual(titles(await tour.json("/documents?order=down")), ["The guide", "notes.md"]);
    assert.deepEqual(titles(await tour.json("/documents?query=compiler+NOTES")), ["notes.md"]);
    assert.deepEqual(await tour.json("/documents?query=zzz"), { items: [], page: 1, pages: 0, total: 0 });
    const second = await tour.json("/documents?sort=words&size=1&page=2");
    assert.deepEqual([titles(second), second["page"], second["pages"]], [["The guide"], 2, 2]);
  });

  test("a document is read as prose", async () => {
    const [found] = (await tour.json("/documents?query=guide"))["items"] as { readonly id: string }[];
    const { document, reading } = await tour.json(`/documents/${found?.id}`);
    assert.deepEqual([document["title"], document["path"], document["complete"]], ["The guide", "guide.md", true]);
    assert.equal(joined(reading["passages"]), "The guide\n\nRead this lovely guide first. It is short.");
  });

  test("the figures follow the folder: a new file, a changed one, one that is gone", async () => {
    const before: Figures = await tour.json("/stats");
    assert.deepEqual([before.documents, before.found, before.state], [2, 2, "watching"]);
    await tour.write("new.md", "Five more words are here.\n");
    const more = await tour.look();
    assert.deepEqual([more.documents, more.words], [3, before.words + 5]);
    await tour.write("new.md", "Only three words.\n");
    // A clock of the file system may be too coarse to tell the two writes apart.
    await utimes(join(tour.path, "new.md"), new Date(), new Date(Date.now() + 5_000));
    assert.equal((await tour.look()).words, before.words + 3);
    await rm(join(tour.path, "new.md"));
    const { revision: _, ...back } = await tour.look();
    const { revision: __, ...expected } = before;
    assert.deepEqual(back, expected);
  });

  test("a file that cannot be read is counted, told of once, and forgotten when it is gone", async () => {
    await symlink("nowhere", join(tour.path, "broken.md"));
    assert.deepEqual([(await tour.look()).unreadable, tour.corpus.figures.documents], [1, 2]);
    await tour.write("after.md", "Read all the same.\n");
    assert.equal((await tour.look()).documents, 3);
    assert.equal(tour.t.log.filter(({ message }) => message === "broken.md could not be read").length, 1);
    await Promise.all(["broken.md", "after.md"].map((name) => rm(join(tour.path, name))));
    assert.deepEqual([(await tour.look()).unreadable, tour.corpus.figures.documents], [0, 2]);
  });

  test("figures stream as they change", async () => {
    const leave = new AbortController();
    const response = await fetch(`${tour.t.url}/events`, { signal: leave.signal });
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    const events = eventsOf(response);
    const first = (await events.next()).value;
    assert.equal(first?.documents, 2);
    await tour.write("streamed.md", "A new one.\n");
    await tour.look();
    const second = (await events.next()).value;
    assert.ok(first !== undefined && second !== undefined);
    assert.deepEqual([second.documents, second.revision > first.revision], [3, true]);
    leave.abort();
    await rm(join(tour.path, "streamed.md"));
    await tour.look();
  });

  test("the pages are served, with nothing beside them", async () => {
    for (const [page, styles, script] of [
      ["/", ["/assets/examples-tour-room-room-page-*.css"], "/assets/examples-tour-room-room-page-*.js"],
      [
        "/index",
        ["/assets/examples-tour-indexing-indexing-page-*.css"],
        "/assets/examples-tour-indexing-indexing-page-*.js",
      ],
      ["/library", ["page", "form", "reading", "library"].map((name) => `/page/${name}.css`), "/page/library.js"],
    ] as const) {
      const response = await tour.t.request(page);
      assert.match(response.headers.get("content-security-policy") ?? "", /default-src 'none'/, page);
      const html = await response.text();
      const files = Array.from(html.matchAll(/(?:href|src)="(\/(?:page|assets)\/[^"]+)"/g), ([, path]) => path ?? "");
      const unhashed = files.map((path) => path.replace(/(?<=^\/assets\/.*-page-)[\w-]{8}(?=\.)/, "*"));
      assert.deepEqual(unhashed.toSorted(), ["/page/theme.js", script, ...styles].toSorted());
      for (const path of files) assert.equal((await tour.t.request(path)).status, 200, path);
    }
    for (const path of ["/page/none.js", "/page/..%2fapp.ts", "/app.ts", "/room/desk.state.ts"]) {
      assert.equal((await tour.t.request(path)).status, 404, path);
    }
  });

  test("all of it is described", async () => {
    const { paths } = await tour.json("/openapi.json");
    assert.deepEqual(Object.keys(paths).sort(), ["/analyze", "/documents", "/documents/{id}", "/events", "/stats"]);
    assert.equal((await tour.t.request("/docs")).status, 200);
  });
});

test("at a stop a text in hand is read to its end, and the folder no further", async () => {
  const t = await testApp(app);
  const { corpus, model } = t.lifespan;
  await figuresWhen(corpus, ({ documents }) => documents > 0);
  const answer = t.request("/analyze", post({ text: "A sentence to be read. ".repeat(800) }));
  while (model.waiting === 0) await new Promise((resolve) => void setImmediate(resolve));
  const report = await t.stop();
  assert.equal((await answer).status, 200);
  assert.deepEqual(report.errors, []);
  assert.ok(corpus.figures.documents < corpus.figures.found);
  await t[Symbol.asyncDispose]();
});

test("a folder that is none fails the start by its name", async () => {
  process.env["DOCS_DIR"] = join(tmpdir(), "livespan-no-such-folder");
  try {
    await assert.rejects(testApp(app), /lifespan "folder" failed while starting: DOCS_DIR: expected a folder/);
  } finally {
    delete process.env["DOCS_DIR"];
  }
});

test("as a process it prints its tree and its address, and one Ctrl-C ends it", async () => {
  await using data = await mkdtempDisposable(join(tmpdir(), "livespan-tour-"));
  const env = { NODE_ENV: "development", LIVESPAN_DATA: data.path };
  await using program = Program.cli(["start", "examples/tour/app.ts", "--port", "0", "--tree"], { env });
  const response = await ask(`${await program.url()}/stats`);
  assert.equal(response.status, 200);
  await response.body?.cancel();
  assert.match(program.err, /model up .*\n(?:.*\n)*.*task watch-folder/);
  assert.deepEqual(await program.stop("SIGINT"), { code: 0, signal: null });
});

function joined(passages: readonly { readonly parts: readonly { readonly text: string }[] }[]): string {
  return passages.flatMap(({ parts }) => parts.map(({ text }) => text)).join("");
}

function titles({ items }: { readonly items: readonly { readonly title: string }[] }): readonly string[] {
  return items.map(({ title }) => title);
}

/** The data of each event that comes. */
async function* eventsOf({ body }: Response): AsyncGenerator<Figures, void, void> {
  let text = "";
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const [, data] = /^data: (.*)$/m.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (data !== undefined) yield JSON.parse(data) as Figures;
    }
  }
}
