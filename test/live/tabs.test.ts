import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApp } from "livespan";
import { defineState } from "livespan/live";
import { manualClock, testApp } from "livespan/testing";
import { z } from "zod";
import { Client } from "./connection/client.ts";

const notes = defineState("notes", { vars: { lines: [] as string[], count: 0 } })
  .background(({ background }) => ({
    write: background(z.number(), async (self, lines) => {
      for (let i = 0; i < lines; i++) {
        await self.update((s) => s.lines.push(`line ${i}`));
        await self.sleep(100);
      }
    }),
  }))
  .events(({ on }) => ({
    add: on((s) => ++s.count),
    write: on(z.number(), (_, lines, ctx) => ctx.start("write", lines)),
  }));
const other = defineState("other", { vars: { n: 1 } }).events(({ on }) => ({ add: on((s) => ++s.n) }));

describe("a tab", () => {
  test("that dropped resumes with what it missed, while its task went on", async () => {
    const clock = manualClock();
    await using t = await testApp(createApp({ states: [notes] }), { clock });
    await using tab = await t.tab(notes);
    await tab.events.write(10);
    await tab.until(({ lines }) => lines.length === 1);
    tab.drop();
    for (let i = 0; i < 4; i++) await clock.advance(100);
    assert.equal(tab.snapshot.lines.length, 1);
    await tab.resume();
    await tab.until(({ lines }) => lines.length === 5);
    for (let i = 0; i < 6; i++) await clock.advance(100);
    await tab.until(({ lines }) => lines.length === 10);
    assert.deepEqual(
      tab.snapshot.lines,
      Array.from({ length: 10 }, (_, i) => `line ${i}`),
    );
  });

  test("events sent while it was away run once, in order, when it is back", async () => {
    await using t = await testApp(createApp({ states: [notes] }));
    await using tab = await t.tab(notes);
    await tab.events.add();
    tab.drop();
    const sent = [tab.events.add(), tab.events.add()];
    await tab.resume();
    assert.deepEqual(await Promise.all(sent), [2, 3]);
  });

  test("an event whose answer was lost is answered again and not run twice", async () => {
    await using t = await testApp(createApp({ states: [notes] }));
    await using tab = await t.tab(notes);
    tab.stall();
    const answer = tab.events.add();
    // The server has run it by the time that another tab's event, sent after it, is answered.
    await using beside = await t.tab(notes);
    await beside.events.add();
    tab.drop();
    tab.go();
    await tab.resume();
    assert.equal(await answer, 1);
    assert.equal(tab.snapshot.count, 1);
  });

  test("a reload keeps its state", async () => {
    await using t = await testApp(createApp({ states: [notes] }));
    const tab = await t.tab(notes);
    await tab.events.add();
    const token = tab.token;
    await using again = await tab.reload();
    assert.equal(again.token, token);
    assert.equal(again.snapshot.count, 1);
    assert.equal(await again.events.add(), 2);
  });

  test("a duplicate begins with a copy and goes its own way", async () => {
    await using t = await testApp(createApp({ states: [notes] }));
    await using tab = await t.tab(notes);
    await tab.events.add();
    await using copy = await tab.duplicate();
    assert.notEqual(copy.token, tab.token);
    assert.equal(copy.snapshot.count, 1);
    await copy.events.add();
    assert.equal(tab.snapshot.count, 1);
    assert.equal(copy.snapshot.count, 2);
  });

  test("a duplicate has a copy of what it shows later, and of what is changed before it is shown", async () => {
    await using t = await testApp(createApp({ states: [notes, other] }));
    await using tab = await t.tab(notes);
    await using second = await tab.state(other);
    await second.events.add();
    await using copy = await tab.duplicate();
    assert.equal(await t.app.modifyState(other, copy.token, (s) => ++s.n), 3);
    await using shown = await copy.state(other);
    assert.equal(shown.snapshot.n, 3);
    assert.equal(second.snapshot.n, 2);
  });

  test("of another session is neither given nor copied", async () => {
    await using t = await testApp(createApp({ states: [notes] }), { listen: { wsCloseTimeout: 100 } });
    const visit = async (more: object): Promise<Client> => {
      const session = await fetch(`${t.url}/_live/session`);
      const headers = { cookie: session.headers.get("set-cookie")!.split(";")[0]! };
      return new Client(`${t.url}/_live`, headers).hello([{ state: "notes" }], more);
    };
    await using mine = await visit({});
    await mine.event(1, "add");
    const thief = visit({ tab: mine.tab });
    await assert.rejects(thief, /TAB_REFUSED/);
    await using theirs = await visit({ copyOf: mine.tab });
    assert.equal(theirs.fresh, true);
    assert.deepEqual(theirs.replicas[0]?.state, { lines: [], count: 0 });
  });

  test("is told on when its block was held for long", async () => {
    const clock = manualClock();
    const slow = defineState("slow", { vars: {} }).events(({ on }) => ({
      wait: on(z.number(), (_, ms, ctx) => ctx.sleep(ms)),
    }));
    await using t = await testApp(createApp({ states: [slow] }), { clock });
    await using tab = await t.tab(slow);
    await clock.until(tab.events.wait(999));
    const warnings = () => t.log.filter(({ level }) => level === "warn").map(({ message }) => message);
    assert.deepEqual(warnings(), []);
    await clock.until(tab.events.wait(1_500));
    assert.match(warnings().join(), /event "wait" held the block of state "slow".* for 1500 ms/);
  });

  test("shows several states, over one line", async () => {
    await using t = await testApp(createApp({ states: [notes, other] }));
    await using tab = await t.tab(notes);
    const second = await tab.state(other);
    assert.equal(await second.events.add(), 2);
    assert.equal(second.token, tab.token);
    assert.equal(t.app.tabs.size, 1);
  });

  test("stopping tells it to come back, and ends with nothing left", async () => {
    const clock = manualClock();
    const t = await testApp(createApp({ states: [notes] }), { clock });
    await using tab = await t.tab(notes);
    await tab.events.write(1_000);
    await t.stop();
    assert.notEqual(tab.status, "live");
    assert.equal(t.app.backgroundTasks.size, 0);
    assert.ok((await t.leaks()).empty);
  });

  test("2,000 tabs that were opened and closed leave nothing behind", async () => {
    const clock = manualClock();
    const t = await testApp(createApp({ states: [notes] }), { clock });
    for (let round = 0; round < 20; round++) {
      const tabs = await Promise.all(Array.from({ length: 100 }, () => t.tab(notes)));
      await Promise.all(tabs.map((tab) => tab.events.add()));
      await Promise.all(tabs.map((tab) => tab.close()));
    }
    await clock.advance(10_000);
    assert.equal(t.app.tabs.size, 0);
    await t.stop();
    assert.ok((await t.leaks()).empty, String(await t.leaks()));
  });
});
