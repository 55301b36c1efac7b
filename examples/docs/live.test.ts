import assert from "node:assert/strict";
import { test } from "node:test";
import { manualClock, testApp } from "livespan/testing";
import { app, reader, shelf } from "./live.ts";

test("pages come one by one, also over a lost connection", async () => {
  const clock = manualClock();
  await using t = await testApp(app, { clock });
  await using tab = await t.tab(reader);
  assert.equal(await tab.events.open("Ulysses"), 1);
  await tab.until(({ pages }) => pages.length === 1);
  tab.drop(); // the network is gone
  await clock.advance(100);
  await tab.resume(); // and here again: what was missed comes
  await tab.until(({ pages }) => pages.length === 2);
  await clock.advance(100);
  await tab.until(({ busy }) => !busy);
  assert.equal(app.backgroundTasks.size, 0);
});

test("a notice reaches one tab, and everyone's shelf", async () => {
  await using t = await testApp(app);
  await using mine = await t.tab(reader);
  await using other = await t.tab(shelf);
  const body = JSON.stringify({ tab: mine.token, title: "Dubliners" });
  await t.request("/notices", { method: "POST", body, headers: { "content-type": "application/json" } });
  await mine.until(({ title }) => title === "Dubliners");
  await other.until(({ titles }) => titles.includes("Dubliners"));
});

test("a wrong argument, and a shelf for others, are refused", async () => {
  await using t = await testApp(app);
  await using tab = await t.tab(reader);
  await assert.rejects(tab.events.open(""), { code: "INVALID_ARGUMENT" });
  await assert.rejects(tab.state(shelf, { key: "staff" }), { code: "JOIN_REFUSED" });
});
