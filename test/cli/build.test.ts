import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { ask, Program } from "../programs/program.ts";
import { Project } from "../app/pages/project.ts";

/** What `livespan build` in a project says. */
async function built(project: Project, args: readonly string[] = []) {
  await using program = Program.cli(["build", ...args], { cwd: project.path });
  const { code } = await program.end();
  return { code, out: program.out, err: program.err };
}

function started(project: Project, entry: readonly string[] = []): Program {
  return Program.cli(["start", ...entry, "--port", "0"], { cwd: project.path });
}

/** What is in the build that the manifest names, at a path in it. */
async function filesOf(project: Project, path: string): Promise<string[]> {
  const { folder } = JSON.parse(await readFile(project.file(".livespan/manifest.json"), "utf8")) as { folder: string };
  return readdir(project.file(`.livespan/${folder}/${path}`));
}

suite("livespan build", { concurrency: 3 }, () => {
  test("builds what livespan start serves: rendered, hashed, compressed, for ever", async () => {
    await using project = await Project.copy("pages");
    const { code, out, err } = await built(project);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /^2 pages in \.livespan, \d+\.\d s\n {2}\S+\.\w+ +[\d.]+ kB +[\d.]+ kB compressed\n/m);
    await rm(project.file("counter.page.tsx"));

    await using program = started(project);
    const url = await program.url();
    const page = await ask(url);
    const text = await page.text();
    assert.deepEqual([page.status, page.headers.get("cache-control")], [200, "no-cache"]);
    assert.match(text, /<h1 id="[^"]+">Counted (?:<!-- -->)?0(?:<!-- -->)? times<\/h1>/);
    assert.match(text, /<title>Counter<\/title>/);
    assert.match(text, /<p id="later">Loaded later/);
    assert.ok(
      !/<script(?! type="module" src="\/assets\/| type="application\/json")/.test(text),
      "a script that is neither a file nor data",
    );
    const [style = ""] = /\/assets\/[\w.-]+\.css/.exec(text) ?? [];
    const [script = ""] = /\/assets\/[\w.-]+\.js(?=">)/.exec(text) ?? [];
    const [image = ""] = /\/assets\/heart-[\w-]{8}\.svg/.exec(text) ?? [];
    for (const [path, type] of [
      [style, "text/css; charset=utf-8"],
      [script, "text/javascript; charset=utf-8"],
      [image, "image/svg+xml"],
    ] as const) {
      const asset = await ask(url + path);
      assert.deepEqual([asset.status, asset.headers.get("content-type")], [200, type], path);
      assert.equal(asset.headers.get("cache-control"), "public, max-age=31536000, immutable");
      assert.equal(asset.headers.get("x-content-type-options"), "nosniff");
      assert.notEqual((await asset.bytes()).length, 0);
    }
    for (const [accepted, encoding] of [
      ["gzip, deflate, br", "br"],
      ["gzip", "gzip"],
      ["br;q=0, gzip;q=0.5", "gzip"],
      ["identity", null],
    ] as const) {
      const asset = await fetch(url + script, { headers: { connection: "close", "accept-encoding": accepted } });
      assert.equal(asset.headers.get("content-encoding"), encoding, accepted);
      assert.equal(asset.headers.get("vary"), "accept-encoding");
      assert.match(await asset.text(), /import|function/, "it is what it says");
      const etag = asset.headers.get("etag") ?? "";
      const again = await fetch(url + script, {
        headers: { connection: "close", "accept-encoding": accepted, "if-none-match": `"other", W/${etag}` },
      });
      assert.deepEqual([again.status, await again.text()], [304, ""], accepted);
    }
    for (const path of [
      "/assets/../manifest.json",
      "/assets/%2e%2e/manifest.json",
      "/assets/..%2fmanifest.json",
      "/assets/%2e%2e%2fserver%2fthrows-page.mjs",
      "/assets/..%5cmanifest.json",
      "/assets//etc/passwd",
      "/assets/%00",
      "/assets/%E0%A4%A",
      "/assets/__proto__",
      "/assets/",
      `${script}.br`,
      `${script}/`,
    ]) {
      assert.equal((await ask(url + path)).status, 404, path);
    }
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test("a page that throws while it is rendered is left to the browser, and said", async () => {
    await using project = await Project.copy("pages");
    assert.equal((await built(project)).code, 0);
    await using program = started(project);
    const page = await ask(`${await program.url()}/throws`);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<div id="root"><\/div>/);
    assert.match(program.err, /error page\("\/throws"\) threw while it was rendered\.[^]*there is no window/);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test("the same sources give the same names on every machine", async () => {
    const names: string[][] = [];
    for (const _ of [1, 2]) {
      await using project = await Project.copy("pages");
      assert.equal((await built(project)).code, 0);
      const { pages } = JSON.parse(await readFile(project.file(".livespan/manifest.json"), "utf8")) as {
        readonly pages: object;
      };
      assert.deepEqual(Object.keys(pages), ["counter.page.tsx", "throws.page.tsx"]);
      names.push((await filesOf(project, "client")).toSorted());
    }
    assert.deepEqual(names[0], names[1]);
    assert.ok(names[0]!.some((name) => name.endsWith(".js.br")));
  });

  test("a second build leaves nothing of the first, and is not watched by version control", async () => {
    await using project = await Project.copy("pages");
    assert.equal((await built(project)).code, 0);
    const before = await filesOf(project, "client");
    await writeFile(project.file("counter.css"), "h1 { color: rgb(3, 2, 1) }");
    assert.equal((await built(project)).code, 0);
    const after = await filesOf(project, "client");
    assert.equal(after.length, before.length);
    assert.notDeepEqual(after, before);
    assert.equal(await readFile(project.file(".livespan/.gitignore"), "utf8"), "*\n");
  });

  test("--out writes elsewhere, and says how that is read", async () => {
    await using project = await Project.copy("pages");
    const { code, out } = await built(project, ["--out", "built"]);
    assert.equal(code, 0);
    assert.match(
      out,
      /\n2 pages in built, [^]*\nlivespan start built runs it\nits pages are read with createApp\(\{ pages: \{ out: "built" \} \}\)\n$/,
    );
    const [ignored = "", folder = "", ...rest] = (await readdir(project.file("built"))).toSorted();
    assert.deepEqual([ignored, folder.replace(/\w{8}$/, ""), rest], [".gitignore", "build-", ["manifest.json"]]);
  });

  test("pages of mounted apps and of routers are built as well", async () => {
    await using project = await Project.make({
      "app.ts": `import { createApp, createRouter } from "livespan";
        const sub = createApp({ name: "sub" }).page("/", { entry: "one.tsx" });
        const router = createRouter().page("/two", { entry: "two.tsx" });
        export default createApp().mount("/sub", sub).include(router).page("/again", { entry: "./one.tsx" });`,
      "one.tsx": "export default () => <h1>one</h1>;",
      "two.tsx": "export default () => <h1>two</h1>;",
    });
    assert.match((await built(project)).out, /^2 pages in /m);
    await using program = started(project);
    const url = await program.url();
    for (const [path, text] of [
      ["/sub", "one"],
      ["/two", "two"],
      ["/again", "one"],
    ] as const) {
      assert.match(await (await ask(url + path)).text(), new RegExp(`<h1>${text}</h1>`));
    }
    assert.equal((await program.stop()).code, 0);
  });

  for (const [what, files, message] of [
    [
      "a syntax error",
      { "page.tsx": "\nexport default () => <h1>;" },
      /page\.tsx could not be built: (?!Build)(?!\[)[^]*page\.tsx:2[^]*\nMend the file that the message names\. \[PAGE_BUILD\]/,
    ],
    ["an import of nothing", { "page.tsx": 'import "./gone.ts"; export default 1;' }, /gone\.ts[^]*\[PAGE_BUILD\]/],
    ["no such file", {}, /the page page\.tsx could not be built: there is no file .*page\.tsx\. .*\[PAGE_BUILD\]/],
    [
      "a state's file",
      { "page.tsx": 'export { a as default } from "./a.state.ts";', "a.state.ts": "export const a = 1;" },
      /a\.state\.ts would reach the browser\. It is imported by page\.tsx\. .*\[PAGE_GUARD\]/,
    ],
  ] as const) {
    test(`${what} fails the build, exit 1`, async () => {
      const app = 'import { createApp } from "livespan"; export default createApp().page("/", { entry: "page.tsx" });';
      await using project = await Project.make({ "app.ts": app, ...files });
      const { code, err } = await built(project);
      assert.equal(code, 1);
      assert.match(err, message);
      assert.ok(!(await readdir(project.path)).includes(".livespan"), "nothing is written");
    });
  }

  test("production without what was built is refused with what to do, exit 78", async () => {
    await using project = await Project.copy("pages");
    const refused = async (message: RegExp): Promise<void> => {
      await using program = started(project, ["app.ts"]);
      assert.equal((await program.end()).code, 78);
      assert.match(program.err, message);
    };
    await refused(/there are no built pages in .*\.livespan\. Run livespan build before livespan start/);
    assert.equal((await built(project)).code, 0);
    const app = await readFile(project.file("app.ts"), "utf8");
    await project.write({ "app.ts": app.replace('page("/",', 'page("/new", { entry: "new.page.tsx" }).page("/",') });
    await refused(/\.livespan has no new\.page\.tsx\. Run livespan build/);
    await project.write({ "app.ts": app.replace("createApp({", 'createApp({ pages: { base: "/x/" },') });
    await refused(/were built for "\/assets\/", but are served under "\/x\/"/);
    await project.write({ "app.ts": app, ".livespan/manifest.json": "{}" });
    await refused(/there are no built pages in /);
  });
});
