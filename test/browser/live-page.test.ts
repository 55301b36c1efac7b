import assert from "node:assert/strict";
import { test } from "node:test";
import { testApp } from "livespan/testing";
import type { App } from "livespan";
import { listen } from "livespan/node";
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

test("a page keeps its socket and its state when its app is replaced, and shows nothing of it", async () => {
  const again = async (n: number): Promise<App<unknown>> => {
    const file = `../programs/live-page/app.ts?${n}`;
    const { default: next }: { default: App<unknown> } = await import(file);
    return next;
  };
  await using listening = await listen(await again(0));
  await using visitor = await browser.visitor();
  const page = await visitor.context.newPage();
  const sockets = { opened: 0, closed: 0 };
  page.on("websocket", (socket) => {
    sockets.opened++;
    socket.on("close", () => sockets.closed++);
  });
  await page.goto(listening.address!.url);
  const button = page.getByRole("button", { name: "Count" });
  for (let n = 1; n <= 5; n++) {
    await button.click();
    await page.getByText(`Counted ${n} times`).waitFor();
    await listening.replace(await again(n));
  }
  await button.click();
  await page.getByText("Counted 6 times").waitFor();
  assert.deepEqual(sockets, { opened: 1, closed: 0 });
});
