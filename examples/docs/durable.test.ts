import assert from "node:assert/strict";
import { test } from "node:test";
import { manualClock, testApp } from "livespan/testing";
import { app, orders, shop } from "./durable.ts";

test("an order that was interrupted is invoiced once, and shipped", async () => {
  const clock = manualClock();
  const invoices: string[] = [];
  const fake = { invoice: async (order: string) => `invoice ${invoices.push(order)}`, ship: async () => undefined };
  await using t = await testApp(app, { clock, override: [[shop, fake]] });
  await using tab = await t.tab(orders);
  await tab.events.buy("a lamp");
  await tab.until(({ progress }) => progress === "invoiced");
  t.work.stall("livespan.background"); // as if its process stood still for a minute
  await clock.advance(60_000);
  t.work.resume("livespan.background"); // it has lost its lease, so the task is begun again
  await clock.advance(60_000);
  await tab.until(({ progress }) => progress === "shipped");
  assert.deepEqual([tab.snapshot.invoice, invoices], ["invoice 1", ["a lamp"]]);
});
