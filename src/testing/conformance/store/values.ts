import assert from "node:assert/strict";
import { commitOf, savedBy, type Case } from "./stage.ts";

const names = ["a b", "{a}b", "a:b", "a\nb", "__proto__", "constructor", "ä€😀", 'a"b', "a%b*?[c]", "x".repeat(500)];

/** What comes back is what was given, whatever it is and whatever it is called. */
export const valueCases: readonly Case[] = [
  {
    name: "gives back values that JSON cannot carry",
    async run(stage) {
      const value = {
        date: new Date(0),
        map: new Map([["a", { b: 1 }]]),
        set: new Set([1, 2]),
        none: undefined,
        numbers: [Number.NaN, Infinity, -0],
        text: "  \0'\"\n😀",
        "": { deep: [[], {}] },
      };
      const { store } = await stage.open();
      const saved = savedBy(await store.commit(stage.place, commitOf(undefined, value)));
      assert.deepEqual((await store.load(stage.place))?.value, value);
      const reader = stage.isShared ? (await stage.open()).store : store;
      assert.deepEqual(await reader.load(stage.place), { ...saved, value });
    },
  },
  {
    name: "gives back what is frozen all the way down",
    async run(stage) {
      const { store } = await stage.open();
      const value = { rows: Object.freeze([Object.freeze({ a: 1 })]) };
      await store.commit(stage.place, commitOf(undefined, value));
      const saved = await (stage.isShared ? (await stage.open()).store : store).load(stage.place);
      const rows: unknown = Reflect.get(saved?.value ?? {}, "rows");
      assert.ok(Array.isArray(rows));
      for (const part of [saved?.value, rows, rows[0]]) assert.ok(Object.isFrozen(part));
    },
  },
  {
    name: "takes any text as the name of an owner or a state",
    async run(stage) {
      const { store } = await stage.open();
      for (const [index, name] of names.entries()) {
        await store.commit({ owner: name, state: "s" }, commitOf(undefined, { n: index }));
        await store.commit({ owner: "o", state: name }, commitOf(undefined, { n: -index }));
      }
      for (const [index, name] of names.entries()) {
        assert.deepEqual((await store.load({ owner: name, state: "s" }))?.value, { n: index });
        assert.deepEqual((await store.load({ owner: "o", state: name }))?.value, { n: -index });
        const lease = await store.acquire({ owner: name, state: "s" }, new AbortController().signal);
        assert.deepEqual(lease.saved?.value, { n: index });
        await lease.release();
      }
    },
  },
  {
    name: "keeps a state of a megabyte",
    async run(stage) {
      const { store } = await stage.open();
      const value = { text: "€".repeat(350_000) };
      const saved = savedBy(await store.commit(stage.place, commitOf(undefined, value)));
      assert.deepEqual(await store.load(stage.place), { ...saved, value });
    },
  },
];
