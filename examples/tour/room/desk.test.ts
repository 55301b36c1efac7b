import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { manualClock, testApp, type TestTab } from "livespan/testing";
import { app } from "../app.ts";
import { Folder, folder } from "../folder.ts";
import { addReading, type Findings } from "./findings.ts";
import type { Job } from "./job.ts";
import { desk } from "./desk.state.ts";
import { portionEnd } from "./portions.ts";
import { faultOf, mostBytes, partLength, partsOf, titleOf } from "./text.ts";
import { together } from "./together.state.ts";

const code = (expected: string) => (error: unknown) => (error as { readonly code: string }).code === expected;
const text = "A lovely morning on 3 May. The lift was broken, sadly. We paid $420 for it.\n\n".repeat(12);

type DeskTab = TestTab<typeof desk>;

async function offer(tab: DeskTab, whole: string, title = ""): Promise<string | undefined> {
  const parts = partsOf(whole);
  const answers = parts.map((piece, part) => tab.events.offer({ part, parts: parts.length, title, text: piece }));
  return (await Promise.all(answers)).find(({ refused }) => refused !== undefined)?.refused;
}

function isDone({ job }: { readonly job: Pick<Job, "state"> | null }): boolean {
  return job?.state === "done";
}

function joined(rows: DeskTab["snapshot"]["rows"]): string {
  return rows.flatMap(({ parts }) => parts.map((part) => part.text)).join("");
}

function squeezed(words: string): string {
  return words.replaceAll(/\s/g, "");
}

suite("a desk", () => {
  const open = () => {
    const clock = manualClock();
    // A folder that has no documents.
    const override = [[folder, new Folder(import.meta.dirname)]] as const;
    return testApp(app, { clock, override });
  };
  let t: Awaited<ReturnType<typeof open>>;
  before(async () => void (t = await open()));
  after(() => t[Symbol.asyncDispose]());

  /** Reads at once what is offered. */
  async function openDesk(): Promise<DeskTab> {
    const tab = await t.tab(desk);
    await tab.events.setPace("full");
    return tab;
  }

  /** Lets time pass until the tab shows such. */
  async function until(tab: DeskTab, matches: (snapshot: DeskTab["snapshot"]) => boolean): Promise<void> {
    while (!matches(tab.snapshot)) {
      const changed = tab.until((now) => matches(now) || now.job?.state !== "reading");
      await Promise.race([changed, t.clock.advance(250).then(() => new Promise(setImmediate))]);
    }
  }

  test("reads a text portion by portion, and all of it once", async () => {
    await using tab = await openDesk();
    assert.equal(await offer(tab, text), undefined);
    assert.equal(tab.snapshot.job?.state, "reading");
    await until(tab, isDone);
    const { job, rows, mentions } = tab.snapshot;
    assert.equal(squeezed(joined(rows)), squeezed(text));
    assert.deepEqual([job?.sentences, job?.words, job?.read], [36, 12 * 14, text.length]);
    assert.deepEqual(
      rows.map(({ id }) => id),
      Array.from({ length: 36 }, (_, id) => id),
    );
    assert.deepEqual(
      mentions.find(({ value }) => value === "$420"),
      { id: "MONEY $420", value: "$420", kind: "MONEY", count: 12 },
    );
    assert.equal(job?.title, "A lovely morning on 3 May. The lift was broken, sadly. We paid $420…");
  });

  test("takes a text in parts, and cuts no character in two", async () => {
    await using tab = await openDesk();
    const long = `${"x".repeat(partLength - 1)}😀 `.repeat(3) + text;
    assert.equal(await offer(tab, long, "long.txt"), undefined);
    await until(tab, isDone);
    assert.deepEqual([tab.snapshot.job?.title, tab.snapshot.job?.characters], ["long.txt", long.length]);
    assert.equal(squeezed(joined(tab.snapshot.rows)), squeezed(long));
  });

  test("keeps what it has of a text that is stopped, and goes on with it", async () => {
    await using tab = await openDesk();
    await tab.events.setPace("slow");
    await offer(tab, text);
    await tab.until(({ rows }) => rows.length > 0);
    await tab.events.stop();
    const { read } = tab.snapshot.job!;
    assert.deepEqual([tab.snapshot.job?.state, read < text.length], ["stopped", true]);
    await t.clock.advance(1_500);
    await tab.events.setPace("full");
    await tab.events.goOn();
    await until(tab, isDone);
    assert.equal(squeezed(joined(tab.snapshot.rows)), squeezed(text));
    assert.equal(tab.snapshot.job?.continued, 0);
  });

  test("the next text takes the place of one that is being read, which is kept among the past", async () => {
    await using tab = await openDesk();
    await tab.events.setPace("slow");
    await offer(tab, text, "first");
    await tab.until(({ rows }) => rows.length > 0);
    await tab.events.setPace("full");
    await offer(tab, "A short one.", "second");
    await until(tab, isDone);
    assert.deepEqual(
      tab.snapshot.past.map(({ title, isWhole }) => [title, isWhole]),
      [["first", false]],
    );
    assert.equal(joined(tab.snapshot.rows), "A short one.");
    await tab.events.again();
    await until(tab, isDone);
    assert.deepEqual(
      tab.snapshot.past.map(({ title, isWhole }) => [title, isWhole]),
      [
        ["second", true],
        ["first", false],
      ],
    );
    await tab.events.forget(tab.snapshot.past[0]!.id);
    assert.equal(tab.snapshot.past.length, 1);
  });

  test("a mark is kept while the text is read on; one of a sentence that is not there changes nothing", async () => {
    await using tab = await openDesk();
    await tab.events.setPace("slow");
    await offer(tab, text);
    await tab.until(({ rows }) => rows.length > 1);
    await tab.events.mark(1);
    await tab.events.mark(100_000);
    await tab.events.setPace("full");
    await until(tab, isDone);
    assert.deepEqual(
      tab.snapshot.rows.filter(({ marked }) => marked).map(({ id }) => id),
      [1],
    );
  });

  test("all tabs' figures count each text and each word once", async () => {
    await using tab = await openDesk();
    await using other = await t.tab(desk);
    const figures = await other.state(together);
    const before = figures.snapshot;
    await offer(tab, text);
    await until(tab, isDone);
    const after = await figures.until(({ texts }) => texts > before.texts);
    assert.deepEqual([after.texts - before.texts, after.words - before.words], [1, tab.snapshot.job?.words]);
  });

  test("a page that comes back starts nothing where something is being read", async () => {
    await using tab = await openDesk();
    await tab.events.setPace("slow");
    await offer(tab, text);
    await tab.until(({ rows }) => rows.length > 0);
    await tab.events.here();
    assert.equal(tab.snapshot.job?.continued, 0);
    await tab.events.stop();
    await tab.events.here();
    assert.equal(tab.snapshot.job?.state, "stopped");
  });

  test("a text that the model fails on is shown as such, and can be tried again", async () => {
    await using tab = await openDesk();
    const { model } = t.lifespan;
    Object.assign(model, { read: () => Promise.reject(new Error("no memory")) });
    await offer(tab, text);
    await tab.until(({ job }) => job?.state === "failed");
    Reflect.deleteProperty(model, "read");
    await tab.events.goOn();
    await until(tab, isDone);
    assert.equal(squeezed(joined(tab.snapshot.rows)), squeezed(text));
    assert.ok(t.log.some(({ level, message }) => level === "error" && message.includes("no memory")));
  });

  for (const [what, arg] of [
    ["no text", { part: 0, parts: 1 }],
    ["a part that is too long", { part: 0, parts: 1, text: "a".repeat(partLength + 1) }],
    ["more parts than there may be", { part: 0, parts: 1_000, text: "a" }],
    ["a part before the first", { part: -1, parts: 1, text: "a" }],
    ["a title that is too long", { part: 0, parts: 1, title: "a".repeat(201), text: "a" }],
  ] as const) {
    test(`${what} is refused, and the tab goes on`, async () => {
      await using tab = await openDesk();
      await assert.rejects(tab.events.offer(arg as never), code("INVALID_ARGUMENT"));
      assert.equal(await offer(tab, "It goes on."), undefined);
      await until(tab, isDone);
    });
  }

  test("a text of which a part is missing, that is empty, binary or too long is refused in words", async () => {
    await using tab = await openDesk();
    const late = await tab.events.offer({ part: 1, parts: 2, text: "late" });
    assert.match(late.refused ?? "", /did not arrive/);
    assert.match((await offer(tab, " \n ")) ?? "", /the text is empty/);
    assert.match((await offer(tab, "PK\u0003\u0000")) ?? "", /binary file/);
    assert.match((await offer(tab, "ü".repeat(mostBytes / 2 + 1))) ?? "", /has 129 KB; at most 128 KB/);
    assert.equal(tab.snapshot.job, null);
  });
});

