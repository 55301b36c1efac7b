import assert from "node:assert/strict";
import { test } from "node:test";
import { testApp } from "livespan/testing";
import app from "../programs/live-page/app.ts";
import { useBrowser } from "./browser.ts";

const browser = useBrowser();

test("a page with states: right before its socket opens, alive after, the same when it is loaded again", async () => {
  await using t = await testApp(app, { listen: true });
  await using reader = await browser.visitor({ javaScriptEnabled: false });
  assert.equal(await (await reader.open(t.url)).locator("h1").textContent(), "Counted 0 times");

  await using visitor = await browser.visitor();
  const page = await visitor.open(t.url);
  const button = page.getByRole("button", { name: "Count" });
  await button.click();
  await button.click();
  await page.getByText("Counted 2 times").waitFor();
  await page.reload();
  await page.getByText("Counted 2 times").waitFor();
  await button.click();
  await page.getByText("Counted 3 times").waitFor();

  const other = await visitor.open(t.url);
  await other.getByText("Counted 0 times").waitFor();
});
