import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApp } from "livespan";
import { defineState } from "livespan/live";
import { manualClock, testApp } from "livespan/testing";
import { z } from "zod";

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
