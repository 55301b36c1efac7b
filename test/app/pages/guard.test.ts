import assert from "node:assert/strict";
import { symlink } from "node:fs/promises";
import { suite, test } from "node:test";
import { createApp } from "livespan";
import { testApp } from "livespan/testing";
import { Project } from "./project.ts";

const state = `import { defineState } from "livespan/live";
export const counter = defineState("counter", { vars: { n: 0 }, private: { secret: "hunter2" } });
export default counter;
`;

/** What a request for the page gets, whose entry is `page` and which may import the other files. */
async function answer(
  page: string,
  files: Readonly<Record<string, string>> = {},
  prepare?: (project: Project) => unknown,
) {
  await using project = await Project.make({
    "counter.state.ts": state,
    "page.tsx": `${page}\nexport default function Page() { return <h1>{String(typeof used)}</h1>; }\n`,
    ...files,
  });
  await prepare?.(project);
  await using t = await testApp(createApp({ pages: { root: project.path } }).page("/", { entry: "page.tsx" }));
  const response = await t.request("/");
  const text = await response.text();
  const [, script] = /<script type="module" src="([^"]+)">/.exec(text) ?? [];
  const bundle = script === undefined ? "" : await (await t.request(script)).text();
  return { status: response.status, text, bundle };
}

async function refused(
  page: string,
  expected: RegExp,
  files = {},
  prepare?: (project: Project) => unknown,
): Promise<void> {
  const { status, text } = await answer(page, files, prepare);
  assert.equal(status, 500, text);
  assert.match(text, expected);
  assert.match(text, /\[PAGE_GUARD\]/);
  assert.doesNotMatch(text, /hunter2/);
}

const leak = /counter\.state\.ts would reach the browser\. It is imported by [^ ]*page\.tsx\./;

suite("a state's file is kept from browsers", () => {
  for (const [how, page] of [
    ["imported for a value", 'import { counter as used } from "./counter.state.ts";'],
    ["imported by default", 'import used from "./counter.state.ts";'],
    ["imported for its effects", 'import "./counter.state.ts"; const used = 1;'],
    ["imported as a namespace", 'import * as used from "./counter.state.ts";'],
    ["imported without its extension", 'import { counter as used } from "./counter.state";'],
    ["re-exported", 'export { counter } from "./counter.state.ts"; const used = 1;'],
    ["re-exported whole", 'export * from "./counter.state.ts"; const used = 1;'],
    ["imported on demand", 'const used = () => import("./counter.state.ts");'],
    ["imported on demand, by a name in part computed", "const used = (name) => import(`./${name}.state.ts`);"],
    ["read as text", 'import used from "./counter.state.ts?raw";'],
    ["linked to", 'import used from "./counter.state.ts?url";'],
    ["linked to, within the script", 'import used from "./counter.state.ts?url&inline";'],
    ["inlined", 'import used from "./counter.state.ts?inline";'],
    ["made a worker", 'import used from "./counter.state.ts?worker";'],
    ["made a worker within the script", 'import used from "./counter.state.ts?worker&inline";'],
    ["made a shared worker", 'import used from "./counter.state.ts?sharedworker";'],
    ["made a worker by address", 'const used = new Worker(new URL("./counter.state.ts", import.meta.url));'],
    ["named by an address", 'const used = new URL("./counter.state.ts", import.meta.url);'],
    ["named by an address, inlined", 'const used = new URL("./counter.state.ts?inline", import.meta.url);'],
    [
      "inlined, beside a comment",
      'const used = new URL(/* x */ ("./counter.state.ts?inline"), /* y */ import.meta.url);',
    ],
    ["inlined, with a type", 'const used = new URL("./counter.state.ts?inline" as string, import.meta.url);'],
    ["named by an address in part computed", "const used = (x) => new URL(`./${x}.state.ts`, import.meta.url);"],
    ["found by a pattern", 'const used = import.meta.glob("./*.ts");'],
    ["found by a pattern, eagerly", 'const used = import.meta.glob("./*.state.ts", { eager: true });'],
    ["found by a pattern, as text", 'const used = import.meta.glob("./*.ts", { query: "?raw", eager: true });'],
    ["imported from the root", 'import { counter as used } from "/counter.state.ts";'],
    ["imported by a query of nobody's", 'import { counter as used } from "./counter.state.ts?x";'],
    ["imported by a path that goes round", 'import { counter as used } from "./node_modules/../counter.state.ts";'],
  ] as const) {
    test(how, () => refused(page, leak));
  }

  test("imported by an absolute path", () =>
    refused("", leak, {}, (project) =>
      project.write({ "page.tsx": `export { counter as default } from "${project.file("counter.state.ts")}";` }),
    ));

  test("imported as the dev server writes paths", () =>
    refused("", leak, {}, (project) =>
      project.write({ "page.tsx": `export { counter as default } from "/@fs${project.file("counter.state.ts")}";` }),
    ));

  test("through a link with another name", () =>
    refused('import { counter as used } from "./innocent.ts";', leak, {}, (project) =>
      symlink(project.file("counter.state.ts"), project.file("innocent.ts")),
    ));

  test("a link with a state's name to another file", () =>
    refused('import used from "./other.state.ts";', /other\.state\.ts would reach the browser/, {}, async (project) => {
      await project.write({ "elsewhere.ts": "export default 1;" });
      await symlink(project.file("elsewhere.ts"), project.file("other.state.ts"));
    }));

  test("through an alias", () =>
    refused('import { counter as used } from "@server";', leak, {
      "vite.config.ts":
        'export default { resolve: { alias: { "@server": new URL("./counter.state.ts", import.meta.url).pathname } } };',
    }));

  test("through other files, whose chain is told", () =>
    refused(
      'import { used } from "./a.ts";',
      /counter\.state\.ts would reach the browser\. It is imported by [^ ]*b\.ts, which is imported by [^ ]*a\.ts, which is imported by [^ ]*page\.tsx\./,
      { "a.ts": 'export { used } from "./b.ts";', "b.ts": 'export { counter as used } from "./counter.state.ts";' },
    ));

  test("in a worker's own imports", () =>
    refused('import used from "./work.ts?worker";', /counter\.state\.ts would reach the browser\. .*work\.ts/, {
      "work.ts": 'import { counter } from "./counter.state.ts"; postMessage(counter.name);',
    }));

  test("from a style sheet", () =>
    refused('import "./page.css"; const used = 1;', /counter\.state\.ts would reach the browser\. .*page\.css/, {
      "page.css": "h1 { background: url(./counter.state.ts?inline) }",
    }));

  for (const name of ["b.state.tsx", "b.state.js", "b.state.mjs", "b.state.mts", "b.STATE.ts"]) {
    test(`whose name is ${name}`, () =>
      refused(`import { counter as used } from "./${name}";`, /b\.state\.\w+ would reach the browser/i, {
        [name]: "export const counter = 1;",
      }));
  }
});

