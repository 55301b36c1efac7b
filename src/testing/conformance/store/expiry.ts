import assert from "node:assert/strict";
import { acquire, add, commitOf, savedBy, type Case } from "./stage.ts";

const idle = 600;

/** What nobody uses is forgotten, and what somebody uses is not. */
export const expiryCases: readonly Case[] = [
  {
    name: "forgets what was idle for long enough, and begins a new epoch",
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open({ idle });
      const first = await add(store, place);
      await stage.elapse(idle + 50);
      assert.equal(await store.load(place), undefined);
      const again = savedBy(await store.commit(place, commitOf(undefined, { n: 1 })));
      assert.equal(again.version, 1);
      assert.notEqual(again.epoch, first.epoch);
    },
  },
  {
    name: "counts the idle time from the last read, write or lock",
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open({ idle });
      await add(store, place);
      const uses = [
        async () => store.load(place),
        async () => add(store, place),
        async () => (await acquire(store, place)).release(),
      ];
      for (const use of uses) {
        await stage.elapse(idle * 0.55);
        await use();
      }
      await stage.elapse(idle * 0.55);
      assert.equal((await store.load(place))?.version, 2);
    },
  },
  {
    name: "keeps what is locked, and counts from when the lock was given back",
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open({ idle });
      await add(store, place);
      const lease = await acquire(store, place);
      await stage.elapse(idle * 1.5);
      await lease.release();
      await stage.elapse(idle * 0.55);
      assert.equal((await store.load(place))?.version, 1);
    },
  },
  {
    name: "keeps what is watched, until nobody does",
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open({ idle });
      await add(store, place);
      const first = store.watch(place);
      const second = store.watch(place);
      await stage.elapse(idle * 1.5);
      first();
      first();
      await stage.elapse(idle * 1.5);
      assert.equal((await store.load(place))?.version, 1);
      second();
      await stage.elapse(idle * 1.5);
      assert.equal(await store.load(place), undefined);
    },
  },
];
