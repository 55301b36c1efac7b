import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryStore, type Commit, type Saved } from "livespan/live";
import { manualClock, storeConformance } from "livespan/testing";

describe("the memory store", () => {
  storeConformance(test, ({ idle }) => memoryStore({ idle }));

  const commit = (base: Saved | undefined): Commit => ({ id: "c", base, value: {}, ops: () => [] });

  function open(options: Parameters<typeof memoryStore>[0]) {
    const clock = manualClock();
    const store = memoryStore(options);
    void store.open({ clock, log: () => {}, changed: () => {}, missed: () => {} });
    return { clock, store };
  }

  test("answers at once, without a promise", () => {
    const { store } = open({});
    const place = { owner: "a", state: "s" };
    const outcome = store.commit(place, commit(undefined));
    assert.ok(!(outcome instanceof Promise) && outcome.kind === "saved");
    assert.equal(store.load(place), outcome.saved);
    const lease = store.acquire(place, new AbortController().signal);
    assert.ok(!(lease instanceof Promise));
    assert.equal(lease.saved, outcome.saved);
    assert.equal(lease.release(), undefined);
  });

  test("gives up what nobody watches when it is full, the longest unused first", async () => {
    const { store, clock } = open({ limit: 2 });
    for (const owner of ["a", "b"]) void store.commit({ owner, state: "s" }, commit(undefined));
    await clock.advance(500);
    void store.load({ owner: "a", state: "s" });
    await clock.advance(500);
    void store.commit({ owner: "c", state: "s" }, commit(undefined));
    assert.equal(store.load({ owner: "b", state: "s" }), undefined);
    assert.notEqual(store.load({ owner: "a", state: "s" }), undefined);
    assert.notEqual(store.load({ owner: "c", state: "s" }), undefined);
  });

  test("refuses one more when all that it has are in use: watched or locked", () => {
    const { store } = open({ limit: 2 });
    for (const owner of ["a", "b"]) void store.commit({ owner, state: "s" }, commit(undefined));
    const unwatch = store.watch({ owner: "a", state: "s" });
    void store.acquire({ owner: "b", state: "s" }, new AbortController().signal);
    assert.throws(() => store.commit({ owner: "c", state: "s" }, commit(undefined)), { code: "STORE_LIMIT" });
    assert.equal(store.load({ owner: "c", state: "s" }), undefined);
    unwatch();
    void store.commit({ owner: "c", state: "s" }, commit(undefined));
    assert.equal(store.load({ owner: "a", state: "s" }), undefined);
  });

  test("holds no timer once it has nothing", async () => {
    const { store, clock } = open({ idle: 1_000 });
    assert.equal(clock.pending, 0);
    void store.commit({ owner: "a", state: "s" }, commit(undefined));
    assert.equal(clock.pending, 1);
    await clock.advance(2_000);
    assert.equal(clock.pending, 0);
    void store.commit({ owner: "a", state: "s" }, commit(undefined));
    void store.close();
    assert.equal(clock.pending, 0);
  });

  test("refuses what is no option, and what is no number", () => {
    const bad: Record<string, unknown> = { idel: 1 };
    assert.throws(() => memoryStore(bad), { code: "UNKNOWN_OPTION", message: /"idle"/ });
    assert.throws(() => memoryStore({ idle: -1 }), { code: "INVALID_DECLARATION" });
    assert.throws(() => memoryStore({ limit: Number.NaN }), { code: "INVALID_DECLARATION" });
  });
});
