import assert from "node:assert/strict";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { testApp } from "livespan/testing";
import type { Page } from "playwright-core";
import { Program } from "../../test/programs/program.ts";
import { startRedis } from "../../test/services/redis.ts";
import { useBrowser, type Visitor } from "../../test/browser/browser.ts";
import { app } from "./app.ts";
import { Folder, folder } from "./folder.ts";
import { mostBytes } from "./room/text.ts";

const browser = useBrowser();

const sentence = (at: number) => `On ${(at % 28) + 1} May we paid $${at} for it, and it was lovely.`;
/** Some forty portions. */
const long = Array.from({ length: 120 }, (_, at) => sentence(at)).join("\n\n");

/** The tour over a folder without documents. */
const openTour = () => testApp(app, { listen: true, override: [[folder, new Folder(import.meta.dirname)]] });

/** One tour for the tests of a suite. */
function useTour() {
  let tour: Awaited<ReturnType<typeof openTour>>;
  before(async () => void (tour = await openTour()));
  after(() => tour[Symbol.asyncDispose]());
  return () => tour.url;
}

async function assertClean(page: Page, when: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  assert.deepEqual(found, [], when);
}

/** The room, with what a test does in it. */
class Room {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  static async open(visitor: Visitor, url: string): Promise<Room> {
    const room = new Room(await visitor.open(url));
    await room.shows("live");
    return room;
  }

  get text() {
    return this.page.getByLabel("Your text, in English");
  }
  get sentences() {
    return this.page.locator(".sentences li");
  }
  get report() {
    return this.page.locator(".report");
  }

  async read(text: string): Promise<void> {
    await this.text.fill(text);
    await this.page.getByRole("button", { name: "Read it" }).click();
  }

  async pace(name: "Full speed" | "Steady" | "Slow"): Promise<void> {
    await this.page.locator(".segments label", { hasText: name }).click();
  }

