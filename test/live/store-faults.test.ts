import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApp } from "livespan";
import { defineState, type AnyState } from "livespan/live";
import { manualClock, testApp } from "livespan/testing";
import { faultyStore, storeError, type Faults } from "./faulty-store.ts";

const code = (expected: string) => (error: unknown) => (error as { readonly code: string }).code === expected;

const state = defineState("faults", { vars: { n: 0, log: [] as string[] } })
  .background(({ background }) => ({
    note: background(async (self) => void (await self.update((s) => s.log.push("noted")))),
    update: background(async (self) => void (await self.update((s) => ++s.n))),
    exclusive: background(async (self) => void (await self.exclusive(async (s) => ++s.n))),
  }))
  .events(({ on }) => ({
    add: on((s) => ++s.n),
    addAndStart: on((s, ctx) => {
      ctx.start("note");
      return ++s.n;
    }),
    twice: on(function* (s) {
      s.n++;
      yield;
      s.n++;
    }),
    update: on((_, ctx) => ctx.start("update")),
    exclusive: on((_, ctx) => ctx.start("exclusive")),
  }));

/** Fails once, when `when` says so. */
function once(error: () => Error, when = () => true): () => void {
  let failed = false;
  return () => {
    if (failed || !when()) return;
    failed = true;
    throw error();
  };
}

async function start(faults: Faults) {
  const t = await testApp(createApp({ states: [state] }), { store: faultyStore(faults) });
  return { t, tab: await t.tab(state) };
}

describe("a block whose lock was lost", () => {
  test("runs again: a handler too, and what it starts starts once", async () => {
    const { t, tab } = await start({ keep: once(() => storeError("LOCK_LOST")) });
    await using _ = t;
    await using __ = tab;
    assert.equal(await tab.events.addAndStart(), 1);
    await tab.until(({ log }) => log.length > 0);
    assert.deepEqual(tab.snapshot, { n: 1, log: ["noted"] });
  });

  test("is not run again once a part of it was kept: that would be kept twice", async () => {
    let kept = 0;
    const { t, tab } = await start({
      keep: once(
        () => storeError("LOCK_LOST"),
        () => ++kept === 2,
      ),
    });
    await using _ = t;
    await using __ = tab;
    await assert.rejects(tab.events.twice(), code("LOCK_LOST"));
    assert.equal(tab.snapshot.n, 1);
    assert.equal(await tab.events.add(), 2);
  });

  test("fails when it is lost again and again, and the next one may succeed", async () => {
    let left = 4;
    const { t, tab } = await start({
      keep: () => {
        if (left-- > 0) throw storeError("LOCK_LOST");
      },
    });
    await using _ = t;
    await using __ = tab;
    await assert.rejects(
      t.app.modifyState(state, tab.token, (s) => ++s.n),
      code("LOCK_LOST"),
    );
    assert.equal(await tab.events.add(), 1);
  });

  test("inside of another block, is no reason to run that one again", async () => {
    const room = defineState("room", { vars: { n: 0 }, scope: "shared" });
    let runs = 0;
    const store = faultyStore({
      keep: ({ owner }) => {
        if (owner === "room/inner") throw storeError("LOCK_LOST");
      },
    });
    await using t = await testApp(createApp({ states: [room] }), { store });
    const outer = t.app.modifyState(room, "outer", async () => {
      runs++;
      await t.app.modifyState(room, "inner", (s) => ++s.n);
    });
    await assert.rejects(outer, code("LOCK_LOST"));
    assert.equal(runs, 1);
  });
});

describe("a store that answers late", () => {
  test("what a handler has left running waits for the block while its changes are being kept", async () => {
    const gate = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const left = Promise.withResolvers<unknown>();
    const own = defineState("own", { vars: { n: 0 } }).events(({ on }) => ({
      go: on((s, ctx) => {
        s.n = 1;
        const { app, token } = ctx;
        void asked.promise.then(() => left.resolve(app.modifyState(own, token, (draft) => (draft as { n: number }).n)));
      }),
    })) as AnyState;
    const keep = (): Promise<void> => {
      asked.resolve();
      return gate.promise;
    };
    await using t = await testApp(createApp({ states: [own] }), { store: faultyStore({ keep }) });
    await using tab = await t.tab(own);
    const going = (tab.events as { go(): Promise<void> }).go();
    await asked.promise;
    gate.resolve();
    await going;
    assert.equal(await left.promise, 1);
  });

  test("the lock goes back with the commit, and by itself only when nothing was changed", async () => {
    let releases = 0;
    const { t, tab } = await start({ released: () => void releases++ });
    await using _ = t;
    await using __ = tab;
    await tab.events.add();
    await tab.events.twice();
    assert.equal(releases, 0);
    await t.app.modifyState(state, tab.token, (s) => s.n);
    assert.equal(releases, 1);
  });
});

describe("a store that fails", () => {
  for (const when of ["acquire", "keep"] as const) {
    test(`at ${when}: the caller is told, nothing is shown, and the queue goes on`, async () => {
      const { t, tab } = await start({ [when]: once(() => storeError("STORE_UNREACHABLE")) });
      await using _ = t;
      await using __ = tab;
      const [first, second] = await Promise.allSettled([tab.events.addAndStart(), tab.events.add()]);
      assert.ok(first.status === "rejected" && code("STORE_UNREACHABLE")(first.reason));
      assert.ok(second.status === "fulfilled" && second.value === 1);
      assert.deepEqual(tab.snapshot, { n: 1, log: [] });
      assert.equal(t.app.backgroundTasks.size, 0);
    });
  }

  for (const [how, fault] of [
    ["update", "commit"],
    ["exclusive", "keep"],
  ] as const) {
    test(`in a task's ${how}: it is reported, and the block is free`, async () => {
      let isOn = false;
      const { t, tab } = await start({
        [fault]: once(
          () => storeError("STORE_UNREACHABLE"),
          () => isOn,
        ),
      });
      await using _ = t;
      await using __ = tab;
      isOn = true;
      await tab.events[how]();
      assert.equal(await tab.events.add(), 1);
      assert.ok(t.log.some(({ level, message }) => level === "error" && message.includes(`"${how}"`)));
    });
  }

  test("when a page asks for a state: it is there when the page asks again", async () => {
    const clock = manualClock();
    const loaded = once(() => storeError("STORE_UNREACHABLE"));
    const store = faultyStore({ loaded: (place) => (place.state === "faults" ? loaded() : undefined) });
    await using t = await testApp(createApp({ states: [state] }), { store, clock });
    await using tab = await clock.until(t.tab(state));
    assert.equal(await tab.events.add(), 1);
  });

  test("before anybody has seen a state: it is there when it is asked for again", async () => {
    const room = defineState("other", { vars: { n: 0 }, scope: "shared" });
    let fails = true;
    const store = faultyStore({
      acquire: () => {
        if (fails) throw storeError("STORE_UNREACHABLE");
      },
    });
    await using other = await testApp(createApp({ states: [room] }), { store });
    await assert.rejects(
      other.app.modifyState(room, "a", (s) => ++s.n),
      code("STORE_UNREACHABLE"),
    );
    fails = false;
    assert.equal(await other.app.modifyState(room, "a", (s) => ++s.n), 1);
  });
});
