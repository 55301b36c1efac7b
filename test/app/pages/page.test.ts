import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { createApp } from "livespan";
import { testApp } from "livespan/testing";
import { Project } from "./project.ts";

const hello = 'export default function Page() { return <h1 className="big">Hello</h1>; }\n';

test("a page is answered with its markup, and links to what a browser needs of it", async () => {
  await using project = await Project.make({ "hello.page.tsx": hello });
  const app = createApp({ pages: { root: project.path } }).page("/", { entry: "hello.page.tsx", title: "Hi <there>" });
  await using t = await testApp(app);
  const response = await t.request("/");
  const text = await response.text();
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
  assert.match(text, /<div id="root"><h1 class="big">Hello<\/h1><\/div>/);
  const [, script = ""] = /<script type="module" src="(\/assets\/hello-page-[\w-]{8}\.js)">/.exec(text) ?? [];
  const asset = await t.request(script);
  assert.equal(asset.headers.get("cache-control"), "public, max-age=31536000, immutable");
  assert.deepEqual((await readdir(project.path)).sort(), ["hello.page.tsx", "node_modules", "package.json"]);
});
