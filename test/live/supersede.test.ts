import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApp } from "livespan";
import { defineState } from "livespan/live";
import { manualClock, testApp } from "livespan/testing";
import { z } from "zod";

const code = (expected: string) => (error: unknown) => (error as { readonly code: string }).code === expected;

describe("an event that supersedes", () => {
  const search = defineState("search", { vars: { found: "", log: [] as string[] } })
    .background(({ background }) => ({
      refine: background(z.string(), async (self, what) => {
        await self.sleep(1_000);
        await self.update((s) => void (s.found += `+${what}`));
      }),
    }))
    .events(({ on }) => ({
      find: on(
        z.string(),
        async (s, what, ctx) => {
          s.log.push(what);
          await ctx.sleep(1_000);
          s.found = what;
          ctx.start("refine", what);
        },
        { supersedes: true },
      ),
      block: on(async (_, ctx) => ctx.sleep(500)),
    }));

  test("aborts the one that runs, which leaves nothing", async () => {
    const clock = manualClock();
    await using t = await testApp(createApp({ states: [search] }), { clock });
    await using tab = await t.tab(search);
    const stale = assert.rejects(tab.events.find("a"), code("SUPERSEDED"));
    await clock.advance(500);
    const fresh = tab.events.find("ab");
    await stale;
    await clock.advance(1_000);
    await fresh;
    assert.equal(tab.snapshot.found, "ab");
    assert.deepEqual(tab.snapshot.log, ["ab"], "the stale one kept nothing");
  });

  test("drops those that wait, and aborts what an earlier one has started", async () => {
    const clock = manualClock();
    await using t = await testApp(createApp({ states: [search] }), { clock });
    await using tab = await t.tab(search);
    const first = tab.events.find("a");
    await clock.advance(1_000);
    await first;
    assert.equal(t.app.backgroundTasks.size, 1);
    const blocker = tab.events.block();
    const waiting = assert.rejects(tab.events.find("b"), code("SUPERSEDED"));
    const latest = tab.events.find("c");
    await waiting;
    assert.equal(t.app.backgroundTasks.size, 0, "the chain of the first was ended");
    await clock.advance(500);
    await blocker;
    await clock.advance(1_000);
    await latest;
    await clock.advance(1_000);
    await tab.until(({ found }) => found === "c+c");
    assert.deepEqual(tab.snapshot.log, ["a", "c"]);
  });
});

describe("an event that is superseded and does not listen", () => {
  const ran: string[] = [];
  let gate = Promise.withResolvers<void>();
  const search = defineState("deaf", { vars: { log: [] as string[] } })
    .events(({ on }) => ({
      note: on(
        z.string(),
        async (s, what, ctx) => {
          await ctx.sleep(100);
          s.log.push(what);
        },
        { supersedes: true },
      ),
    }))
    .events(({ on }) => ({
      find: on(
        z.string(),
        async (s, what, ctx) => {
          ran.push(what);
          if (what === "old") await gate.promise;
          s.log.push(what);
          ctx.queue("note", `of ${what}`);
        },
        { supersedes: true },
      ),
    }));

  test("keeps nothing all the same", async () => {
    gate = Promise.withResolvers();
    const clock = manualClock();
    await using t = await testApp(createApp({ states: [search] }), { clock });
    await using tab = await t.tab(search);
    const old = assert.rejects(tab.events.find("old"), code("SUPERSEDED"));
    const fresh = tab.events.find("new");
    gate.resolve();
    await old;
    await fresh;
    assert.deepEqual(tab.snapshot.log, ["new"]);
    await clock.advance(100);
  });

  test("does not run when it was superseded while it waited for the block", async () => {
    gate = Promise.withResolvers();
    ran.length = 0;
    const clock = manualClock();
    await using t = await testApp(createApp({ states: [search] }), { clock });
    await using tab = await t.tab(search);
    const block = t.app.modifyState(search, tab.token, () => gate.promise);
    const old = assert.rejects(tab.events.find("waits"), code("SUPERSEDED"));
    const fresh = tab.events.find("new");
    gate.resolve();
    await Promise.all([block, old, fresh]);
    assert.deepEqual(ran, ["new"]);
    await clock.advance(100);
  });

  test("is not superseded by what has its name in another state, or under another key", async () => {
    const clock = manualClock();
    const found = () => ({ vars: { found: 0 } });
    const other = defineState("another", found()).events(({ on }) => ({
      find: on(async (s, ctx) => ctx.sleep(100).then(() => ++s.found), { supersedes: true }),
    }));
    const room = defineState("room", { ...found(), scope: "shared" }).events(({ on }) => ({
      find: on(async (s, ctx) => ctx.sleep(100).then(() => ++s.found), { supersedes: true }),
    }));
    await using t = await testApp(createApp({ states: [other, room] }), { clock });
    await using tab = await t.tab(other);
    const tabs = [tab, await tab.state(room, { key: "a" }), await tab.state(room, { key: "b" })] as const;
    const all = Promise.all(tabs.map(({ events }) => events.find()));
    for (let i = 0; i < 3; i++) await clock.advance(100);
    assert.deepEqual(await all, [1, 1, 1]);
  });

  test("takes what it has queued with it, which supersedes by itself", async () => {
    const clock = manualClock();
    await using t = await testApp(createApp({ states: [search] }), { clock });
    await using tab = await t.tab(search);
    await tab.events.find("a");
    await tab.events.find("b");
    await clock.advance(100);
    await tab.until(({ log }) => log.length === 3);
    assert.deepEqual(tab.snapshot.log, ["a", "b", "of b"]);
  });
});

