import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { browser, counted, Development, files, textOf, watched } from "./development.ts";

/** As Tailwind does: a style sheet that is made from what all files say, those of the server among them. */
const scanning = `import { readFileSync } from "node:fs";
import { resolve } from "node:path";
const sources = ["app.ts", "counter.state.ts", "counter.page.tsx"].map((name) => resolve(import.meta.dirname, name));
export default {
  plugins: [
    {
      name: "scanning",
      enforce: "pre",
      transform(code, id) {
        if (!id.replace(/[?].*/, "").endsWith("counter.css")) return;
        for (const file of sources) this.addWatchFile(file);
        const isHidden = sources.some((file) => readFileSync(file, "utf8").includes("hidden"));
        return isHidden ? code + "h2 { display: none; }" : code;
      },
    },
  ],
};
`;

/** Says when the other page has been looked at for browsers. */
const noticing = `let see;
globalThis.isSeen = new Promise((resolve) => (see = resolve));
export default {
  plugins: [
    {
      name: "noticing",
      transform(_, id) {
        if (this.environment.name === "client" && id.endsWith("/other.page.tsx")) see();
      },
    },
  ],
};
`;

suite("what Vite makes of pages under livespan dev", () => {
  test("CSS modules change in place, and are there before any script", async () => {
    const page = files["counter.page.tsx"].replace("<h2>", "<h2 className={sheet.mine}>");
    await using t = await Development.start({
      "counter.page.tsx": `import sheet from "./counter.module.css";\n${page}`,
      "counter.module.css": ".mine { letter-spacing: 7px; }\n",
    });
    await using reader = await browser.visitor({ javaScriptEnabled: false });
    const plain = await reader.open(t.url);
    assert.equal(await plain.evaluate("getComputedStyle(document.querySelector('h2')).letterSpacing"), "7px");
    const opened = await counted(t);
    const seen = watched(opened);
    await t.project.write({ "counter.module.css": ".mine { display: none; }\n" });
    await opened.locator("h2").waitFor({ state: "hidden" });
    await t.project.write({ "counter.module.css": ".mine { letter-spacing: 8px; }\n" });
    await opened.locator("h2").waitFor({ state: "visible" });
    assert.equal(await textOf(opened), "Shared 1 steps Mine 2 Share, Keep");
    assert.equal(seen.navigations, 0);
  });

  test("a style sheet may be made from any file, and changes with it", async () => {
    await using t = await Development.start({ "vite.config.js": scanning });
    const page = await counted(t);
    const seen = watched(page);
    await t.swap('"first, in "', '"hidden, in "');
    await page.locator("h2").waitFor({ state: "hidden" });
    assert.equal(await textOf(page), "Shared 1 steps Share, Keep");
    assert.equal(seen.navigations, 0);
  });

  test("an edit that throws is shown as the error in a page with images too, which the document loads ahead", async () => {
    const page = files["counter.page.tsx"].replace("<main>", '<main><img src="/picture" alt="" />');
    const app = files["app.ts"].replace(".page(", '.get("/picture", () => new Response()).page(');
    const expected = [/oops|500|img-src/];
    await using t = await Development.start({ "counter.page.tsx": page, "app.ts": app }, { expected });
    assert.match(await (await fetch(t.url)).text(), /<link rel="preload" as="image"/);
    const opened = await counted(t);
    await t.edit("counter.page.tsx", "<main>", '<main>{((): string => { throw new Error("oops"); })()}');
    await opened.getByText("Error: oops").waitFor();
    await t.edit("counter.page.tsx", '{((): string => { throw new Error("oops"); })()}', "");
    await opened.getByText("Shared 1 steps").waitFor();
  });

  test("what all pages import is looked at before any is rendered, so that packages are bundled once", async () => {
    const awaiting = "if (import.meta.env.SSR) await Reflect.get(globalThis, 'isSeen');\n";
    await using t = await Development.start({
      "app.ts": files["app.ts"].replace(/;\n$/, '\n  .page("/other", { entry: "other.page.tsx" });\n'),
      "counter.page.tsx": awaiting + files["counter.page.tsx"],
      "other.page.tsx": "export default () => <h1>Other</h1>;\n",
      "vite.config.js": noticing,
    });
    await counted(t);
  });
});