test("portions end where a paragraph, a sentence or a word does, and are the text", () => {
  const texts = [text, "word ".repeat(5_000), "😀".repeat(3_000), `a${"😀".repeat(3_000)}`, "x", text.repeat(100)];
  for (const whole of texts) {
    const pieces: string[] = [];
    for (let from = 0; from < whole.length;) {
      const end = portionEnd(whole, from);
      assert.ok(end > from, "it goes on");
      pieces.push(whole.slice(from, end));
      from = end;
    }
    assert.equal(pieces.join(""), whole);
    assert.ok(pieces.every((piece) => piece.isWellFormed()));
    assert.ok(pieces.length <= 121, `${pieces.length} portions`);
  }
  assert.match(text.slice(0, portionEnd(text, 0)), /\n\n$/);
});

test("what a state keeps of a text is bounded, and its sums are of all of it", () => {
  const sums = { read: 0, continued: 0, words: 0, sentences: 0, seconds: 0, sentiment: 0, ease: null };
  const job: Job = { id: "1", title: "", state: "reading", characters: 1, ...sums };
  const findings: Findings & { job: Job } = { job, rows: [], mentions: [] };
  const parts = Array.from({ length: 100 }, (_, at) => ({ text: `${at} `, entity: at % 2 === 0 ? "CARDINAL" : null }));
  const passages = Array.from({ length: 1_000 }, () => ({ sentiment: 0.5, parts }));
  for (let round = 0; round < 2; round++) {
    const entities = Array.from({ length: 150 }, (_, at) => ({ value: `${round} ${at}`, kind: "CARDINAL", count: 1 }));
    const reading = {
      characters: 1,
      words: 1_000,
      sentences: 1_000,
      seconds: 1,
      sentiment: 0.5,
      ease: 50,
      keywords: [],
    };
    addReading(findings, { ...reading, entities, passages }, 1);
  }
  assert.deepEqual([findings.rows.length, findings.mentions.length, job.sentences], [1_500, 200, 2_000]);
  assert.deepEqual([job.sentiment, job.ease, job.words], [0.5, 50, 2_000]);
  const [row] = findings.rows;
  assert.equal(row?.parts.length, 25);
  assert.equal(row?.parts.map((part) => part.text).join(""), parts.map((part) => part.text).join(""));
});

test("a text is called after its first line", () => {
  assert.equal(titleOf("\n## A *title*\nand more"), "A *title*");
  assert.equal(titleOf("***"), "Untitled");
  assert.equal(titleOf("word ".repeat(30)).length <= 71, true);
  assert.equal(faultOf("fine"), undefined);
});
