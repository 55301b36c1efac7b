import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createApp } from "livespan";
import { testApp } from "livespan/testing";
import { Program } from "../programs/program.ts";
import { Project } from "../app/pages/project.ts";
import pages from "../programs/pages/app.ts";
import { useBrowser } from "./browser.ts";

const browser = useBrowser();

/** The page of test/programs/pages, wherever it is served: it was rendered, it is alive, and its policy was kept. */
async function assertAlive(url: string): Promise<void> {
  await using reader = await browser.visitor({ javaScriptEnabled: false });
  const read = await reader.open(url);
  assert.equal(await read.locator("h1").textContent(), "Counted 0 times");
  assert.match((await read.locator("#later").textContent()) ?? "", /^Loaded later/);

  await using visitor = await browser.visitor();
  const page = await visitor.open(url);
  const button = page.getByRole("button", { name: "Count" });
  await button.click();
  await button.click();
  await page.getByText("Counted 2 times").waitFor();
  assert.equal(await page.evaluate("getComputedStyle(document.querySelector('h1')).color"), "rgb(1, 2, 3)");
  assert.equal(await page.evaluate("document.querySelector('img').decode().then(() => 'decoded')"), "decoded");
  assert.equal(await page.title(), "Counter");
}

suite("a page without states, under a strict policy", () => {
  test("built on demand: rendered, then alive", async () => {
    await using t = await testApp(pages, { listen: true });
    await assertAlive(t.url);
    assert.equal(
      t.log.filter(({ message }) => /^built test\/programs\/pages\/counter\.page\.tsx in \d+ ms$/.test(message)).length,
      1,
    );
  });

  test("built before: rendered, then alive, and its files are asked for once", async () => {
    await using project = await Project.copy("pages");
    await using build = Program.cli(["build"], { cwd: project.path });
    assert.equal((await build.end()).code, 0);
    await using program = Program.cli(["start", "--port", "0"], { cwd: project.path });
    const url = await program.url();
    await assertAlive(url);

    await using visitor = await browser.visitor();
    const page = await visitor.open(url);
    const entries = `performance.getEntriesByType("resource")
      .filter(({ name }) => !name.endsWith("/favicon.ico"))
      .map(({ name, transferSize }) => [name, transferSize])`;
    const first = await page.evaluate<[string, number][]>(entries);
    assert.ok(first.length >= 3, "scripts, styles and an image");
    assert.ok(
      first.every(([name, bytes]) => name.includes("/assets/") && bytes > 0),
      JSON.stringify(first),
    );
    await page.goto(`${url}/?again`);
    const again = await page.evaluate<[string, number][]>(entries);
    assert.deepEqual(
      again.map(([, bytes]) => bytes),
      again.map(() => 0),
    );
    assert.deepEqual((await program.stop()).code, 0);
  });

  test("one that throws on the server is rendered by the browser", async () => {
    await using project = await Project.copy("pages");
    await using build = Program.cli(["build"], { cwd: project.path });
    assert.equal((await build.end()).code, 0);
    await using program = Program.cli(["start", "--port", "0"], { cwd: project.path });
    await using visitor = await browser.visitor();
    const page = await visitor.open(`${await program.url()}/throws`);
    await page.getByRole("heading", { name: "rendered by the browser" }).waitFor();
    assert.deepEqual((await program.stop()).code, 0);
  });

  test("in development one that throws on the server says so", async () => {
    await using t = await testApp(pages, { listen: true });
    await using visitor = await browser.visitor({ expected: [/500/] });
    const page = await visitor.open(`${t.url}/throws`);
    assert.match(
      (await page.locator("pre").textContent()) ?? "",
      /there is no window[^]*throws\.page\.tsx|throws-page/,
    );
    assert.match(t.log.map(({ message }) => message).join("\n"), /page\("\/throws"\) could not be made\./);
  });
});

test("a page for every path finds its scripts, and one of a mounted app as well", async () => {
  const entry = new URL("../programs/pages/counter.page.tsx", import.meta.url);
  const inner = createApp({ name: "inner" }).page("/", { entry });
  const app = createApp({ docs: false, openapi: false }).mount("/inner", inner).page("/*", { entry });
  await using t = await testApp(app, { listen: true });
  await using visitor = await browser.visitor();
  for (const path of ["/any/where", "/inner"]) {
    const page = await visitor.open(t.url + path);
    await page.getByRole("button", { name: "Count" }).click();
    await page.getByText("Counted 1 times").waitFor();
  }
});
