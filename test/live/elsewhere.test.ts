import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApp } from "livespan";
import { defineState, type Lease, type Saved } from "livespan/live";
import { testApp } from "livespan/testing";
import { faultyStore, type Faults, type FaultyStore } from "./faulty-store.ts";

/** Takes the lock in the name of another process. */
let held: (() => Promise<Lease> | Lease) | undefined;
let taken: Promise<Lease> | undefined;
const [running, mayClaim] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];

const state = defineState("shown", {
  vars: { n: 0, m: 0 },
  computed: {
    half: (s) => {
      if (s.n === 13) throw new Error("not thirteen");
      return s.n / 2;
    },
  },
})
  .background(({ background }) => ({
    wait: background(async (self) => {
      taken = Promise.resolve(held!());
      await taken;
      await self.update((s) => ++s.n);
    }),
    claim: background(async (self) => {
      running.resolve();
      await mayClaim.promise;
      const mine = await self.update((s) => s.n === 0 && ++s.n === 1);
      await self.update((s) => void (s.n += mine ? 100 : 1_000));
    }),
  }))
  .events(({ on }) => ({
    add: on((s) => ++s.n),
    claim: on((_, ctx) => ctx.start("claim")),
    wait: on((_, ctx) => ctx.start("wait")),
  }));

async function start(faults: Faults = {}) {
  const store = faultyStore({ isShared: true, ...faults });
  const t = await testApp(createApp({ states: [state] }), { store });
  const tab = await t.tab(state);
  const place = { owner: tab.token, state: "shown" };
  return { t, tab, store, place };
}

let ids = 0;
/** Sets `n` as another process would; nobody is told. */
async function set(store: FaultyStore, place: { owner: string; state: string }, n: number, m = 0): Promise<Saved> {
  const base = await store.load(place);
  const outcome = await store.commit(place, { id: `elsewhere.${++ids}`, base, value: { n, m }, ops: () => [] });
  assert.ok(outcome.kind === "saved");
  return outcome.saved;
}

describe("a commit that was made in another process", () => {
  test("is shown by its ops when they follow what is known, and loaded when there is a gap", async () => {
    const { t, tab, store, place } = await start();
    await using _ = t;
    await using __ = tab;
    store.world().changed(place, await set(store, place, 5), [["=", "n", 5]]);
    await tab.until(({ n }) => n === 5);
    await set(store, place, 6, 1);
    store.world().changed(place, await set(store, place, 7, 1), [["=", "n", 7]]);
    await tab.until(({ n }) => n === 7);
    assert.deepEqual(tab.snapshot, { n: 7, m: 1, half: 3.5 });
    assert.equal(await tab.events.add(), 8);
  });

  test("is nothing new when it comes late", async () => {
    const { t, tab, store, place } = await start();
    await using _ = t;
    await using __ = tab;
    const old = await set(store, place, 5);
    await set(store, place, 6);
    store.world().missed();
    await tab.until(({ n }) => n === 6);
    const seen: number[] = [];
    tab.subscribe(({ n }) => seen.push(n));
    store.world().changed(place, old, [["=", "n", 5]]);
    assert.equal(await tab.events.add(), 7);
    assert.ok(!seen.includes(5), seen.join());
  });

  test("and cannot be shown is reported; what comes after it is shown", async () => {
    const { t, tab, store, place } = await start();
    await using _ = t;
    await using __ = tab;
    store.world().changed(place, await set(store, place, 13), [["=", "n", 13]]);
    await assert.rejects(tab.events.add(), (error: Error) => "code" in error && error.code === "COMPUTED_FAILED");
    assert.equal(tab.snapshot.n, 0);
    assert.ok(t.log.some(({ message }) => /a change from elsewhere.*not thirteen/.test(message)));
    store.world().changed(place, await set(store, place, 14), undefined);
    await tab.until(({ n }) => n === 14);
    assert.equal(await tab.events.add(), 15);
  });

  test("decides an update that changes nothing: it is made from what the store holds", async () => {
    const { t, tab, store, place } = await start();
    await using _ = t;
    await using __ = tab;
    await set(store, place, 1);
    store.world().missed();
    await tab.until(({ n }) => n === 1);
    await tab.events.claim();
    await running.promise;
    await set(store, place, 0);
    mayClaim.resolve();
    await tab.until(({ n }) => n > 100);
    assert.equal(tab.snapshot.n, 101);
  });

  test("is waited for by an update while the other process has the lock", async () => {
    const { t, tab, store, place } = await start();
    await using _ = t;
    await using __ = tab;
    const { signal } = new AbortController();
    // The event that starts the task needs the lock as well: it has given it back when the task's first line runs.
    held = store.acquire.bind(store, place, signal);
    await tab.events.wait();
    const lease = await taken!;
    await new Promise((resolve) => void setImmediate(resolve));
    assert.equal(tab.snapshot.n, 0);
    await lease.release();
    await tab.until(({ n }) => n === 1);
  });

  test("is not undone by an older answer that arrives after it", async () => {
    const room = defineState("room", { vars: { n: 0 }, scope: "shared" });
    const late = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const loaded = ({ state: name }: { readonly state: string }): Promise<void> | undefined => {
      if (name !== "room") return undefined;
      asked.resolve();
      return late.promise;
    };
    await using t = await testApp(createApp({ states: [room] }), { store: faultyStore({ loaded }) });
    await t.app.modifyState(room, "a", (s) => ++s.n);
    const opening = t.tab(room, { key: "a" });
    await asked.promise;
    await t.app.modifyState(room, "a", (s) => ++s.n);
    late.resolve();
    await using tab = await opening;
    assert.equal(tab.snapshot.n, 2);
  });
});
