import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApp } from "livespan";
import { defineState } from "livespan/live";
import { manualClock, testApp } from "livespan/testing";
import { z } from "zod";

const code = (expected: string) => (error: unknown) => (error as { readonly code: string }).code === expected;

const room = defineState("room", { vars: { lines: [] as string[], visitors: 0 }, scope: "shared" })
  .background(({ background }) => ({
    tick: background(async (self) => {
      await self.sleep(1_000);
      await self.update((s) => s.lines.push(`tick in ${self.token}`));
    }),
  }))
  .events(({ on }) => ({
    say: on(z.string(), (s, line) => s.lines.push(line)),
    tick: on((_, ctx) => ctx.start("tick")),
    who: on((_, ctx) => ({ token: ctx.token, tab: ctx.connection.tab })),
  }));
const own = defineState("own", { vars: { said: 0 } }).events(({ on }) => ({
  say: on(z.string(), async (s, line, ctx) => {
    s.said++;
    await ctx.app.modifyState(room, "a", (shared) => shared.lines.push(line));
  }),
}));

describe("a shared state", () => {
  test("is one for all tabs that name its key, and another for another key", async () => {
    await using t = await testApp(createApp({ states: [room] }));
    await using one = await t.tab(room, { key: "a" });
    await using two = await t.tab(room, { key: "a" });
    await using other = await t.tab(room, { key: "b" });
    assert.equal(await one.events.say("hello"), 1);
    await two.until(({ lines }) => lines.length === 1);
    await two.events.say("hi");
    await one.until(({ lines }) => lines.length === 2);
    assert.deepEqual(one.snapshot, two.snapshot);
    assert.deepEqual(other.snapshot.lines, []);
  });

  test("a tab that joins later sees what there is", async () => {
    await using t = await testApp(createApp({ states: [room] }));
    await using one = await t.tab(room, { key: "a" });
    await one.events.say("before");
    await using two = await t.tab(room, { key: "a" });
    assert.deepEqual(two.snapshot.lines, ["before"]);
  });

  test("is changed from outside by its key, before anybody joined as well", async () => {
    await using t = await testApp(createApp({ states: [room] }));
    await t.app.modifyState(room, "a", (s) => s.lines.push("early"));
    await using one = await t.tab(room, { key: "a" });
    assert.deepEqual(one.snapshot.lines, ["early"]);
    await t.app.modifyState(room, "a", (s) => s.lines.push("late"));
    await one.until(({ lines }) => lines.length === 2);
  });

  test("a handler knows its key and its tab; a task has the key as its token", async () => {
    const clock = manualClock();
    await using t = await testApp(createApp({ states: [room] }), { clock });
    await using tab = await t.tab(room, { key: "a" });
    assert.deepEqual(await tab.events.who(), { token: "a", tab: tab.token });
    await tab.events.tick();
    await clock.advance(1_000);
    await tab.until(({ lines }) => lines.includes("tick in a"));
  });

  test("a handler of a tab's own state may change a shared one", async () => {
    await using t = await testApp(createApp({ states: [room, own] }));
    await using tab = await t.tab(own);
    await using watching = await t.tab(room, { key: "a" });
    await tab.events.say("from my tab");
    await watching.until(({ lines }) => lines[0] === "from my tab");
  });

  test("two blocks that wait for each other: one is refused, and the other goes on", async () => {
    const app = createApp({ states: [room] });
    await using t = await testApp(app);
    const cross = async (first: string, second: string, met: PromiseWithResolvers<void>[]): Promise<void> =>
      t.app.modifyState(room, first, async () => {
        met[0]!.resolve();
        await met[1]!.promise;
        await t.app.modifyState(room, second, (s) => s.lines.push(`${first} → ${second}`));
      });
    const [a, b] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const outcomes = await Promise.allSettled([cross("a", "b", [a, b]), cross("b", "a", [b, a])]);
    const refused = outcomes.filter((outcome) => outcome.status === "rejected");
    assert.equal(refused.length, 1);
    assert.ok(code("LOCK_CYCLE")(refused[0]!.reason));
  });

  test("one that waits for several at once is seen to be waited for", async () => {
    await using t = await testApp(createApp({ states: [room] }));
    const block = (key: string, fn: () => unknown) => t.app.modifyState(room, key, async () => void (await fn()));
    const [isHeld, mayEnd] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const third = block("c", () => mayEnd.promise);
    const second = block("b", async () => {
      await isHeld.promise;
      await block("a", () => {});
    });
    const first = block("a", async () => {
      const both = [block("b", () => {}), block("c", () => {})];
      isHeld.resolve();
      await Promise.all(both);
    });
    await assert.rejects(second, code("LOCK_CYCLE"));
    mayEnd.resolve();
    await Promise.all([first, third]);
  });

  test("a lock that was taken by hand is one of them", async () => {
    const [isLocked, mayAsk] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()];
    const outcome = Promise.withResolvers<unknown>();
    const locks = defineState("locks", { vars: { n: 0 } })
      .background(({ background }) => ({
        hold: background(async (self) => {
          await using _ = await self.lock();
          isLocked.resolve(self.token);
          await mayAsk.promise;
          await self.app.modifyState(room, "a", () => {}).then(outcome.resolve, outcome.resolve);
        }),
      }))
      .events(({ on }) => ({ hold: on((_, ctx) => ctx.start("hold")) }));
    await using t = await testApp(createApp({ states: [room, locks] }));
    await using tab = await t.tab(locks);
    await tab.events.hold();
    const token = await isLocked.promise;
    await t.app.modifyState(room, "a", async () => {
      const waiting = t.app.modifyState(locks, token, () => {});
      mayAsk.resolve();
      assert.ok(code("LOCK_CYCLE")(await outcome.promise));
      await waiting;
    });
  });

  test("one that has waited for another, and got it, is waited for again", async () => {
    await using t = await testApp(createApp({ states: [room] }));
    const block = (key: string, fn: () => unknown) => t.app.modifyState(room, key, async () => void (await fn()));
    const [mayEnd, hasMet] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const holder = block("b", () => mayEnd.promise);
    const first = block("a", async () => {
      const meeting = block("b", () => {});
      mayEnd.resolve();
      await meeting;
      hasMet.resolve();
      await new Promise((resolve) => void setImmediate(resolve));
    });
    await hasMet.promise;
    await Promise.all([holder, first, block("b", () => block("a", () => {}))]);
  });

  test("stays at hand while somebody watches it or works on it, however long that is", async () => {
    const clock = manualClock();
    await using t = await testApp(createApp({ states: [room] }), { clock });
    await using one = await t.tab(room, { key: "a" });
    for (let i = 0; i < 3; i++) await clock.advance(60_000);
    await t.app.modifyState(room, "a", (s) => s.lines.push("late"));
    await one.until(({ lines }) => lines.length === 1);
    await using two = await t.tab(room, { key: "a" });
    await two.events.say("later");
    await one.until(({ lines }) => lines.length === 2);
  });

  test("join decides who may; who may not is told, and its other states go on", async () => {
    const guarded = defineState("guarded", {
      vars: { n: 0 },
      scope: "shared",
      join: (key, { session }) => key === `of ${session}`,
    }).events(({ on }) => ({ add: on((s) => ++s.n) }));
    await using t = await testApp(createApp({ states: [guarded, own, room] }));
    await using tab = await t.tab(own);
    await assert.rejects(tab.state(guarded, { key: "of somebody else" }), code("JOIN_REFUSED"));
    await using same = await tab.state(room, { key: "x" });
    assert.deepEqual(same.snapshot.lines, []);
    await assert.rejects(tab.state(own, { key: "k" }), code("JOIN_REFUSED"));
  });

  test("a broadcast to many tabs ends with all of them equal", async () => {
    await using t = await testApp(createApp({ states: [room] }));
    const tabs = await Promise.all(Array.from({ length: 100 }, () => t.tab(room, { key: "a" })));
    for (let i = 0; i < 20; i++) await t.app.modifyState(room, "a", (s) => s.lines.push(String(i)));
    await Promise.all(tabs.map((tab) => tab.until(({ lines }) => lines.length === 20)));
    for (const tab of tabs) assert.deepEqual(tab.snapshot, tabs[0]!.snapshot);
    await Promise.all(tabs.map((tab) => tab.close()));
  });
});
