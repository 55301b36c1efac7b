import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { leakReport } from "livespan/testing";
import { Stage } from "./stage.ts";

test("a client that says nothing is pinged every heartbeat, and lives as long as it answers", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  for (let i = 1; i <= 10; i++) {
    await stage.clock.advance(30_000);
    await client.until(() => client.tagged("p").length >= i);
    // The answer to the ping is on its way before the event, so once that is answered it has come.
    await client.event(i, "nothing");
  }
  assert.equal(client.tagged("p").length, 10);
  assert.equal(stage.connections.size, 1);
});

test("two pings without an answer: the client is let go", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  client.answersPings = false;
  await stage.clock.advance(45_000);
  assert.equal(client.tagged("p").length, 2);
  assert.equal(stage.tabOf(client).calls.length, 1);
  await stage.clock.advance(15_000);
  assert.deepEqual(await client.closed, [1001, "no answer to pings"]);
  assert.deepEqual(stage.tabOf(client).calls, ["connected", "disconnected"]);
});

test("all connections share one timer, and none is set when the last has gone and its session has rested", async () => {
  await using stage = await Stage.open();
  const clients = await Promise.all(Array.from({ length: 50 }, () => stage.tab()));
  assert.equal(stage.clock.pending, 1);
  for (const client of clients) await client.drop();
  while (stage.connections.size > 0) await new Promise(setImmediate);
  await stage.clock.advance(2_000);
  assert.equal(stage.clock.pending, 0);
});

test("2,000 tabs opened and closed leave no timer, socket, watcher or memory", async () => {
  await using stage = await Stage.open({ sessionTabs: 10_000 });
  const round = async (tabs: number): Promise<void> => {
    for (let i = 0; i < tabs; i += 100) {
      const clients = await Promise.all(
        Array.from({ length: 100 }, () => stage.dial().hello([{ state: "board", key: "a" }])),
      );
      stage.engine.shared("board", "a").set({ n: i });
      await Promise.all(clients.map((client) => client.drop()));
    }
    while (stage.connections.size > 0) await new Promise(setImmediate);
    stage.forget();
    await stage.clock.advance(5_000);
  };
  const leaks = leakReport();
  await round(500);
  assert.equal(String(await leaks.compare()), "nothing leaked");
  const before = await heap();
  await round(2_000);
  assert.equal(stage.engine.shared("board", "a").listeners.size, 0);
  assert.equal(stage.clock.pending, 0);
  assert.equal(String(await leaks.compare()), "nothing leaked");
  const grown = (await heap()) - before;
  assert.ok(grown < 512 * 1024, `${grown} bytes more`);
});

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

async function heap(): Promise<number> {
  // Several times: what one collection frees is told to the test runner, which then lets go of more.
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise(setImmediate);
  }
  return process.memoryUsage().heapUsed;
}
