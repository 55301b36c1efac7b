import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp } from "livespan";
import { defineState } from "livespan/live";
import { explore } from "livespan/testing";

const till = defineState("till", { vars: { sum: 0 } })
  .background(({ background }) => ({
    sell: background(async (self) => {
      // Reading self.view here and adding to it in the block would lose sales: explore() shows the order in which.
      await self.update((s) => void (s.sum += 5));
    }),
  }))
  .events(({ on }) => ({ sell: on((_, ctx) => ctx.start("sell")) }));

test("no sale is lost, whoever comes first", async () => {
  await explore(createApp({ states: [till] }), async (t) => {
    const tab = await t.tab(till);
    await t.race(
      () => tab.events.sell(),
      () => tab.events.sell(),
      () => t.app.modifyState(till, tab.token, (s) => void (s.sum += 1)),
    );
    assert.equal(tab.snapshot.sum, 11);
  });
});
