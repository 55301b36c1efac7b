import assert from "node:assert/strict";
import { acquire, add, addInBlock, commitOf, countOf, hasCode, savedBy, type Case } from "./stage.ts";

/** Two processes on the same data. */
export const sharingCases: readonly Case[] = [
  {
    name: "shows one process what another has kept",
    shared: true,
    async run(stage) {
      const { place } = stage;
      const [a, b] = [await stage.open(), await stage.open()];
      const saved = await add(a.store, place);
      assert.deepEqual(await b.store.load(place), saved);
      await add(b.store, place);
      const outcome = await a.store.commit(place, commitOf(saved, { n: 9 }));
      assert.equal(outcome.kind, "conflict");
      assert.deepEqual(outcome.kind === "conflict" && outcome.saved, await b.store.load(place));
    },
  },
  {
    name: "tells who watches, with the operations, and not who made the change",
    shared: true,
    async run(stage) {
      const { place } = stage;
      const [a, b] = [await stage.open(), await stage.open()];
      let base = await add(a.store, place);
      const ends = [a.store.watch(place), b.store.watch(place)];
      // Whoever begins to watch hears what there is, and so knows that it watches.
      await Promise.all([a.heard(1), b.heard(1)]);
      let asked = 0;
      for (let n = 2; n <= 4; n++) {
        const commit = commitOf(base, { n });
        const ops = () => (asked++, [["=", ["n"], n]] as const);
        base = savedBy(await a.store.commit(place, { ...commit, ops: () => [...ops()] }));
      }
      await b.heard(4);
      const versions = b.told.map(({ version }) => version);
      assert.deepEqual(versions, [1, 2, 3, 4]);
      assert.deepEqual(b.told.at(-1), { place, epoch: base.epoch, version: 4, ops: [["=", ["n"], 4]] });
      assert.ok(asked <= 3);
      assert.equal(a.told.length, 1);
      for (const end of ends) end();
    },
  },
  {
    name: "asks for no operations when nobody else watches",
    shared: true,
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open();
      const end = store.watch(place);
      const base = await add(store, place);
      const refuse = () => assert.fail("nobody is there to be told");
      savedBy(await store.commit(place, { ...commitOf(base, { n: 2 }), ops: refuse }));
      end();
    },
  },
  {
    name: "tells of a commit under a lock as well",
    shared: true,
    async run(stage) {
      const { place } = stage;
      const [a, b] = [await stage.open(), await stage.open()];
      await add(a.store, place);
      const end = b.store.watch(place);
      await b.heard(1);
      await addInBlock(a.store, place);
      await b.heard(2);
      assert.equal(b.told.at(-1)?.version, 2);
      end();
    },
  },
  {
    name: "tells nothing after the watch has ended",
    shared: true,
    async run(stage) {
      const { place } = stage;
      const sentinel = { ...place, owner: "sentinel" };
      const [a, b] = [await stage.open(), await stage.open()];
      await add(a.store, place);
      await add(a.store, sentinel);
      const end = b.store.watch(place);
      const last = b.store.watch(sentinel);
      await b.heard(2);
      end();
      await add(a.store, place);
      await add(a.store, sentinel);
      await b.heard(3);
      assert.deepEqual(b.told.at(-1)?.place, sentinel);
      last();
    },
  },
  {
    name: "gives the lock across processes in the order of asking",
    shared: true,
    async run(stage) {
      const { place } = stage;
      const [a, b] = [await stage.open(), await stage.open()];
      const holder = await acquire(a.store, place);
      assert.equal((await b.store.commit(place, commitOf(undefined, { n: 1 }))).kind, "held");
      const order: string[] = [];
      const turn = async (store: typeof a.store, name: string): Promise<void> => {
        const lease = await acquire(store, place);
        order.push(name);
        await lease.release();
      };
      const turns: Promise<void>[] = [];
      for (const name of ["b1", "a1", "b2", "a2"]) {
        turns.push(turn(name.startsWith("a") ? a.store : b.store, name));
        // Another process's question comes after this one's when that has been answered.
        await (name.startsWith("a") ? a.store : b.store).load(place);
      }
      await holder.release();
      await Promise.all(turns);
      assert.deepEqual(order, ["b1", "a1", "b2", "a2"]);
    },
  },
  {
    name: "adds up what processes change at once, with and without the lock",
    shared: true,
    async run(stage) {
      const { place } = stage;
      const [a, b] = [await stage.open(), await stage.open()];
      const each = async (store: typeof a.store): Promise<void> => {
        for (let n = 0; n < 10; n++) await (n % 3 === 0 ? addInBlock(store, place) : add(store, place));
      };
      await Promise.all([each(a.store), each(b.store), each(a.store)]);
      const saved = await a.store.load(place);
      assert.deepEqual([countOf(saved), saved?.version], [30, 30]);
    },
  },
  {
    name: "takes the lock from a process that says nothing for longer than its lease, and tells it",
    shared: true,
    async run(stage) {
      const { place } = stage;
      const [silent, other] = [await stage.open({ lease: 200, frozen: true }), await stage.open({ lease: 200 })];
      const late = await acquire(silent.store, place);
      const lost = new Promise((resolve) => late.lost.addEventListener("abort", resolve, { once: true }));
      const lease = await acquire(other.store, place);
      assert.ok(lease.fence > late.fence);
      await lost;
      const commit = async () => late.commit(commitOf(late.saved, { n: 9 }), true);
      await assert.rejects(commit(), hasCode("LOCK_LOST"));
      await lease.commit(commitOf(lease.saved, { n: 1 }), true);
      await assert.rejects(commit(), hasCode("LOCK_LOST"));
      assert.equal(countOf(await other.store.load(place)), 1);
    },
  },
  {
    name: "keeps a late commit when nobody has taken the lock",
    shared: true,
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open({ lease: 100, frozen: true });
      const lease = await acquire(store, place);
      await stage.elapse(150);
      assert.equal((await lease.commit(commitOf(lease.saved, { n: 1 }), true)).version, 1);
      assert.equal((await add(store, place)).version, 2);
    },
  },
  {
    name: "keeps a lock that is held for longer than its lease, as long as its process lives",
    shared: true,
    async run(stage) {
      const { place } = stage;
      const [a, b] = [await stage.open({ lease: 600 }), await stage.open({ lease: 600 })];
      const lease = await acquire(a.store, place);
      const waiting = acquire(b.store, place);
      await stage.elapse(1_200);
      assert.equal(lease.lost.aborted, false);
      await lease.commit(commitOf(lease.saved, { n: 1 }), true);
      const next = await waiting;
      assert.equal(countOf(next.saved), 1);
      await next.release();
    },
  },
  {
    name: "passes over the waiters of a process that has gone",
    shared: true,
    async run(stage) {
      const { place } = stage;
      const [a, b, c] = [await stage.open(), await stage.open(), await stage.open()];
      const holder = await acquire(a.store, place);
      const gone = Array.from({ length: 3 }, () => assert.rejects(acquire(b.store, place)));
      await b.store.load(place);
      await b.close();
      await Promise.all(gone);
      const waiting = acquire(c.store, place);
      await holder.release();
      await (await waiting).release();
    },
  },
];