describe("what a superseding event has begun", () => {
  const search = defineState("begun", { vars: { log: [] as string[] } })
    .background(({ background }) => ({ leaf: background(async (self) => self.sleep(60_000)) }))
    .background(({ background }) => ({ branch: background(async (self) => self.start("leaf")) }))
    .events(({ on }) => ({
      grow: on((_, ctx) => ctx.start("branch"), { supersedes: true }),
      find: on(
        z.string(),
        async (s, what, ctx) => {
          await ctx.sleep(100);
          s.log.push(what);
        },
        { supersedes: true },
      ),
    }))
    .events(({ on }) => ({ typed: on(z.string(), (_, what, ctx) => ctx.queue("find", what)) }));

  test("ends with it: what its tasks have started as well", async () => {
    await using t = await testApp(createApp({ states: [search] }), { clock: manualClock() });
    await using tab = await t.tab(search);
    const names = () => Array.from(t.app.backgroundTasks, ({ name }) => name);
    const leaf = async (): Promise<void> => {
      while (names().join() !== "leaf") await new Promise((resolve) => void setImmediate(resolve));
    };
    await tab.events.grow();
    await leaf();
    const [old] = t.app.backgroundTasks;
    await tab.events.grow();
    await leaf();
    assert.ok(!t.app.backgroundTasks.has(old!));
  });

  test("ends with it: what it starts while it ends is not begun", async () => {
    const ran: string[] = [];
    const clock = manualClock();
    const state = defineState("last", { vars: {} })
      .background(({ background }) => ({ leaf: background(async () => void ran.push("leaf")) }))
      .background(({ background }) => ({
        branch: background(async (self) => self.sleep(60_000).finally(() => self.start("leaf"))),
      }))
      .events(({ on }) => ({ grow: on((_, ctx) => ctx.start("branch"), { supersedes: true }) }));
    await using t = await testApp(createApp({ states: [state] }), { clock });
    await using tab = await t.tab(state);
    await tab.events.grow();
    await clock.advance(1);
    await tab.events.grow();
    await clock.advance(1);
    assert.deepEqual(ran, []);
    assert.equal(t.app.backgroundTasks.size, 1);
  });

  test("ends with it: what waits for its turn never runs", async () => {
    const clock = manualClock();
    const ran: number[] = [];
    const state = defineState("lane", { vars: { n: 0 } })
      .background(({ background }) => ({
        work: background(
          z.number(),
          async (self, n) => {
            ran.push(n);
            await self.sleep(60_000);
          },
          { concurrency: "queue" },
        ),
      }))
      .events(({ on }) => ({
        go: on(
          z.number(),
          (_, n, ctx) => {
            ctx.start("work", n);
            ctx.start("work", n + 1);
          },
          { supersedes: true },
        ),
      }));
    await using t = await testApp(createApp({ states: [state] }), { clock });
    await using tab = await t.tab(state);
    await tab.events.go(1);
    await clock.advance(1);
    await tab.events.go(3);
    await clock.advance(1);
    assert.deepEqual(ran, [1, 3]);
    assert.deepEqual(
      t.log.filter(({ level }) => level === "error"),
      [],
      "an end that was asked for is no failure",
    );
  });

  test("one that another event queues supersedes like one that the page sends", async () => {
    const clock = manualClock();
    await using t = await testApp(createApp({ states: [search] }), { clock });
    await using tab = await t.tab(search);
    const typed = ["a", "ab", "abc"].map((what) => tab.events.typed(what));
    await clock.advance(100);
    await Promise.all(typed);
    await clock.advance(100);
    await tab.until(({ log }) => log.length > 0);
    assert.deepEqual(tab.snapshot.log, ["abc"]);
  });
});
