import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp } from "livespan";
import { defineState } from "livespan/live";
import { manualClock, testApp } from "livespan/testing";

const counter = defineState("counter", { vars: { n: 0 } })
  .background(({ background }) => ({
    count: background(async (self) => {
      for (;;) {
        await self.sleep(1_000);
        await self.update((s) => ++s.n);
      }
    }),
  }))
  .events(({ on }) => ({
    start: on((_, ctx) => ctx.start("count")),
    clear: on((s) => void (s.n = 0)),
  }));

test("a tab that was away shows what happened meanwhile", async () => {
  const clock = manualClock();
  await using t = await testApp(createApp({ states: [counter] }), { clock });
  await using tab = await t.tab(counter);
  await tab.events.start();
  tab.drop();
  for (let second = 0; second < 3; second++) await clock.advance(1_000);
  assert.equal(tab.snapshot.n, 0);
  await tab.resume();
  await tab.until(({ n }) => n === 3);
  await tab.events.clear();
  assert.equal(tab.snapshot.n, 0);
});
