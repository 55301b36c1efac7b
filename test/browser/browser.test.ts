import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp } from "livespan";
import { testApp } from "livespan/testing";
import { useBrowser } from "./browser.ts";

const browser = useBrowser();

function html(body: string): Response {
  return new Response(`<!doctype html><link rel="icon" href="data:,"><title>here</title>${body}`, {
    headers: { "content-type": "text/html" },
  });
}

const app = createApp()
  .get("/", () => html("<h1>hello</h1>"))
  .get("/throws", () => html("<script>throw new Error('on purpose')</script>"))
  .get("/logs", () => html("<script>console.error('told so')</script>"));

test("a visitor sees what an app serves", async () => {
  await using t = await testApp(app, { listen: true });
  await using visitor = await browser.visitor();
  const page = await visitor.open(t.url);
  assert.equal(await page.locator("h1").textContent(), "hello");
});

test("a page that throws or logs an error fails the test, unless it is expected", async () => {
  await using t = await testApp(app, { listen: true });
  for (const [path, message] of [
    ["/throws", /complained 1 times, first: Error: on purpose/],
    ["/logs", /complained 1 times, first: told so/],
  ] as const) {
    const visitor = await browser.visitor();
    await visitor.open(t.url + path);
    await assert.rejects(visitor[Symbol.asyncDispose](), message);
    await using expecting = await browser.visitor({ expected: [/on purpose|told so/] });
    await expecting.open(t.url + path);
  }
});
