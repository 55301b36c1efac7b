import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, Routes, type Description } from "livespan/http";
import { ask, TestHost } from "./host.ts";

const description: Description = { openapi: "/openapi.json", docs: "/docs", title: 'A <b> & "c"', version: "1" };
const serve = (changes: Partial<Description> = {}, routes = new Routes().get("/a", () => 1)) =>
  compile(routes, new TestHost(), { ...description, ...changes });

/** What the page asks for, resolved as a browser would. */
function linksOf(html: string, page: string): string[] {
  const found = [...html.matchAll(/(?:src|href|data-openapi)="([^"]*)"/g)].map((match) => match[1]!);
  return found
    .map((link) => new URL(link, `http://test.local${page}`))
    .map(({ pathname, search }) => pathname + search);
}

test("the page and all that it asks for come from the package", async () => {
  const hono = serve();
  const { status, type, headers, body } = await ask(hono, "/docs");
  assert.deepEqual([status, type], [200, "text/html; charset=utf-8"]);
  assert.match(headers.get("content-security-policy") ?? "", /default-src 'self'/);
  assert.ok(body.includes("<title>A &#60;b&#62; &#38; &#34;c&#34;</title>"));
  assert.doesNotMatch(body, /https?:|<script>|<style/);
  const links = linksOf(body, "/docs");
  assert.equal(links.length, 5);
  for (const link of links) {
    const file = await hono.fetch(new Request(`http://test.local${link}`));
    assert.equal(file.status, 200, link);
    if (link !== "/openapi.json") assert.match(file.headers.get("cache-control") ?? "", /immutable/, link);
    const expected = { css: "text/css", js: "text/javascript", png: "image/png", json: "application/json" };
    const extension = /\.(\w+)(?:\?|$)/.exec(link)![1] as keyof typeof expected;
    assert.ok(file.headers.get("content-type")?.startsWith(expected[extension]), link);
    assert.ok((await file.arrayBuffer()).byteLength > 100, link);
  }
});

test("its links hold under a prefix, and at another depth", async () => {
  const hono = serve({ docs: "/internal/api/docs", openapi: "/spec/openapi.json" });
  const { body } = await ask(hono, "/internal/api/docs");
  const links = linksOf(body, "/behind/a/proxy/internal/api/docs");
  assert.ok(links.includes("/behind/a/proxy/spec/openapi.json"), links.join());
  for (const link of links) assert.equal((await ask(hono, link.replace("/behind/a/proxy", ""))).status, 200, link);
});

test("nothing but its own files is served", async () => {
  const hono = serve();
  for (const path of ["/docs/version", "/docs/..%2Fdocs.js", "/docs/LICENSE", "/docs/constructor"]) {
    assert.equal((await ask(hono, path)).status, 404, path);
  }
});

test("both can be moved or left out", async () => {
  const without = serve({ openapi: false, docs: false });
  assert.equal((await ask(without, "/docs")).status, 404);
  assert.equal((await ask(without, "/openapi.json")).status, 404);
  assert.equal((await ask(serve({ docs: false }), "/docs")).status, 404);
  assert.equal((await ask(serve({ docs: false }), "/openapi.json")).status, 200);
  assert.throws(() => serve({ openapi: false }), { code: "ROUTE_OPTION", message: /docs is "\/docs"/ });
  assert.throws(() => serve({ docs: "docs" }), { code: "ROUTE_PATH" });
});

test("middleware sees its requests, and a route of the app's own goes before", async () => {
  const routes = new Routes()
    .use(async (c, next) => {
      c.header("x-seen", c.req.path);
      await next();
    })
    .get("/docs", () => "ours");
  const hono = serve({}, routes);
  assert.equal((await ask(hono, "/docs")).body, "ours");
  assert.equal((await ask(hono, "/openapi.json")).headers.get("x-seen"), "/openapi.json");
});
