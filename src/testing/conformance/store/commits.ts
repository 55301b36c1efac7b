import assert from "node:assert/strict";
import { add, commitOf, countOf, savedBy, type Case } from "./stage.ts";

/** Compare and set, and what is forgotten. */
export const commitCases: readonly Case[] = [
  {
    name: "holds nothing at first",
    async run(stage) {
      const { store } = await stage.open();
      assert.equal(await store.load(stage.place), undefined);
    },
  },
  {
    name: "counts commits from 1, without gaps, and gives back what was kept",
    async run(stage) {
      const { store } = await stage.open();
      for (let n = 1; n <= 5; n++) {
        const saved = await add(store, stage.place);
        assert.equal(saved.version, n);
        assert.deepEqual(await store.load(stage.place), saved);
      }
    },
  },
  {
    name: "refuses a commit that was not made from the latest, and gives the latest",
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open();
      const first = savedBy(await store.commit(place, commitOf(undefined, { n: 1 })));
      const second = savedBy(await store.commit(place, commitOf(first, { n: 2 })));
      for (const base of [undefined, first, { ...second, version: 3 }, { ...second, epoch: "another" }]) {
        const outcome = await store.commit(place, commitOf(base, { n: 9 }));
        assert.deepEqual(outcome, { kind: "conflict", saved: second });
      }
      assert.deepEqual(await store.load(place), second);
    },
  },
  {
    name: "refuses a commit from something that it does not have",
    async run(stage) {
      const { store } = await stage.open();
      const base = { epoch: "before", version: 7, value: {} };
      const outcome = await store.commit(stage.place, commitOf(base, { n: 8 }));
      assert.deepEqual(outcome, { kind: "conflict", saved: undefined });
    },
  },
  {
    name: "does not do a commit twice that is tried again, and answers as before",
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open();
      const first = commitOf(undefined, { n: 1 });
      const saved = savedBy(await store.commit(place, first));
      assert.deepEqual(savedBy(await store.commit(place, first)), saved);
      const second = commitOf(saved, { n: 2 });
      assert.equal(savedBy(await store.commit(place, second)).version, 2);
      assert.equal(savedBy(await store.commit(place, second)).version, 2);
      assert.equal(countOf(await store.load(place)), 2);
    },
  },
  {
    name: "knows a commit again after others have followed",
    shared: true,
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open();
      await add(store, place);
      const commit = commitOf(await store.load(place), { n: 2 });
      savedBy(await store.commit(place, commit));
      for (let n = 0; n < 30; n++) await add(store, place);
      assert.equal(savedBy(await store.commit(place, commit)).version, 2);
      assert.equal(countOf(await store.load(place)), 32);
    },
  },
  {
    name: "keeps owners and states apart",
    async run(stage) {
      const { store } = await stage.open();
      const places = ["a", "b"].flatMap((owner) => ["x", "y"].map((state) => ({ owner, state })));
      for (const [index, place] of places.entries()) await store.commit(place, commitOf(undefined, { n: index }));
      for (const [index, place] of places.entries()) assert.equal(countOf(await store.load(place)), index);
    },
  },
  {
    name: "adds up what many change at once",
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open();
      const results = await Promise.all(Array.from({ length: 20 }, () => add(store, place)));
      const versions = results.map(({ version }) => version).toSorted((a, b) => a - b);
      assert.deepEqual(
        versions,
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
      assert.equal(countOf(await store.load(place)), 20);
    },
  },
  {
    name: "forgets an owner, and never names two contents by one epoch and version",
    async run(stage) {
      const { place } = stage;
      const { store } = await stage.open();
      const other = { owner: place.owner, state: "other" };
      await store.remove(place.owner);
      const first = await add(store, place);
      await add(store, other);
      await store.remove(place.owner);
      assert.equal(await store.load(place), undefined);
      assert.equal(await store.load(other), undefined);
      assert.equal((await store.commit(place, commitOf(first, { n: 5 }))).kind, "conflict");
      const again = savedBy(await store.commit(place, commitOf(undefined, { n: 9 })));
      assert.equal(again.version, 1);
      assert.notEqual(again.epoch, first.epoch);
      assert.equal((await store.commit(place, commitOf(first, { n: 5 }))).kind, "conflict");
    },
  },
  {
    name: "closes twice",
    async run(stage) {
      const { store } = await stage.open();
      await add(store, stage.place);
      await store.close();
      await store.close();
    },
  },
];
