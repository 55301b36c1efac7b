import assert from "node:assert/strict";
import { mkdtempDisposable, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { testApp } from "livespan/testing";
import { memoryEngine } from "livespan/work";
import type { Page } from "playwright-core";
import { useBrowser, type Visitor } from "../../../test/browser/browser.ts";
import { app } from "../app.ts";
import { Folder, folder } from "../folder.ts";
import { Gate } from "./gate.ts";
import { librarian } from "../model.ts";

const browser = useBrowser();
const documents = 12;

async function openTour(place: string, gate: Gate, engine = memoryEngine()) {
  const override = [
    [folder, new Folder(place)],
    [librarian, gate.reader],
  ] as const;
  return testApp(app, { listen: true, engine, override });
}

async function assertClean(page: Page, when: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  assert.deepEqual(found, [], when);
}

/** Settles when the page shows the text. */
async function shows(page: Page, text: string | RegExp): Promise<void> {
  await page.getByText(text).first().waitFor();
}

async function open(visitor: Visitor, url: string): Promise<Page> {
  const page = await visitor.open(`${url}/index`);
  await page.getByText("live", { exact: true }).waitFor();
  return page;
}

async function openFolder() {
  const place = await mkdtempDisposable(join(tmpdir(), "livespan-page-"));
  for (let at = 0; at < documents; at++) {
    await writeFile(join(place.path, `${at}.md`), `# Document ${String(at).padStart(2, "0")}\n\nAbout parser ${at}.\n`);
  }
  await symlink("nowhere", join(place.path, "broken.md"));
  return place;
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`a folder is indexed in the page, searched, mended and found again, ${colorScheme}`, async () => {
    await using place = await openFolder();
    const gate = new Gate();
    await using t = await openTour(place.path, gate);
    await using visitor = await browser.visitor({ colorScheme, reducedMotion: "reduce" });
    const page = await open(visitor, t.url);
    const button = (name: string) => page.getByRole("button", { name, exact: true });
    await assertClean(page, "empty");
    await page.getByLabel("A folder on the server’s machine").fill("/no/such/folder");
    await button("Index it").click();
    await shows(page, "There is no folder “/no/such/folder” on the server.");
    await assertClean(page, "refused");

    await page.getByLabel("A folder on the server’s machine").fill("");
    await page.keyboard.press("Enter");
    await shows(page, `0 of ${documents + 1}`);
    assert.ok(await button("Index it").isDisabled());
    gate.let(5);
    await shows(page, `5 of ${documents + 1}`);
    await page.reload();
    await shows(page, `5 of ${documents + 1}`);
    await assertClean(page, "indexing");
    const before = await page.locator(".report").boundingBox();
    gate.let(documents);
    await shows(page, "Complete");
    assert.equal((await page.locator(".report").boundingBox())?.height, before?.height, "its height");

    await shows(page, "the file is not there, or its link leads nowhere");
    await page.getByRole("listitem").filter({ hasText: "Document 07" }).waitFor();
    await assertClean(page, "complete");
    await button("Next").click();
    await shows(page, `9–${documents} of ${documents}`);
    await page.getByLabel("Search the index").fill("7.md");
    await shows(page, "1–1 of 1");
    await page.getByRole("button", { name: /parser/ }).click();
    await shows(page, `1–8 of ${documents}`);

    await rm(join(place.path, "broken.md"));
    await writeFile(join(place.path, "broken.md"), "# Mended\n\nIt is whole again.\n");
    await button("Try again").click();
    await shows(page, `${documents + 1} of ${documents + 1}`);
    await shows(page, `${documents} recorded before`);
    await page.getByText("1 document failed").waitFor({ state: "detached" });
    await page.reload();
    await shows(page, `${documents + 1} of ${documents + 1}`);
    await page.getByRole("listitem").filter({ hasText: "Document 07" }).waitFor();
  });
}

test("an index is cancelled and goes on, and is there again when the server was started anew", async () => {
  await using place = await openFolder();
  const gate = new Gate();
  const engine = memoryEngine();
  await using visitor = await browser.visitor({ expected: [/ERR_CONNECTION_REFUSED|WebSocket/] });
  {
    await using t = await openTour(place.path, gate, engine);
    const page = await open(visitor, t.url);
    await page.getByRole("button", { name: "Index it" }).click();
    gate.let(3);
    await shows(page, `3 of ${documents + 1}`);
    await page.getByRole("button", { name: "Cancel" }).click();
    await shows(page, /^Cancelled/);
    gate.let(documents);
    await page.getByRole("button", { name: "Go on" }).click();
    await shows(page, "Complete");
    await shows(page, `${documents} of ${documents + 1}`);
    await page.close();
  }
  await using t = await openTour(place.path, gate, engine);
  const page = await open(visitor, t.url);
  await shows(page, "Complete");
  await shows(page, `${documents} of ${documents + 1}`);
  await page.getByRole("listitem").filter({ hasText: "Document 07" }).waitFor();
  await page.close();
});
