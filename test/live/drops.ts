import assert from "node:assert/strict";
import { createApp } from "livespan";
import { defineState, type Store } from "livespan/live";
import { manualClock, testApp } from "livespan/testing";

const ledger = defineState("ledger", { vars: { n: 0, lines: [] as number[] } })
  .background(({ background }) => ({
    write: background(
      async (self) => {
        for (let i = 0; i < 20; i++) {
          await self.update((s) => s.lines.push(i));
          await self.sleep(100);
        }
      },
      { concurrency: "single" },
    ),
  }))
  .events(({ on }) => ({
    add: on((s) => ++s.n),
    write: on((_, ctx) => ctx.start("write")),
  }));

/**
 * Tabs that lose their network and get it back at random moments, while they send events and their tasks write: each event
 * is done once, and in the end each page shows what the store holds.
 */
export async function dropAtRandom(options: { store: Store; tabs: number; rounds: number; random: () => number }) {
  const { store, rounds, random } = options;
  const clock = manualClock();
  await using t = await testApp(createApp({ states: [ledger] }), { store, clock });
  const tabs = await Promise.all(Array.from({ length: options.tabs }, () => t.tab(ledger)));
  await Promise.all(tabs.map((tab) => tab.events.write()));
  const sent = tabs.map(() => [] as Promise<number>[]);
  for (let round = 0; round < rounds; round++) {
    const back: Promise<void>[] = [];
    for (const [index, tab] of tabs.entries()) {
      const chance = random();
      if (chance < 0.3) tab.drop();
      else if (chance < 0.6) back.push(tab.resume());
      if (random() < 0.3 && sent[index]!.length < 90) sent[index]!.push(tab.events.add());
    }
    await clock.advance(100);
    await Promise.all(back);
  }
  await Promise.all(tabs.map((tab) => tab.resume()));
  for (const promises of sent) {
    const answers = await Promise.all(promises);
    assert.deepEqual(
      answers,
      answers.map((_, at) => at + 1),
      "each event once, in the order in which they were sent",
    );
  }
  while (t.app.backgroundTasks.size > 0) await clock.advance(100);
  for (const [index, tab] of tabs.entries()) {
    const snapshot = await tab.until(({ n, lines }) => n === sent[index]!.length && lines.length === 20);
    const kept = await t.app.modifyState(ledger, tab.token, (s) => s);
    assert.deepEqual(snapshot, kept, "the page shows what the store holds");
    await tab.close();
  }
}
