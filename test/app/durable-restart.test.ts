import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApp } from "livespan";
import { defineState } from "livespan/live";
import { redisStore } from "livespan/redis";
import { manualClock, testApp } from "livespan/testing";
import { memoryEngine } from "livespan/work";
import { z } from "zod";
import { aborted, copier, worker } from "./copier.ts";
import { redisUrl } from "../services/redis.ts";

describe("after a stop", () => {
  test("what did not end is given back, and goes on where the tab is loaded again", async () => {
    const store = redisStore({ url: await redisUrl(), prefix: `durable-${process.pid}:` });
    const { copies, begun, steps, open, waiting, app } = copier();
    const engine = memoryEngine();
    const first = await testApp(app("first"), { engine, store, budgets: { drain: 1 } });
    const tab = await first.tab(copies);
    const { token } = tab;
    await tab.events.copy("a");
    await waiting(1);
    const report = await first.stop();
    await tab.close();
    const { left, state } = report.entries.find(({ name }) => name === `worker ${worker}`)!;
    assert.deepEqual([state, left], ["aborted", [{ kind: "given-back", count: 1 }]]);
    await using t = await testApp(app("second"), { engine, store });
    await waiting(2);
    open();
    await t.work.idle();
    const done = await t.app.modifyState(copies, token, (s) => [...s.done]);
    assert.deepEqual(done, ["a 7"]);
    assert.deepEqual(
      [begun, steps],
      [
        ["a 1", "a 2"],
        ["fetch a", "store a"],
      ],
    );
  });
});

describe("a durable task of a shared state", () => {
  const board = () => {
    const begun: string[] = [];
    const asked = Promise.withResolvers<void>();
    const boards = defineState("boards", { scope: "shared", vars: { lines: [] as string[] } })
      .background(({ background }) => ({
        write: background(
          z.string(),
          async (self, line) => {
            begun.push(`${self.token} ${self.attempt}`);
            asked.resolve();
            if (self.attempt === 1) await aborted(self.draining);
            await self.update((s) => void s.lines.push(line));
          },
          { durable: true, concurrency: "single" },
        ),
      }))
      .events(({ on }) => ({ write: on(z.string(), (_, line, ctx) => ctx.start("write", line)) }));
    return { begun, asked: asked.promise, boards, app: () => createApp({ states: [boards] }) };
  };

  test("is given back at once where it ends by `draining`, and goes on although its tab is forgotten", async () => {
    const prefix = `shared-${process.pid}:`;
    const url = await redisUrl();
    const store = redisStore({ url, prefix });
    const engine = memoryEngine();
    const { begun, asked, boards, app } = board();
    const first = await testApp(app(), { engine, store });
    const tab = await first.tab(boards, { key: "k" });
    const { token } = tab;
    await tab.events.write("kept");
    await tab.events.write("dropped, since one runs for this key");
    await asked;
    const { errors, entries } = await first.stop();
    await tab.close();
    assert.deepEqual(errors, []);
    assert.equal(entries.find(({ name }) => name === `worker ${worker}`)?.state, "down");

    const byHand = redisStore({ url, prefix });
    await byHand.open({ clock: manualClock(), log: () => {}, changed: () => {}, missed: () => {} });
    await byHand.remove(token);
    await byHand.close();

    await using t = await testApp(app(), { engine, store });
    await t.work.idle();
    assert.deepEqual(await t.app.modifyState(boards, "k", (s) => [...s.lines]), ["kept"]);
    assert.deepEqual(begun, ["k 1", "k 2"]);
  });
});
