import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApp, lifespan } from "livespan";
import { defineState } from "livespan/live";
import { manualClock, testApp } from "livespan/testing";

const code = (expected: string) => (error: unknown) => (error as { readonly code: string }).code === expected;

const log: string[] = [];
const deaf = Promise.withResolvers<void>();
const db = lifespan("db", async function* () {
  yield {};
  log.push("db closed");
});
const state = defineState("stops", { vars: { n: 0 }, needs: { db } })
  .background(({ background }) => ({
    deaf: background(async () => new Promise<void>(() => {}), { stopTimeout: 500 }),
  }))
  .events(({ on }) => ({
    plain: on(async (s, ctx) => {
      s.n = 1;
      await ctx.sleep(1e9).finally(() => log.push("handler ended"));
    }),
    superseding: on(async (_, ctx) => ctx.sleep(1e9).finally(() => log.push("handler ended")), { supersedes: true }),
    deaf: on((_, ctx) => ctx.start("deaf")),
    deafEvent: on(() => deaf.promise),
  }))
  .events(({ on }) => ({
    round: on((s, ctx) => {
      s.n++;
      (ctx.queue as (name: string) => void)("round");
    }),
  }));

async function start() {
  log.length = 0;
  const clock = manualClock();
  const app = createApp({ states: [state], budgets: { drain: 1_000, tasks: 1_000 } });
  const t = await testApp(app, { clock, leaks: false });
  return { t, clock, tab: await t.tab(state) };
}

describe("at stop", () => {
  for (const event of ["plain", "superseding"] as const) {
    test(`an event that is in hand when the time is over is aborted and awaited before lifespans end: ${event}`, async () => {
      const { t, clock, tab } = await start();
      void tab.events[event]().catch(() => {});
      await clock.advance(1);
      const { entries } = await clock.until(t.stop());
      assert.deepEqual(log, ["handler ended", "db closed"]);
      assert.deepEqual(entries.find(({ name }) => name === "live")?.left, [{ kind: "event", count: 1 }]);
    });
  }

  test("an event that queues itself for ever keeps nothing from ending", async () => {
    const { t, clock, tab } = await start();
    await tab.events.round();
    await tab.until(({ n }) => n > 10);
    await clock.until(t.stop());
    const { n } = tab.snapshot;
    await clock.advance(1_000);
    assert.equal(tab.snapshot.n, n);
    assert.deepEqual(log, ["db closed"]);
  });

  test("a background task that was left behind fails the stop, which names it", async () => {
    const { t, clock, tab } = await start();
    await tab.events.deaf();
    const stopping = t.stop();
    await assert.rejects(clock.until(stopping), (error: Error) => /"deaf" did not end/.test(error.message));
    assert.deepEqual(log, ["db closed"]);
  });

  test("a handler that does not end is left behind, and the stop says so", async () => {
    const { t, clock, tab } = await start();
    void tab.events.deafEvent().catch(() => {});
    await clock.advance(1);
    await assert.rejects(clock.until(t.stop()), code("ABANDONED"));
    assert.deepEqual(log, ["db closed"]);
    await tab.close();
    deaf.resolve();
    await clock.advance(0);
    assert.equal(clock.pending, 0, "whatever it does later");
  });
});

describe("code that awaits nothing but blocks", () => {
  const busy = defineState("busy", { vars: { n: 0 } })
    .background(({ background }) => ({
      updates: background(async (self) => {
        while (!self.signal.aborted) await self.update((s) => ++s.n);
      }),
      restarts: background(async (self) => {
        (self.start as (name: string) => void)("restarts");
      }),
    }))
    .events(({ on }) => ({
      updates: on((_, ctx) => ctx.start("updates")),
      restarts: on((_, ctx) => ctx.start("restarts")),
      yields: on(function* (s, ctx) {
        while (!ctx.signal.aborted) {
          s.n++;
          yield;
        }
      }),
      events: on((s, ctx) => {
        s.n++;
        (ctx.queue as (name: string) => void)("events");
      }),
    }));
  for (const how of ["updates", "restarts", "yields", "events"] as const) {
    test(`leaves the others their turn: ${how}`, async () => {
      const app = createApp({ states: [busy], budgets: { drain: 10 } });
      const t = await testApp(app, { leaks: false });
      await using tab = await t.tab(busy);
      await using other = await t.tab(busy);
      void tab.events[how]().catch(() => {});
      if (how !== "restarts") await tab.until(({ n }) => n > 1_000);
      await new Promise((resolve) => void setImmediate(resolve));
      await other.events.restarts();
      await t.stop();
    });
  }
});
