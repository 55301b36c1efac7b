// Under every order in which events and background tasks can go on, or under a sample of them: what must hold always.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApp } from "livespan";
import { defineState } from "livespan/live";
import { explore } from "livespan/testing";
import { counter } from "./counter.ts";

const runs = process.env["LIVESPAN_SOAK"] === "full" ? 20_000 : 200;

describe("under any interleaving", () => {
  test("the seed's counter, toggled and reset at will, never has two loops, and stops", async () => {
    await explore(
      createApp({ states: [counter] }),
      async (t) => {
        const tab = await t.tab(counter);
        await t.race(
          () => tab.events.toggle(),
          () => tab.events.setMax(2),
          () => tab.events.clear(),
          async () => {
            await tab.events.toggle();
            await tab.events.toggle();
          },
        );
        const { running, counter: n, maxCounter } = tab.snapshot;
        assert.equal(running, false);
        assert.ok(n <= maxCounter || maxCounter === 2, `${n} of ${maxCounter}`);
        const kept = await t.app.modifyState(counter, tab.token, (s) => ({ n: s.counter, tasks: s.tasks }));
        assert.deepEqual(kept, { n, tasks: 0 }, "the guard is given back, and the page shows what the store holds");
      },
      { runs },
    );
  });

  const sums = defineState("sums", { vars: { n: 0 } })
    .background(({ background }) => ({
      add: background(async (self) => {
        await self.update((s) => ++s.n);
        await self.exclusive(async (s) => {
          const { n } = s;
          await self.sleep(10);
          s.n = n + 1;
        });
        await using s = await self.lock();
        s.n++;
        await s.commit();
      }),
    }))
    .events(({ on }) => ({
      start: on((_, ctx) => ctx.start("add")),
      add: on(function* (s) {
        s.n++;
        yield;
        s.n++;
      }),
    }));

  test("increments by every kind of block add up, from tasks, events, other tabs and outside", async () => {
    await explore(
      createApp({ states: [sums] }),
      async (t) => {
        const tab = await t.tab(sums);
        await t.race(
          () => tab.events.start(),
          () => tab.events.add(),
          () => t.app.modifyState(sums, tab.token, async (s) => ++s.n),
          () => tab.events.start(),
        );
        assert.equal(tab.snapshot.n, 9);
        assert.equal(await t.app.modifyState(sums, tab.token, (s) => s.n), 9);
      },
      { runs },
    );
  });

  const lanes = (concurrency: "single" | "replace" | "queue" | number) =>
    defineState("lanes", { vars: { now: 0, most: 0, ended: 0 } })
      .background(({ background }) => ({
        work: background(
          async (self) => {
            await self.update((s) => void (s.most = Math.max(s.most, ++s.now)));
            try {
              await self.sleep(10);
            } finally {
              await self.update((s) => {
                s.now--;
                s.ended++;
              });
            }
          },
          { concurrency },
        ),
      }))
      .events(({ on }) => ({ go: on((_, ctx) => ctx.start("work")) }));

  for (const [concurrency, most] of [
    ["single", 1],
    ["replace", 1],
    ["queue", 1],
    [2, 2],
  ] as const) {
    test(`concurrency ${concurrency}: never more than ${most} at once, and none is forgotten`, async () => {
      const state = lanes(concurrency);
      await explore(
        createApp({ states: [state] }),
        async (t) => {
          const tab = await t.tab(state);
          await t.race(...Array.from({ length: 3 }, () => () => tab.events.go()));
          assert.ok(tab.snapshot.most <= most, `${tab.snapshot.most} at once`);
          assert.equal(tab.snapshot.now, 0);
          if (concurrency === "queue" || concurrency === 2) assert.equal(tab.snapshot.ended, 3);
        },
        { runs },
      );
    });
  }

  test("a tab that drops and comes back at any moment ends with what the store holds, each event done once", async () => {
    await explore(
      createApp({ states: [sums] }),
      async (t) => {
        const tab = await t.tab(sums);
        await t.race(
          () => tab.events.add(),
          () => tab.events.add(),
          async () => {
            tab.drop();
            await tab.resume();
          },
        );
        assert.equal(tab.snapshot.n, 4);
        assert.equal(await t.app.modifyState(sums, tab.token, (s) => s.n), 4);
      },
      { runs },
    );
  });
});
