import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApp } from "livespan";
import { defineState, type Place } from "livespan/live";
import { manualClock, testApp } from "livespan/testing";
import { Client } from "./connection/client.ts";
import { faultyStore, type Faults } from "./faulty-store.ts";

const own = defineState("own", { vars: { n: 0 } })
  .background(({ background }) => ({ work: background(async (self) => self.sleep(600_000)) }))
  .events(({ on }) => ({ work: on((_, ctx) => ctx.start("work")), add: on((s) => ++s.n) }));
const room = defineState("room", { vars: { n: 0 }, scope: "shared" })
  .background(({ background }) => ({
    work: background(async (self) => {
      await self.sleep(600_000);
      await self.update((s) => ++s.n);
    }),
  }))
  .events(({ on }) => ({
    work: on((_, ctx) => ctx.start("work")),
    slow: on(async (s, ctx) => {
      await ctx.sleep(600_000);
      s.n++;
    }),
  }));

async function start(listen = false, loaded?: Faults["loaded"]) {
  const watched = new Set<Place>();
  const clock = manualClock();
  const t = await testApp(createApp({ states: [own, room] }), {
    clock,
    store: faultyStore({ watched, ...(loaded && { loaded }) }),
    ...(listen && { listen: { wsCloseTimeout: 100 } }),
  });
  const names = () => Array.from(watched, ({ state }) => state).toSorted();
  return { t, clock, names };
}

describe("what a process has at hand", () => {
  test("of a tab is forgotten a minute after it has gone, and not before", async () => {
    const { t, clock, names } = await start();
    await using _ = t;
    const tab = await t.tab(own);
    await clock.advance(120_000);
    assert.deepEqual(names(), ["$tab", "own"]);
    await tab.close();
    await clock.advance(59_000);
    assert.deepEqual(names(), ["$tab", "own"]);
    await clock.advance(1_000);
    assert.deepEqual(names(), []);
  });

  test("stays for a minute after anything has used it", async () => {
    const { t, clock, names } = await start();
    await using _ = t;
    const tab = await t.tab(own);
    const { token } = tab;
    await tab.close();
    for (let i = 1; i <= 3; i++) {
      await clock.advance(59_000);
      assert.equal(await t.app.modifyState(own, token, (s) => ++s.n), i);
    }
    assert.deepEqual(names(), ["$tab", "own"]);
    await clock.advance(60_000);
    assert.deepEqual(names(), []);
    const both = [1, 2].map(() => t.app.modifyState(own, token, (s) => ++s.n));
    assert.deepEqual(await Promise.all(both), [4, 5], "the store still has it");
    assert.deepEqual(names(), ["$tab", "own"], "once, whoever asks at the same time");
  });

  test("stays while a background task of the tab runs", async () => {
    const { t, clock, names } = await start();
    await using _ = t;
    const tab = await t.tab(own);
    await tab.events.work();
    await tab.close();
    await clock.advance(599_000);
    assert.deepEqual(names(), ["$tab", "own"]);
    await clock.advance(61_000);
    assert.deepEqual(names(), []);
  });

  test("of a shared state stays while one of its tasks runs, though nobody watches", async () => {
    const { t, clock, names } = await start();
    await using _ = t;
    const tab = await t.tab(room, { key: "a" });
    await tab.events.work();
    await tab.close();
    await clock.advance(599_000);
    assert.deepEqual(names(), ["$tab", "room"]);
    await using later = await t.tab(room, { key: "a" });
    await clock.advance(1_000);
    await later.until(({ n }) => n === 1);
  });

  test("of a shared state stays while a handler works on it", async () => {
    const { t, clock, names } = await start();
    await using _ = t;
    const tab = await t.tab(room, { key: "a" });
    void tab.events.slow().catch(() => {});
    await clock.advance(1);
    await tab.close();
    await clock.advance(300_000);
    assert.deepEqual(names(), ["$tab", "room"]);
    const opening = t.tab(room, { key: "a" });
    await clock.advance(300_000);
    await using later = await opening;
    await later.until(({ n }) => n === 1);
  });

  test("of a shared state is not forgotten while the store is asked for it", async () => {
    const late = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const { t, clock } = await start(false, (place) => {
      if (place.state !== "room") return undefined;
      asked.resolve();
      return late.promise;
    });
    await using _ = t;
    await t.app.modifyState(room, "a", (s) => ++s.n);
    await clock.advance(59_000);
    const opening = t.tab(room, { key: "a" });
    await asked.promise;
    await clock.advance(2_000);
    late.resolve();
    await using tab = await opening;
    await t.app.modifyState(room, "a", (s) => ++s.n);
    await tab.until(({ n }) => n === 2);
  });

  test("leaves no timer when the app stops", async () => {
    const { t, clock } = await start();
    const tab = await t.tab(own);
    await tab.close();
    await t.stop();
    assert.equal(clock.pending, 0);
  });

  test("of a tab that another connection took over is forgotten like any other", async () => {
    const { t, clock, names } = await start(true);
    await using _ = t;
    const session = await fetch(`${t.url}/_live/session`);
    const headers = { cookie: session.headers.get("set-cookie")!.split(";")[0]! };
    const wants = [{ state: "own" }];
    await using first = await new Client(`${t.url}/_live`, headers).hello(wants);
    await using second = await new Client(`${t.url}/_live`, headers).resume(first, wants);
    await first.closed;
    await second.drop();
    while (t.app.tabs.size > 0) await new Promise((resolve) => void setImmediate(resolve));
    await clock.advance(61_000);
    assert.deepEqual(names(), []);
  });
});
