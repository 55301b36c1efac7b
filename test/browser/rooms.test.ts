import assert from "node:assert/strict";
import { test } from "node:test";
import { testApp } from "livespan/testing";
import app from "../programs/rooms/app.ts";
import { useBrowser } from "./browser.ts";

const browser = useBrowser();

test("a page knows its path, on the server and in the browser, and joins the room that it names", async () => {
  await using t = await testApp(app, { listen: true });
  const html = await (await t.request("/rooms/blue?from=mail")).text();
  assert.match(html, /<p>\/rooms\/blue\?from=mail<\/p>/, "rendered on the server");

  await using visitor = await browser.visitor();
  const blue = await visitor.open(`${t.url}/rooms/blue?from=mail`);
  const alsoBlue = await visitor.open(`${t.url}/rooms/blue`);
  const red = await visitor.open(`${t.url}/rooms/red`);
  await blue.getByRole("button").click();
  for (const page of [blue, alsoBlue]) await page.getByRole("heading", { name: "blue: 1" }).waitFor();
  assert.equal(await red.locator("h1").textContent(), "red: 0");
  assert.equal(await blue.locator("p").textContent(), "/rooms/blue?from=mail");
});

test("a page without states knows its path as well", async () => {
  await using t = await testApp(app, { listen: true });
  await using visitor = await browser.visitor();
  const page = await visitor.open(`${t.url}/people/ada`);
  assert.equal(await page.locator("h1").textContent(), "ada");
});
