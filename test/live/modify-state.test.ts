import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApp, lifespanTask } from "livespan";
import { defineState, ReentrantLockError } from "livespan/live";
import { manualClock, testApp } from "livespan/testing";
import { counter } from "./counter.ts";

const code = (expected: string) => (error: unknown) => (error as { readonly code: string }).code === expected;

describe("app.modifyState", () => {
  test("inside a block of the same tab it throws at once", async () => {
    const own = defineState("own", { vars: { n: 0 } });
    await using t = await testApp(createApp({ states: [own] }));
    await using tab = await t.tab(own);
    const nested = t.app.modifyState(own, tab.token, async () => t.app.modifyState(own, tab.token, () => {}));
    await assert.rejects(nested, ReentrantLockError);
    assert.equal(await t.app.modifyState(own, tab.token, (s) => ++s.n), 1);
  });

  test("inside a handler of the tab too, also for a state that nobody has seen yet", async () => {
    const other = defineState("other", { vars: { n: 0 } });
    const own = defineState("own", { vars: { n: 0 } }).events(({ on }) => ({
      nest: on(async (_, ctx) => ctx.app.modifyState(other, ctx.token, (s) => ++s.n)),
      add: on((s) => ++s.n),
    }));
    await using t = await testApp(createApp({ states: [own, other] }));
    await using tab = await t.tab(own);
    await assert.rejects(tab.events.nest(), code("REENTRANT_LOCK"));
    assert.equal(await tab.events.add(), 1);
  });

  test("through a block of another owner as well", async () => {
    const room = defineState("room", { vars: { n: 0 }, scope: "shared" });
    await using t = await testApp(createApp({ states: [room] }));
    const block = (key: string, fn: () => unknown) => t.app.modifyState(room, key, async () => void (await fn()));
    await assert.rejects(
      block("a", () => block("b", () => block("a", () => {}))),
      ReentrantLockError,
    );
  });

  test("after the app has stopped it says so, and leaves no timer", async () => {
    const room = defineState("room", { vars: { n: 0 }, scope: "shared" });
    const t = await testApp(createApp({ states: [room] }));
    await t.app.modifyState(room, "a", (s) => ++s.n);
    await t.stop();
    await assert.rejects(
      t.app.modifyState(room, "a", (s) => ++s.n),
      code("STOPPING"),
    );
    assert.ok((await t.leaks()).empty);
  });

  test("changes the tab from a route and from a lifespan task, without an event of the page", async () => {
    const clock = manualClock();
    const app = createApp({
      states: [counter],
      tasks: [
        lifespanTask("push", { every: 100 }, async ({ app: handle }) => {
          for (const token of handle.tabs) await handle.modifyState(counter, token, (s) => void s.counter++);
        }),
      ],
    });
    app.post("/tabs/:token", async ({ params, app: handle }) =>
      handle.modifyState(counter, params.token, async (s) => (s.maxCounter = 99)),
    );
    await using t = await testApp(app, { clock });
    await using tab = await t.tab(counter);
    const answer = await t.request(`/tabs/${tab.token}`, { method: "POST" });
    assert.equal(await answer.json(), 99);
    await tab.until(({ maxCounter }) => maxCounter === 99);
    for (let i = 0; i < 3; i++) await clock.advance(100);
    await tab.until(({ counter: n }) => n >= 2);
  });

  test("an unknown token, a state that the app does not have, an app without states: coded errors", async () => {
    const other = defineState("other", { vars: {} });
    await using t = await testApp(createApp({ states: [counter] }));
    await assert.rejects(
      t.app.modifyState(counter, "nobody", () => {}),
      code("UNKNOWN_TAB"),
    );
    await assert.rejects(
      t.app.modifyState(counter, undefined as never, () => {}),
      code("UNKNOWN_TAB"),
    );
    await assert.rejects(
      t.app.modifyState(other, "nobody", () => {}),
      code("UNKNOWN_STATE"),
    );
    await assert.rejects(
      createApp().modifyState(counter, "x", () => {}),
      code("APP_NOT_SERVING"),
    );
    await using plain = await testApp(createApp());
    await assert.rejects(
      plain.app.modifyState(counter, "x", () => {}),
      code("NO_STATES"),
    );
  });

  test("a throw leaves nothing", async () => {
    await using t = await testApp(createApp({ states: [counter] }));
    await using tab = await t.tab(counter);
    const failing = t.app.modifyState(counter, tab.token, (s) => {
      s.counter = 55;
      throw new Error("no");
    });
    await assert.rejects(failing, /no/);
    await tab.events.setMax(3);
    assert.equal(tab.snapshot.counter, 0);
  });
});