  /** Settles when the page shows the text. */
  async shows(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  /** Settles when a figure is so. */
  async figure(term: string, value: string): Promise<void> {
    const row = this.page.locator(".facts > div", { has: this.page.getByText(term, { exact: true }) });
    await row.getByText(value, { exact: true }).waitFor();
  }

  async refused(message: RegExp): Promise<void> {
    await this.page.locator(".fault").getByText(message).waitFor();
  }

  async upload(name: string, bytes: Buffer): Promise<void> {
    await this.page.locator("input[type=file]").setInputFiles({ name, mimeType: "text/plain", buffer: bytes });
  }
}

suite("the live page of the tour", () => {
  const url = useTour();

  test("a text that is pasted is read sentence by sentence, while other things are done", async () => {
    await using visitor = await browser.visitor();
    const room = await Room.open(visitor, url());
    await room.read("A first one, to show the pace.");
    await room.shows("Read to the end");
    await room.pace("Slow");
    await room.read(long);
    await room.sentences.nth(1).waitFor();

    const search = room.page.getByLabel("Search the sentences");
    await search.pressSequentially("$1 ");
    await room.shows("1 of");
    assert.equal(await search.inputValue(), "$1 ");
    await room.page.getByRole("button", { name: "Mark sentence 2" }).click();
    await room.page.getByRole("button", { name: "Mark sentence 2", pressed: true }).waitFor();
    assert.match(await room.report.innerText(), /Reading · \d+%/);

    await room.pace("Full speed");
    await room.shows("Read to the end");
    await room.figure("Sentences", "120");
    assert.equal(await search.inputValue(), "$1 ");
    await search.fill("");
    await room.shows("120 of 120");
    await room.page.getByLabel("Which sentences").selectOption("Those you marked");
    await room.shows("1 of 120");
    assert.match(await room.page.locator(".past").innerText(), /A first one, to show the pace\./);
  });

  test("stop and go on, reload, read again: each by the keyboard alone", async () => {
    await using visitor = await browser.visitor();
    const room = await Room.open(visitor, url());
    await room.text.fill(long);
    await room.page.keyboard.press("Control+Enter");
    await room.sentences.first().waitFor();
    const action = room.report.getByRole("button");
    await action.focus();
    await room.page.keyboard.press("Enter");
    await room.shows("Stopped");
    const before = await room.sentences.count();
    await room.page.reload();
    await room.shows("Stopped");
    assert.equal(await room.sentences.count(), before);
    await action.focus();
    await room.page.keyboard.press("Enter");
    await room.page.getByLabel("Steady").focus();
    await room.page.keyboard.press("ArrowLeft");
    await room.shows("Read to the end");
    await room.figure("Sentences", "120");
    assert.equal(await action.innerText(), "Read again");
  });

  test("files: what cannot be read is refused in words, what can is read", async () => {
    await using visitor = await browser.visitor();
    const room = await Room.open(visitor, url());
    await room.upload("big.txt", Buffer.alloc(mostBytes + 1, "a"));
    await room.refused(/“big\.txt”: The text has 129 KB; at most 128 KB can be read/);
    await room.upload("latin.txt", Buffer.from("caf\u00e9", "latin1"));
    await room.refused(/“latin\.txt” is not a text in UTF-8/);
    await room.upload("data.txt", Buffer.from("PK\u0003\u0000"));
    await room.refused(/looks like a binary file/);
    await room.read("   ");
    await room.refused(/the text is empty/);
    await room.upload("letter.md", Buffer.from("Dear all, this is a lovely café."));
    await room.page.getByRole("heading", { name: "letter.md" }).waitFor();
    await room.shows("Read to the end");
    assert.equal(await room.page.locator(".fault").innerText(), "");
  });

  test("a file that is dropped is read", async () => {
    await using visitor = await browser.visitor();
    const room = await Room.open(visitor, url());
    const dataTransfer = await room.page.evaluateHandle(
      "(() => { const held = new DataTransfer(); held.items.add(new File([new Array(3_000).fill('Dropped words.').join(' ')], 'dropped.txt')); return held; })()",
    );
    await room.page.dispatchEvent(".compose", "dragover", { dataTransfer });
    await room.page.locator(".compose[data-over]").waitFor();
    await room.page.dispatchEvent(".compose", "drop", { dataTransfer });
    await room.page.getByRole("heading", { name: "dropped.txt" }).waitFor();
    await room.sentences.first().waitFor();
  });
});

test("two tabs have a text each, and the same figures", async () => {
  await using t = await openTour();
  await using visitor = await browser.visitor();
  const one = await Room.open(visitor, t.url);
  await one.figure("Tabs open", "1");
  const two = await Room.open(visitor, t.url);
  for (const room of [one, two]) await room.figure("Tabs open", "2");
  await one.read("Three words here.");
  await two.read("And four more words.");
  for (const room of [one, two]) {
    await room.figure("Texts read", "2");
    await room.figure("Words read", "7");
  }
  assert.equal(await one.sentences.count(), 1);
  await two.page.close();
  await one.figure("Tabs open", "1");
});

test("a tab that another page has taken over says so, and loads its own again", async () => {
  await using t = await openTour();
  await using visitor = await browser.visitor();
  // As on an address without HTTPS, where a browser does not tell a copy from its tab.
  await visitor.context.addInitScript("delete Navigator.prototype.locks");
  const room = await Room.open(visitor, t.url);
  await room.read("Three words here.");
  await room.shows("Read to the end");
  const opened = visitor.context.waitForEvent("page");
  await room.page.evaluate("void open(location.href)");
  const copy = new Room(await opened);
  await copy.shows("Read to the end");
  await room.shows("goes on in another page");
  await assertClean(room.page, "taken over");
  await copy.page.close();
  await room.page.getByRole("button", { name: "Load this page again" }).click();
  await room.shows("live");
  await room.shows("Read to the end");
});

suite("when the server is killed in the middle", () => {
  const lost = /ERR_CONNECTION_REFUSED|WebSocket/;
  let data: Awaited<ReturnType<typeof mkdtempDisposable>>;
  before(async () => void (data = await mkdtempDisposable(join(tmpdir(), "livespan-tour-"))));
  after(() => data.remove());
  const start = (port: string, env: NodeJS.ProcessEnv = {}) =>
    Program.cli(["start", "examples/tour/app.ts", "--port", port], {
      env: { NODE_ENV: "development", DOCS_DIR: import.meta.dirname, LIVESPAN_DATA: data.path, ...env },
    });

  test("the tab goes on with the next one, where states are kept in Redis", async () => {
    await using redis = await startRedis();
    const env = { REDIS_URL: redis.url };
    await using first = start("0", env);
    const url = await first.url();
    await using visitor = await browser.visitor({ expected: [lost] });
    const room = await Room.open(visitor, url);
    await room.read(long);
    await room.sentences.nth(8).waitFor();
    await first.stop("SIGKILL");
    await room.shows("The connection to the server is lost");
    await room.shows("Waiting for the server");
    await assertClean(room.page, "away");
    await room.text.fill("typed while nobody was there");

    await using second = start(new URL(url).port, env);
    await second.url();
    await room.shows("taken up again where it was cut off");
    await room.pace("Full speed");
    await room.shows("Read to the end");
    await room.figure("Sentences", "120");
    assert.equal(await room.page.getByText("The connection to the server is lost").count(), 0);
    assert.equal(await room.text.inputValue(), "typed while nobody was there");
    const shown = await room.page.locator(".sentences").innerText();
    // Each once, in its place: the amounts count up.
    const amounts = Array.from(shown.matchAll(/\$(\d+)/g), ([, amount]) => Number(amount));
    assert.deepEqual(
      amounts,
      Array.from(amounts, (_, at) => at),
    );
    await room.figure("Texts read", "1");
    const words = room.report.locator(".facts dd").first();
    await room.figure("Words read", await words.innerText());
    assert.deepEqual((await second.stop()).code, 0);
  });

  test("the page says so, where they were kept in its memory", async () => {
    await using first = start("0");
    const url = await first.url();
    await using visitor = await browser.visitor({ expected: [lost] });
    const room = await Room.open(visitor, url);
    await room.read(long);
    await room.sentences.first().waitFor();
    await first.stop("SIGKILL");
    await room.shows("The connection to the server is lost");
    await using second = start(new URL(url).port);
    await second.url();
    await room.shows("The server no longer knows what this tab has read");
    await room.page.getByRole("button", { name: "Read it" }).click();
    await room.sentences.first().waitFor();
    assert.equal(await room.page.getByText("The server no longer knows").count(), 0);
  });
});

suite("accessibility", () => {
  const url = useTour();

  for (const colorScheme of ["light", "dark"] as const) {
    test(`axe finds nothing to complain of, ${colorScheme}`, async () => {
      await using visitor = await browser.visitor({ colorScheme, reducedMotion: "reduce" });
      const room = await Room.open(visitor, url());
      await assertClean(room.page, "empty");
      await room.read(" ");
      await room.refused(/the text is empty/);
      await assertClean(room.page, "refused");
      await room.read("The pool was terrible. The room was lovely, on 3 May, for $30. Write to a@b.example.");
      await room.shows("Read to the end");
      await room.read(long);
      await room.sentences.nth(3).waitFor();
      await assertClean(room.page, "reading");
      await room.page.getByRole("button", { name: "Light or dark" }).click();
      await assertClean(room.page, "in the other theme");
      await room.page.goto(`${url()}/library`);
      await room.shows("The folder has no Markdown files");
      await assertClean(room.page, "the library");
    });
  }

  test("the theme that is chosen stays, on every page", async () => {
    await using visitor = await browser.visitor({ colorScheme: "light" });
    const room = await Room.open(visitor, url());
    const background = () => room.page.evaluate("getComputedStyle(document.body).backgroundColor");
    const light = await background();
    await room.page.getByRole("button", { name: "Light or dark" }).click();
    const dark = await background();
    assert.notEqual(dark, light);
    await room.page.goto(`${url()}/library`);
    assert.equal(await background(), dark);
    await room.page.getByRole("button", { name: "Light or dark" }).click();
    await room.page.goto(url());
    assert.equal(await background(), light);
  });
});