suite("what else belongs to the server is kept from browsers", () => {
  for (const name of [
    "livespan",
    "livespan/live",
    "livespan/node",
    "livespan/redis",
    "livespan/testing",
    "livespan/react/server",
  ]) {
    test(`"${name}"`, () =>
      refused(`import * as used from "${name}";`, new RegExp(`&#34;${name}&#34; would reach the browser`)));
  }

  for (const name of ["node:fs", "fs", "node:crypto", "fs/promises"]) {
    test(`"${name}", in a file`, () =>
      refused(
        `import { used } from "./db.ts";`,
        new RegExp(`module &#34;${name}&#34; would .* by [^ ]*db\\.ts, which`),
        {
          "db.ts": `import * as node from "${name}"; export const used = node;`,
        },
      ));
  }

  test("this package's server by its place on the disk", () =>
    refused("", /live\/index\.js would reach the browser/, {}, (project) =>
      project.write({ "page.tsx": 'export * as default from "./node_modules/livespan/dist/live/index.js";' }),
    ));
});

suite("what is for browsers passes", () => {
  const passes = async (page: string, files = {}): Promise<void> => {
    const { status, text, bundle } = await answer(page, files);
    assert.equal(status, 200, text);
    assert.doesNotMatch(bundle, /hunter2|defineState/);
  };

  test("types, by a statement of their own", () =>
    passes('import type { counter } from "./counter.state.ts"; const used: typeof counter | undefined = undefined;'));

  test("types, each marked", () =>
    passes('import { type counter } from "./counter.state.ts"; const used: typeof counter | undefined = undefined;'));

  test("types, unmarked", () =>
    passes('import { counter } from "./counter.state.ts"; const used: typeof counter | undefined = undefined;'));

  test("types, re-exported", () => passes('export type { counter } from "./counter.state.ts"; const used = 1;'));

  test("this package's own part for browsers", () => passes('import { LiveError as used } from "livespan/client";'));

  test("a package that says that it does without one of Node's modules", () =>
    passes('import { used } from "lenient";', {
      "node_modules/lenient/package.json": '{ "name": "lenient", "main": "index.js", "browser": { "crypto": false } }',
      "node_modules/lenient/index.js": 'exports.used = typeof require("crypto");',
    }));

  test("a package with the name of one of Node's modules", () =>
    passes('import { used } from "punycode/";', {
      "node_modules/punycode/package.json": '{ "name": "punycode", "main": "index.js" }',
      "node_modules/punycode/index.js": "exports.used = 1;",
    }));
});
