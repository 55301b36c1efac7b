import assert from "node:assert/strict";
import type { Lease } from "../../../live/server/store.ts";
import { acquire, add, addInBlock, commitOf, countOf, hasCode, savedBy, type Case } from "./stage.ts";

/** An owner's lock: who has it, who waits, and in which order. */
export const lockCases: readonly Case[] = [
  {
    name: "gives the lock with what the store holds",
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open();
      const empty = await acquire(store, place);
      assert.equal(empty.saved, undefined);
      const saved = await empty.commit(commitOf(undefined, { n: 1 }), true);
      const lease = await acquire(store, place);
      assert.deepEqual(lease.saved, saved);
      assert.equal(lease.lost.aborted, false);
      await lease.release();
    },
  },
  {
    name: "keeps a commit without the lock back while the lock is held, for every state of the owner",
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open();
      const lease = await acquire(store, place);
      const commit = commitOf(undefined, { n: 1 });
      assert.equal((await store.commit(place, commit)).kind, "held");
      assert.equal((await store.commit({ ...place, state: "other" }, commit)).kind, "held");
      assert.equal(await store.load(place), undefined);
      await lease.release();
      assert.equal(savedBy(await store.commit(place, commit)).version, 1);
    },
  },
  {
    name: "commits again and again under one lock, and gives it back with the last",
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open();
      const lease = await acquire(store, place);
      const first = await lease.commit(commitOf(lease.saved, { n: 1 }), false);
      assert.equal((await store.commit(place, commitOf(first, { n: 9 }))).kind, "held");
      const second = await lease.commit(commitOf(first, { n: 2 }), true);
      assert.equal(second.version, 2);
      assert.equal(savedBy(await store.commit(place, commitOf(second, { n: 3 }))).version, 3);
    },
  },
  {
    name: "refuses a commit under a lock that was given back",
    async run(stage) {
      const { store } = await stage.open();
      const lease = await acquire(store, stage.place);
      await lease.release();
      await lease.release();
      const late = async () => lease.commit(commitOf(lease.saved, { n: 1 }), true);
      await assert.rejects(late(), hasCode("LOCK_LOST"));
      assert.equal(await store.load(stage.place), undefined);
    },
  },
  {
    name: "gives the lock in the order of asking, with a fence that grows",
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open();
      const holder = await acquire(store, place);
      const order: number[] = [];
      const fences = [holder.fence];
      const turns = Array.from({ length: 10 }, async (_, index) => {
        const lease = await acquire(store, place);
        order.push(index);
        fences.push(lease.fence);
        await lease.release();
      });
      await holder.release();
      await Promise.all(turns);
      assert.deepEqual(order, [...turns.keys()]);
      assert.ok(fences.every((fence, index) => index === 0 || fence > fences[index - 1]!));
    },
  },
  {
    name: "lets a waiter see what the holder before it kept",
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open();
      const holder = await acquire(store, place);
      const waiting = acquire(store, place);
      const saved = await holder.commit(commitOf(undefined, { n: 1 }), true);
      const lease = await waiting;
      assert.deepEqual(lease.saved, saved);
      await lease.release();
    },
  },
  {
    name: "adds up ten blocks of one owner that each await in the middle",
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open();
      await Promise.all(Array.from({ length: 10 }, () => addInBlock(store, place)));
      assert.equal(countOf(await store.load(place)), 10);
      assert.equal((await add(store, place)).version, 11);
    },
  },
  {
    name: "does not make one owner wait for another",
    async run(stage) {
      const { store } = await stage.open();
      const lease = await acquire(store, stage.place);
      const other = await acquire(store, { ...stage.place, owner: "another" });
      await other.release();
      await lease.release();
    },
  },
  {
    name: "gives nothing to whoever has given up before asking",
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open();
      const reason = new Error("gone");
      await assert.rejects(acquire(store, place, AbortSignal.abort(reason)), reason);
      assert.equal((await add(store, place)).version, 1);
    },
  },
  {
    name: "skips those who gave up while they waited",
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open();
      const holder = await acquire(store, place);
      const stop = new AbortController();
      const leaving = Array.from({ length: 5 }, () => acquire(store, place, stop.signal));
      const staying = acquire(store, place);
      const reason = new Error("gone");
      stop.abort(reason);
      for (const result of await Promise.allSettled(leaving)) {
        assert.deepEqual(result, { status: "rejected", reason });
      }
      await holder.release();
      await (await staying).release();
      assert.equal((await add(store, place)).version, 1);
    },
  },
  {
    name: "never loses the lock when giving up and getting it meet",
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open();
      for (let round = 0; round < 20; round++) {
        const holder = await acquire(store, place);
        const stop = new AbortController();
        const waiting: Promise<Lease | undefined> = acquire(store, place, stop.signal).catch(() => undefined);
        const released = holder.release();
        if (round % 2 === 0) await released;
        stop.abort(new Error("gone"));
        await released;
        await (await waiting)?.release();
      }
      await (await acquire(store, place)).release();
    },
  },
  {
    name: "refuses what was made under a lock whose owner was removed",
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open();
      await add(store, place);
      const lease = await acquire(store, place);
      await store.remove(place.owner);
      const late = async () => lease.commit(commitOf(lease.saved, { n: 2 }), false);
      const base = lease.saved;
      if (base !== undefined) await assert.rejects(late(), hasCode("LOCK_LOST"));
      await lease.release();
      assert.equal(await store.load(place), undefined);
    },
  },
  {
    name: "turns away who waits when it is closed",
    async run(stage) {
      const { store, close } = await stage.open();
      const holder = await acquire(store, stage.place);
      const waiting = acquire(store, stage.place);
      const refused = assert.rejects(waiting, hasCode("STORE_UNREACHABLE"));
      await close();
      await refused;
      await holder.release();
    },
  },
];
