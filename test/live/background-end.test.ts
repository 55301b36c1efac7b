import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApp, lifespan } from "livespan";
import { defineState, ImmutableStateError } from "livespan/live";
import { manualClock, testApp } from "livespan/testing";

const code = (expected: string) => (error: unknown) => (error as { readonly code: string }).code === expected;

describe("the end of a background task", () => {
  test("at stop it is aborted and awaited before what it needs goes down", async () => {
    const log: string[] = [];
    const db = lifespan("db", async function* () {
      yield { write: (what: string) => log.push(what) };
      log.push("db closed");
    });
    const clock = manualClock();
    const works = defineState("works", { vars: { n: 0 }, needs: { db } })
      .background(({ background }) => ({
        work: background(async (self) => {
          try {
            await self.sleep(60_000);
          } finally {
            self.lifespan.db.write("task ends");
            await self.update((s) => s.n++);
            self.lifespan.db.write(`kept ${self.view.n}`);
          }
        }),
      }))
      .events(({ on }) => ({ go: on((_, ctx) => ctx.start("work")) }));
    await using t = await testApp(createApp({ states: [works] }), { clock });
    await using tab = await t.tab(works);
    await tab.events.go();
    await t.stop();
    assert.deepEqual(log, ["task ends", "kept 1", "db closed"]);
  });

  test("one that ignores its abort is named and left behind when its time is over", async () => {
    const clock = manualClock();
    const deaf = defineState("deaf", { vars: { n: 0 } })
      .background(({ background }) => ({
        work: background(
          async (self) => {
            await new Promise<void>((resolve) => void clock.after(1e9, resolve, true));
            await self.update((s) => s.n++);
          },
          { stopTimeout: 2_000 },
        ),
      }))
      .events(({ on }) => ({ go: on((_, ctx) => ctx.start("work")) }));
    await using t = await testApp(createApp({ states: [deaf] }), { clock });
    await using tab = await t.tab(deaf);
    await tab.events.go();
    const cancelled = [...t.app.backgroundTasks][0]!.cancel();
    await clock.advance(2_000);
    await cancelled;
    assert.ok(t.log.some(({ message }) => /"work" did not end/.test(message)));
    assert.equal(t.app.backgroundTasks.size, 0);
  });

  for (const onDisconnect of ["continue", "abort"] as const) {
    test(`when its tab is gone: ${onDisconnect}`, async () => {
      const clock = manualClock();
      const state = defineState("gone", { vars: { n: 0 } })
        .background(({ background }) => ({
          work: background(async (self) => self.sleep(60_000), { onDisconnect, grace: 3_000 }),
        }))
        .events(({ on }) => ({ go: on((_, ctx) => ctx.start("work")) }));
      await using t = await testApp(createApp({ states: [state] }), { clock });
      await using tab = await t.tab(state);
      await tab.events.go();
      tab.drop();
      await clock.advance(2_000);
      assert.equal(t.app.backgroundTasks.size, 1, "within the time of grace");
      await tab.resume();
      await clock.advance(5_000);
      assert.equal(t.app.backgroundTasks.size, 1, "the tab came back in time");
      tab.drop();
      await clock.advance(3_000);
      assert.equal(t.app.backgroundTasks.size, onDisconnect === "abort" ? 0 : 1);
    });
  }

  test("one that begins when its tab is gone already gets its time of grace, and no more", async () => {
    const clock = manualClock();
    const state = defineState("late", { vars: { n: 0 } })
      .background(({ background }) => ({
        work: background(async (self) => self.sleep(60_000), {
          onDisconnect: "abort",
          grace: 1_000,
          concurrency: "queue",
        }),
      }))
      .events(({ on }) => ({ go: on((_, ctx) => ctx.start("work")) }));
    await using t = await testApp(createApp({ states: [state] }), { clock });
    await using tab = await t.tab(state);
    await tab.events.go();
    await tab.events.go();
    tab.drop();
    await clock.advance(1_000);
    assert.equal(t.app.backgroundTasks.size, 1, "the second has its turn");
    await clock.advance(1_000);
    assert.equal(t.app.backgroundTasks.size, 0);
  });

  for (const how of ["exclusive", "lock"] as const) {
    test(`one that was left behind holds no ${how} any more`, async () => {
      const clock = manualClock();
      const never = new Promise<never>(() => {});
      const errors: unknown[] = [];
      const state = defineState("left", { vars: { n: 0 } })
        .background(({ background }) => ({
          hold: background(
            async (self) => {
              const late = Promise.withResolvers<void>();
              // What is left behind goes on by itself.
              void self.sleep(60_000).catch(() => void clock.after(5_000, late.resolve, true));
              const body = async (s: { n: number }): Promise<void> => {
                s.n = 50;
                await late.promise;
                s.n = 51;
              };
              await (how === "lock" ? self.lock().then(body) : self.exclusive(body)).catch((error: unknown) => {
                errors.push(error);
              });
              await never;
            },
            { stopTimeout: 1_000 },
          ),
        }))
        .events(({ on }) => ({
          go: on((_, ctx) => ctx.start("hold")),
          add: on((s) => ++s.n),
        }));
      await using t = await testApp(createApp({ states: [state] }), { clock });
      await using tab = await t.tab(state);
      await tab.events.go();
      await clock.advance(1);
      const go = t.app.modifyState(state, tab.token, (s) => s.n);
      const [hold] = t.app.backgroundTasks;
      const ended = hold!.cancel();
      await clock.advance(1_000);
      await ended;
      assert.equal(await go, 0);
      assert.equal(await tab.events.add(), 1, "the block is free");
      await clock.advance(5_000);
      assert.equal(errors.length, 1);
      assert.ok(errors[0] instanceof ImmutableStateError, String(errors[0]));
      assert.equal(tab.snapshot.n, 1);
    });
  }

  test("an update that was waited for when its task was left behind is not made", async () => {
    const clock = manualClock();
    const gate = Promise.withResolvers<void>();
    const errors: unknown[] = [];
    const state = defineState("waits", { vars: { n: 0 } })
      .background(({ background }) => ({
        work: background(
          async (self) => {
            await self.sleep(10);
            for (const block of [self.update((s) => ++s.n), self.exclusive(async (s) => ++s.n), self.lock()]) {
              block.catch((error: unknown) => errors.push(error));
            }
            await new Promise(() => {});
          },
          { stopTimeout: 1_000 },
        ),
      }))
      .events(({ on }) => ({ go: on((_, ctx) => ctx.start("work")), add: on((s) => ++s.n) }));
    await using t = await testApp(createApp({ states: [state] }), { clock });
    await using tab = await t.tab(state);
    await tab.events.go();
    const holder = t.app.modifyState(state, tab.token, () => gate.promise);
    await clock.advance(10);
    const [work] = t.app.backgroundTasks;
    const cancelled = work!.cancel();
    await clock.advance(1_000);
    await cancelled;
    gate.resolve();
    await holder;
    assert.equal(await tab.events.add(), 1);
    assert.deepEqual(
      errors.map((error) => code("STOPPING")(error)),
      [true, true, true],
    );
  });

  test("a lock that was never given back is, when the task ends", async () => {
    const state = defineState("locks", { vars: { n: 0 } })
      .background(({ background }) => ({
        forget: background(async (self) => {
          const s = await self.lock();
          s.n = 1;
          await s.commit();
          s.n = 2;
        }),
      }))
      .events(({ on }) => ({ go: on((_, ctx) => ctx.start("forget")), add: on((s) => ++s.n) }));
    await using t = await testApp(createApp({ states: [state] }));
    await using tab = await t.tab(state);
    await tab.events.go();
    await tab.until(({ n }) => n === 1);
    assert.equal(await tab.events.add(), 2, "what was not committed is gone");
  });
});
