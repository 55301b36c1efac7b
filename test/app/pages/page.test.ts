import assert from "node:assert/strict";
import { readdir, rm, utimes } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { suite, test } from "node:test";
import { createApp, createRouter } from "livespan";
import { defineState } from "livespan/live";
import { testApp, type TestApp } from "livespan/testing";
import { Project } from "./project.ts";

const hello = 'export default function Page() { return <h1 className="big">Hello</h1>; }\n';

type Running = Pick<TestApp<unknown, never>, "request" | "log">;

const counter = defineState("counter", { vars: { n: 0 } });

/** An app with a page of a project at "/". */
function appOf(project: Project) {
  return createApp({ pages: { root: project.path } }).page("/", { entry: "page.tsx" });
}

async function textAt(t: Running, path = "/"): Promise<string> {
  return (await t.request(path)).text();
}

/** How often a page was built so far. */
function builds(t: Running): number {
  return t.log.filter(({ message }) => /^built page\.tsx in \d+ ms$/.test(message)).length;
}

/** Writes files, and sees to it that their times are others than before. */
let later = Date.now() - 1_000_000;
async function change(project: Project, files: Readonly<Record<string, string>>): Promise<void> {
  await project.write(files);
  for (const name of Object.keys(files)) await utimes(project.file(name), later / 1_000, (later += 10) / 1_000);
}

