import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { browser, colorOf, counted, Development, files, textOf, watched } from "./development.ts";

suite("pages under livespan dev", () => {
  test("an edit of a page changes it where it is, and what the server renders, and leaves the server alone", async () => {
    await using t = await Development.start();
    const page = await counted(t);
    const seen = watched(page);
    await t.edit("counter.page.tsx", "<h1>Shared", "<h1>Counted");
    await page.getByText("Counted 1 steps").waitFor();
    assert.equal(await textOf(page), "Counted 1 steps Mine 2 Share, Keep");
    assert.equal(seen.navigations, 0);
    assert.match(await (await fetch(t.url)).text(), /<h1>Counted/);
    assert.deepEqual(t.swaps, []);
    await page.getByRole("button", { name: "Share" }).click();
    await page.getByText("Counted 2 steps").waitFor();
  });

  test("an edit of the server leaves the page alone", async () => {
    await using t = await Development.start();
    const page = await counted(t);
    const seen = watched(page);
    await t.swap('"first, in "', '"second, in "');
    assert.equal(await t.version(), "second, in steps");
    await page.getByRole("button", { name: "Share" }).click();
    await page.getByText("Shared 2").waitFor();
    assert.equal(await textOf(page), "Shared 2 steps Mine 2 Share, Keep");
    assert.deepEqual(seen, { navigations: 0, said: [] });
  });

  test("what both import is replaced in both", async () => {
    await using t = await Development.start();
    const page = await counted(t);
    const seen = watched(page);
    await t.edit("unit.ts", "steps", "laps");
    await page.getByText("Shared 1 laps").waitFor();
    await t.program.match(/: served after/);
    assert.equal(await t.version(), "first, in laps");
    assert.equal(await textOf(page), "Shared 1 laps Mine 2 Share, Keep");
    assert.equal(seen.navigations, 0);
  });

  test("styles are there before any script, and change in place, under a policy without inline ones", async () => {
    await using t = await Development.start();
    await using reader = await browser.visitor({ javaScriptEnabled: false });
    assert.equal(await colorOf(await reader.open(t.url)), "rgb(1, 2, 3)");
    const page = await counted(t);
    const seen = watched(page);
    await t.edit("counter.css", "h1 {", "h2 { display: none; }\nh1 {");
    await page.locator("h2").waitFor({ state: "hidden" });
    await t.edit("counter.css", "h2 { display: none; }", "");
    await page.locator("h2").waitFor({ state: "visible" });
    assert.equal(await textOf(page), "Shared 1 steps Mine 2 Share, Keep");
    assert.equal(seen.navigations, 0);
    assert.deepEqual(t.swaps, []);
  });

  test("styles that come with an edit apply under such a policy too, and change and go", async () => {
    await using t = await Development.start({ "new.css": "h1 { display: none; }\n" }, { expected: [/style-src/] });
    const page = await counted(t);
    await t.edit("counter.page.tsx", 'import "./counter.css";', 'import "./counter.css";\nimport "./new.css";');
    await page.locator("h1").waitFor({ state: "hidden" });
    await t.project.write({ "new.css": "h2 { display: none; }\n" });
    await page.locator("h2").waitFor({ state: "hidden" });
    await page.locator("h1").waitFor({ state: "visible" });
    await t.edit("counter.page.tsx", '\nimport "./new.css";', "");
    await page.locator("h2").waitFor({ state: "visible" });
    assert.equal(await textOf(page), "Shared 1 steps Mine 2 Share, Keep");
  });

  test("a page is still replaced after five swaps of the server", async () => {
    await using t = await Development.start();
    const page = await counted(t);
    const seen = watched(page);
    for (let n = 1; n <= 5; n++) await t.swap(n === 1 ? "first" : `swap ${n - 1}`, `swap ${n}`);
    await t.edit("counter.page.tsx", "<h1>Shared", "<h1>Counted");
    await page.getByText("Counted 1 steps").waitFor();
    assert.equal(await textOf(page), "Counted 1 steps Mine 2 Share, Keep");
    assert.equal(seen.navigations, 0);
  });

  test("an import of the server's is refused in an open page and in a new one, and both recover", async () => {
    await using t = await Development.start({}, { expected: [/500/, /Failed to (?:fetch|reload)/, /style-src/] });
    const page = await counted(t);
    const typed = ["import type { counter }", "import { counter }"] as const;
    await t.rewrite("counter.page.tsx", typed, ["<h1>Shared", "<h1>{counter.name}"]);
    await page.locator("vite-error-overlay").waitFor({ state: "attached" });
    const dressed = "getComputedStyle(document.querySelector('vite-error-overlay')).position";
    assert.equal(await page.evaluate(dressed), "fixed");
    await t.program.until("counter.state.ts would reach the browser");
    const fresh = await t.visitor.open(t.url);
    assert.match(
      (await fresh.locator("pre").textContent()) ?? "",
      /counter\.state\.ts would reach the browser[^]*PAGE_GUARD/,
    );

    await t.rewrite("counter.page.tsx", [typed[1], typed[0]], ["<h1>{counter.name}", "<h1>Counted"]);
    await fresh.getByText("Counted 0 steps").waitFor();
    await page.getByText("Counted 1 steps").waitFor();
    await page.locator("vite-error-overlay").waitFor({ state: "detached" });
  });

  test("code of the server's that does not load is shown over the page, until a save mends it", async () => {
    await using t = await Development.start({}, { expected: [/style-src/] });
    const page = await counted(t);
    const seen = watched(page);
    const overlay = page.locator("vite-error-overlay");
    await t.edit("app.ts", '"first, in "', '"first, in ');
    await overlay.waitFor({ state: "attached" });
    const message = (await overlay.locator(".message-body").textContent()) ?? "";
    assert.match(message, /^The code could not be loaded\n[^]*\nMend that line\.$/);
    assert.match((await overlay.locator(".file").textContent()) ?? "", /app\.ts:10:\d+$/);
    assert.match((await overlay.locator(".frame").textContent()) ?? "", /^\u200B +8 \|[^]*^> 10 \|/m);
    const late = await t.visitor.open(t.url);
    await late.locator("vite-error-overlay").waitFor({ state: "attached" });
    await t.edit("app.ts", '"first, in ', '"first, in "');
    for (const each of [page, late]) await each.locator("vite-error-overlay").waitFor({ state: "detached" });
    assert.equal(seen.navigations, 0);
  });

  test("the page that says why nothing is served gives way to the app by itself", async () => {
    await using t = await Development.start({}, { expected: [/503/] });
    await t.edit("app.ts", "export default", 'throw new Error("not yet");\nexport default');
    await t.program.until("not yet");
    await t.edit("app.ts", 'throw new Error("not yet");', 'setTimeout(() => { throw new Error("ended"); });');
    await t.program.until("until a save mends it");
    const page = await t.visitor.open(t.url);
    // The timer may be due before the start is over.
    await page.getByRole("heading", { name: /^The app (?:has ended|did not start)/ }).waitFor();
    await t.edit("app.ts", 'setTimeout(() => { throw new Error("ended"); });', "");
    await page.getByText("Shared 0 steps").waitFor();
  });

  test("an edit that throws when it is rendered is shown as the error, until the one that mends it", async () => {
    await using t = await Development.start({}, { expected: [/oops|500/] });
    const page = await counted(t);
    await t.edit("counter.page.tsx", "<main>", '<main>{((): string => { throw new Error("oops"); })()}');
    await page.getByText("Error: oops").waitFor();
    await t.rewrite(
      "counter.page.tsx",
      ['{((): string => { throw new Error("oops"); })()}', ""],
      ["<h1>Shared", "<h1>Counted"],
    );
    await page.getByText("Counted 1 steps").waitFor();
  });

  test("a stop closes what browsers hold open, and is clean", async () => {
    await using t = await Development.start({}, { expected: [/ERR_CONNECTION|WebSocket|worker/i] });
    await counted(t);
    assert.deepEqual(await t.program.stop(), { code: 0, signal: null });
    assert.match(t.program.err, /stopped cleanly/);
  });

  test("without the plugin a page is loaded again, and one line says what would be better", async () => {
    await using t = await Development.start({}, { packages: [] });
    const page = await counted(t);
    await t.program.until("@vitejs/plugin-react");
    await t.edit("counter.page.tsx", "<h1>Shared", "<h1>Counted");
    await page.getByText("Counted 1 steps").waitFor();
    assert.equal(await textOf(page), "Counted 1 steps Mine 0 Share, Keep");
    assert.equal(t.program.err.match(/@vitejs\/plugin-react/g)?.length, 1);
  });

  test("a plugin of the project's own configuration is left as it is", async () => {
    await using t = await Development.start({
      "vite.config.js": 'import react from "@vitejs/plugin-react";\nexport default { plugins: [react()] };\n',
    });
    const page = await counted(t);
    await t.edit("counter.page.tsx", "<h1>Shared", "<h1>Counted");
    await page.getByText("Counted 1 steps").waitFor();
    assert.equal(await textOf(page), "Counted 1 steps Mine 2 Share, Keep");
  });

  test("pages of another folder come with its configuration, whose edits count at once", async () => {
    const app = files["app.ts"].replace(
      'name: "hot",',
      'name: "hot", pages: { root: "web", config: "pages.config.js" },',
    );
    const said = (text: string): string => `export default { define: { __SAID__: '"${text}"' } };\n`;
    const page = files["counter.page.tsx"].replaceAll('"./', '"../').replace("../counter.css", "./counter.css");
    const web = {
      "web/pages.config.js": said("said"),
      "web/counter.css": files["counter.css"],
      "web/counter.page.tsx": `declare const __SAID__: string;\n${page.replace("<h1>", "<h1>{__SAID__} ")}`,
    };
    // Of the policy, by Vite's client, which watches in a worker for a server that is away.
    const expected = [/Creating a worker/];
    await using t = await Development.start({ "app.ts": app, ...web }, { expected });
    const opened = await t.open();
    await opened.getByText("said Shared 0").waitFor();
    assert.equal(await colorOf(opened), "rgb(1, 2, 3)");
    await t.project.write({ "web/pages.config.js": said("changed") });
    await opened.getByText("changed Shared 0").waitFor();
  });

  test("pages see the React of their own folder, also where livespan is linked to one that has another", async () => {
    const packages = ["@vitejs/plugin-react", "scheduler"];
    await using t = await Development.start({}, { packages, own: ["react", "react-dom"] });
    const page = await counted(t);
    await t.edit("counter.page.tsx", "<h1>Shared", "<h1>Counted");
    await page.getByText("Counted 1 steps").waitFor();
    assert.equal(await textOf(page), "Counted 1 steps Mine 2 Share, Keep");
  });
});
