import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApp, LivespanError } from "livespan";
import { defineState } from "livespan/live";
import { explore, type Explored } from "livespan/testing";

const code = (expected: string) => (error: unknown) => error instanceof LivespanError && error.code === expected;

const sums = defineState("sums", { vars: { n: 0 } })
  .background(({ background }) => ({
    /** Wrong: it adds to what it read outside of a block. */
    addStale: background(async (self) => {
      const { n } = self.view;
      await self.update((s) => void (s.n = n + 1));
    }),
    add: background(async (self) => void (await self.update((s) => ++s.n))),
    addTwice: background(async (self) => {
      await self.update((s) => ++s.n);
      await self.sleep(1_000);
      await self.update((s) => ++s.n);
    }),
    forever: background(async (self) => {
      for (;;) await self.sleep(10);
    }),
  }))
  .events(({ on }) => ({
    addStale: on((_, ctx) => ctx.start("addStale")),
    add: on((_, ctx) => ctx.start("add")),
    addTwice: on((_, ctx) => ctx.start("addTwice")),
    forever: on((_, ctx) => ctx.start("forever")),
    double: on((s) => void (s.n *= 2)),
  }));
const app = createApp({ states: [sums] });

describe("explore", () => {
  const stale = async (t: Explored<object>): Promise<void> => {
    const tab = await t.tab(sums);
    await t.race(
      () => tab.events.addStale(),
      () => tab.events.addStale(),
    );
    assert.equal(tab.snapshot.n, 2);
  };

  test("finds the order in which an update is lost, makes it plain and prints it", async () => {
    const error = await explore(app, stale, { seed: 1 }).then(
      () => assert.fail("not found"),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof LivespanError && error.code === "RACE_FOUND");
    assert.match(error.message, /event "addStale" arrives/);
    assert.match(error.message, /update of sums/);
    assert.ok(error.cause instanceof assert.AssertionError);
    const schedule = /schedule: "([\d.]*)"/.exec(error.remedy)?.[1];
    assert.ok(schedule !== undefined);
    await assert.rejects(explore(app, stale, { schedule }), code("RACE_FOUND"), "the printed schedule fails again");
  });

  test("tries every order where there are few, and says so", async () => {
    const ends = new Set<number>();
    const { runs, exhaustive } = await explore(app, async (t) => {
      const tab = await t.tab(sums);
      await t.race(
        () => tab.events.add(),
        () => tab.events.add(),
      );
      ends.add(tab.snapshot.n);
    });
    assert.ok(exhaustive);
    assert.ok(runs > 3, `${runs} runs`);
    assert.deepEqual([...ends], [2]);
  });

  test("lets a sleep end early and late: every outcome that can be is seen", async () => {
    const ends = new Set<number>();
    const { exhaustive } = await explore(app, async (t) => {
      const tab = await t.tab(sums);
      await t.race(
        () => tab.events.addTwice(),
        () => tab.events.double(),
      );
      ends.add(tab.snapshot.n);
    });
    assert.ok(exhaustive);
    // Doubled before the first, between the two, and after the second.
    assert.deepEqual(
      [...ends].toSorted((a, b) => a - b),
      [2, 3, 4],
    );
  });

  test("draws at random where there are more than it may run, by a seed that gives the same again", async () => {
    const many = async (seed: number): Promise<string> => {
      const seen: number[] = [];
      const { exhaustive, runs } = await explore(
        app,
        async (t) => {
          const tab = await t.tab(sums);
          await t.race(
            ...Array.from({ length: 4 }, (_, i) => () => (i % 2 ? tab.events.addTwice() : tab.events.double())),
          );
          seen.push(tab.snapshot.n);
        },
        { runs: 30, seed },
      );
      assert.equal(exhaustive, false);
      assert.equal(runs, 30);
      return seen.join();
    };
    assert.equal(await many(7), await many(7));
  });

  test("goes on until events that were queued have ended, and tasks that sleep", async () => {
    const later = defineState("later", { vars: { n: 0 } })
      .events(({ on }) => ({
        slow: on(async (s, ctx) => {
          await ctx.sleep(100);
          s.n++;
        }),
      }))
      .events(({ on }) => ({ go: on((_, ctx) => ctx.queue("slow")) }));
    const ends = new Set<number>();
    await explore(createApp({ states: [later] }), async (t) => {
      const tab = await t.tab(later);
      await t.race(() => tab.events.go());
      ends.add(tab.snapshot.n);
    });
    assert.deepEqual([...ends], [1]);
  });

  test("what throws in an actor fails the scenario", async () => {
    const failing = explore(app, (t) => t.race(() => Promise.reject(new Error("no"))));
    await assert.rejects(failing, (error: Error) => code("RACE_FOUND")(error) && /no/.test(error.message));
  });

  test("a race that nothing can end says so, and one that goes on for ever", async () => {
    const cause = (expected: string) => (error: Error) => code("RACE_FOUND")(error) && code(expected)(error.cause);
    await assert.rejects(
      explore(app, (t) => t.race(() => new Promise(() => {}))),
      cause("RACE_STUCK"),
    );
    const forever = explore(
      app,
      async (t) => {
        const tab = await t.tab(sums);
        await t.race(() => tab.events.forever());
      },
      { steps: 50 },
    );
    await assert.rejects(forever, cause("RACE_ENDLESS"));
  });
});