suite("a page's document", () => {
  test("has what was declared, and links to what browsers need of it", async () => {
    await using project = await Project.make({
      "page.tsx": `import "./page.css";\n${hello}`,
      "page.css": "h1 { top: 0 }",
    });
    const app = createApp({ pages: { root: project.path, base: "/static/app/" } }).page("/", {
      entry: "page.tsx",
      title: "</title>&",
      lang: "de",
      head: '<meta name="robots" content="none">',
      status: 203,
    });
    await using t = await testApp(app);
    const response = await t.request("/");
    assert.equal(response.status, 203);
    assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(response.headers.get("cache-control"), "no-cache");
    assert.equal(response.headers.get("set-cookie"), null);
    const text = await response.text();
    assert.match(text, /^<!doctype html>\n<html lang="de">/);
    assert.match(text, /<title>&#60;\/title&#62;&#38;<\/title>/);
    assert.match(text, /<meta name="robots" content="none">/);
    assert.match(text, /<div id="root"><h1 class="big">Hello<\/h1><\/div>/);
    assert.match(text, /"states":\[\],"page":\{"params":\{\},"url":"[^"]*"\}/, "and no more data than where it is");
    const links = Array.from(text.matchAll(/(?:src|href)="([^"]+)"/g), ([, link = ""]) => link);
    assert.deepEqual(
      links.map((link) => link.replace(/-[\w-]{8}\./, ".")),
      ["/static/app/page.css", "/static/app/page.js"],
    );
    for (const link of links) assert.equal((await t.request(link)).status, 200, link);
    assert.equal((await t.request(`${links[0]}x`)).status, 404);
  });

  test("links to the styles of what is imported on demand as well, after the page's own", async () => {
    const part = 'import "./part.css";\nexport default function Part() { return <p>Part</p>; }\n';
    await using project = await Project.make({
      "page.tsx": `import { lazy, Suspense } from "react"; import "./page.css";
const Part = lazy(() => import("./part.tsx"));
export default function Page() { return <Suspense><Part /></Suspense>; }`,
      "page.css": "p { top: 0 }",
      "part.tsx": part,
      "part.css": "p { top: 1px }",
    });
    await using t = await testApp(appOf(project));
    const text = await textAt(t);
    assert.match(text, /<p>Part<\/p>/);
    const styles = Array.from(text.matchAll(/href="([^"]+\.css)"/g), ([, link = ""]) => textAt(t, link));
    assert.deepEqual(await Promise.all(styles), ["p{top:0}\n", "p{top:1px}\n"]);
  });

  test("is answered to HEAD, and is no part of the API's description", async () => {
    await using project = await Project.make({ "page.tsx": hello });
    await using t = await testApp(appOf(project).get("/items", () => []));
    assert.equal((await t.request("/", { method: "HEAD" })).status, 200);
    assert.equal((await t.request("/", { method: "POST" })).status, 405);
    const { paths } = (await (await t.request("/openapi.json")).json()) as { readonly paths: object };
    assert.deepEqual(Object.keys(paths), ["/items"]);
  });

  test("may be declared by a URL, on a router, in a group's place, or twice", async () => {
    await using project = await Project.make({ "a/page.tsx": hello });
    const url = pathToFileURL(project.file("a/page.tsx"));
    const router = createRouter().page("/", { entry: url }).page("/text", { entry: url.href });
    const app = createApp({ pages: { root: project.path } })
      .include(router, "/r")
      .page("/path", { entry: "./a/page.tsx" });
    await using t = await testApp(app);
    for (const path of ["/r", "/r/text", "/path"]) assert.match(await textAt(t, path), /Hello/, path);
    assert.equal(
      t.log.filter(({ message }) => message.startsWith("built a/page.tsx ")).length,
      1,
      "built once for all",
    );
  });
});

suite("built on demand", () => {
  test("nothing is loaded or built before a page is asked for, and then once, however many ask", async () => {
    await using project = await Project.make({ "page.tsx": hello });
    await using t = await testApp(appOf(project));
    assert.equal(builds(t), 0);
    const answers = await Promise.all(Array.from({ length: 10 }, () => textAt(t)));
    assert.ok(answers.every((text) => text.includes("Hello")));
    await textAt(t);
    assert.equal(builds(t), 1);
    assert.deepEqual((await readdir(project.path)).toSorted(), ["node_modules", "package.json", "page.tsx"]);
  });

  test("again when a file that it is made from has changed", async () => {
    await using project = await Project.make({
      "page.tsx": `import { text } from "./text.ts"; import "./page.css"; import logo from "./logo.svg";
        export default () => <h1><img src={logo} />{text}</h1>;`,
      "text.ts": 'export const text: string = "one";',
      "page.css": '@import "./base.css";',
      "base.css": "h1 { top: 1px }",
      "logo.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
      "unrelated.ts": "1",
    });
    await using t = await testApp(appOf(project));
    const first = await textAt(t);
    assert.match(first, /one<\/h1>/);
    await change(project, { "unrelated.ts": "2" });
    assert.equal(await textAt(t), first);
    await change(project, { "text.ts": 'export const text: string = "two";' });
    assert.match(await textAt(t), /two<\/h1>/);
    await change(project, { "base.css": "h1 { top: 2px }" });
    const [styles = ""] = /\/assets\/[\w.-]+\.css/.exec(await textAt(t)) ?? [];
    assert.match(await textAt(t, styles), /top:\s*2px/);
    await change(project, { "logo.svg": '<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>' });
    const [logo = ""] = /\/assets\/[\w.-]+\.svg/.exec(await textAt(t)) ?? [];
    assert.match(await textAt(t, logo), /<g\/>/);
    assert.equal(builds(t), 4);
    await change(project, { "vite.config.ts": 'export default { define: { WORD: JSON.stringify("three") } };' });
    await change(project, { "text.ts": "declare const WORD: string;\nexport const text = WORD;" });
    assert.match(await textAt(t), /three<\/h1>/);
    await change(project, { "vite.config.ts": 'export default { define: { WORD: JSON.stringify("four") } };' });
    assert.match(await textAt(t), /four<\/h1>/);
    const [script = ""] = /\/assets\/[\w.-]+\.js/.exec(first) ?? [];
    assert.equal((await t.request(script)).status, 404, "only the build before is kept");
  });

  test("the scripts of the build before are there for a page that is still open", async () => {
    await using project = await Project.make({ "page.tsx": hello });
    await using t = await testApp(appOf(project));
    const [script = ""] = /\/assets\/[\w.-]+\.js/.exec(await textAt(t)) ?? [];
    await change(project, { "page.tsx": hello.replace("Hello", "Bye") });
    assert.match(await textAt(t), /Bye/);
    assert.equal((await t.request(script)).status, 200);
  });

  for (const [what, text, message] of [
    [
      "a syntax error",
      "\nexport default () => <h1>;",
      /page\.tsx could not be built: [^]*page\.tsx:2:[^]*&#60;h1&#62;;/,
    ],
    ["an import of nothing", 'import "./gone.ts";\nexport default 1;', /gone\.ts[^]*page\.tsx/],
    ["a package that is not there", 'import "nowhere-at-all"; export default 1;', /nowhere-at-all/],
    ["no default export", "export const Page = 1;", /default/],
    [
      "a throw while it is loaded",
      'throw new Error("at once"); export default 1;',
      /server part could not be loaded[^]*at once/,
    ],
    ["a throw while it is rendered", 'export default () => { throw new Error("on purpose"); };', /on purpose/],
  ] as const) {
    test(`${what} is answered readably and logged, until it is mended`, async () => {
      await using project = await Project.make({ "page.tsx": text });
      await using t = await testApp(appOf(project));
      const response = await t.request("/");
      const said = await response.text();
      assert.equal(response.status, 500);
      assert.match(said, message);
      assert.ok(!said.includes("\u001B"), "no colours");
      assert.match(t.log.map((line) => line.message).join("\n"), /page\("\/"\) could not be made\./);
      await change(project, { "page.tsx": hello });
      assert.match(await textAt(t), /Hello/);
    });
  }

  test("a file that does not exist is named", async () => {
    await using project = await Project.make({});
    await using t = await testApp(appOf(project));
    assert.match(await textAt(t), /the page page\.tsx could not be built: there is no file .*page\.tsx\./);
  });

  test("nothing is said of the environment to the rest of the process", async () => {
    await using project = await Project.make({ "page.tsx": "export default () => <i>{process.env.NODE_ENV}</i>;" });
    const before = process.env["NODE_ENV"];
    await using t = await testApp(appOf(project));
    assert.match(await textAt(t), /<i>(?:development|test)<\/i>/);
    assert.equal(process.env["NODE_ENV"], before);
  });
});

suite("a start that cannot serve its pages is refused before anything is opened", () => {
  test("without react", async () => {
    await using project = await Project.make({ "page.tsx": hello });
    await rm(project.file("node_modules/react"));
    await assert.rejects(testApp(appOf(project)), {
      code: "PAGE_PEER",
      message: /react, which is not installed in .*livespan-pages-\w+\. Run npm install react/,
    });
  });

  for (const [states, code, message] of [
    [[{}], "INVALID_STATE", /page\("\/"\) was given what is no state/],
    [[[counter, "key"]], "PAGE_OPTION", /"counter" is each tab's own, and was given a key/],
  ] as const) {
    test(`with ${JSON.stringify(states)} for states`, async () => {
      await using project = await Project.make({ "page.tsx": hello });
      const app = createApp({ pages: { root: project.path }, states: [counter] });
      app.page("/", { entry: "page.tsx", states: states as never });
      await assert.rejects(testApp(app), { code, message });
    });
  }

  test("with a state on a page that the app has not", async () => {
    await using project = await Project.make({ "page.tsx": hello });
    const app = createApp({ pages: { root: project.path } }).page("/", { entry: "page.tsx", states: [counter] });
    await assert.rejects(testApp(app), {
      code: "PAGE_STATES",
      message: /page\("\/"\) has the state "counter", which the app has not/,
    });
  });
});

suite("a declaration that is wrong is refused where it is written", () => {
  const entry = "page.tsx";
  for (const [options, code, message] of [
    [{}, "PAGE_OPTION", /page\("\/"\): entry: expected a path or a file: URL, got undefined/],
    [{ entry: "" }, "PAGE_OPTION", /got ""/],
    [{ entry: "https://a.test/page.tsx" }, "PAGE_OPTION", /got "https:/],
    [{ entry: new URL("https://a.test/page.tsx") }, "PAGE_OPTION", /got https:/],
    [{ entry: 1 }, "PAGE_OPTION", /got 1/],
    [{ entry, titel: "x" }, "UNKNOWN_OPTION", /no option "titel"\. Did you mean "title"\?/],
    [{ entry, title: 1 }, "PAGE_OPTION", /title: expected a string, got 1/],
    [{ entry, lang: null }, "PAGE_OPTION", /lang: expected a string, got null/],
    [{ entry, status: 99 }, "PAGE_OPTION", /status: expected a whole number from 200 to 599, got 99/],
    [{ entry, states: {} }, "PAGE_OPTION", /states: expected an array/],
    ["page.tsx", "INVALID_DECLARATION", /page\("\/"\): expected an object of options, got string/],
  ] as const) {
    test(JSON.stringify(options), () => {
      assert.throws(() => createApp().page("/", options as never), { code, message });
    });
  }

  for (const [pages, code, message] of [
    [{ base: "assets" }, "PAGE_OPTION", /pages\.base: expected a path such as "\/assets\/", got "assets"/],
    [{ base: "/" }, "PAGE_OPTION", /got "\/"/],
    [{ base: "/a/*/" }, "PAGE_OPTION", /got "\/a\/\*\/"/],
    [{ outt: "x" }, "UNKNOWN_OPTION", /no option "outt"\. Did you mean "out"\?/],
  ] as const) {
    test(`createApp({ pages: ${JSON.stringify(pages)} })`, () => {
      assert.throws(() => createApp({ pages: pages as never }), { code, message });
    });
  }

  test("two pages, or a page and a route, for the same requests", () => {
    assert.throws(() => createApp().page("/a", { entry }).page("/a", { entry }), { code: "ROUTE_DUPLICATE" });
    assert.throws(
      () =>
        createApp()
          .get("/a", () => 1)
          .page("/a", { entry }),
      { code: "ROUTE_DUPLICATE" },
    );
    assert.throws(() => createApp().page("a", { entry }), { code: "ROUTE_PATH" });
  });
});
