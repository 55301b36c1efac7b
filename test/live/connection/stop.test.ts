import assert from "node:assert/strict";
import { test } from "node:test";

import { gate } from "../../http/servers/listening.ts";
import { Stage } from "./stage.ts";

test("at stop an idle tab is told to come back", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  await stage.drain();
  assert.deepEqual(await client.closed, [1012, "service restart"]);
  assert.equal(stage.connections.size, 0);
  assert.deepEqual(stage.tabOf(client).calls, ["connected", "disconnected"]);
});

test("at stop what runs ends and is answered, with its changes; what comes later is told that the server stops", async () => {
  await using stage = await Stage.open();
  const [begun, held] = [gate(), gate()];
  stage.engine.handlers.set("slow", async (state) => {
    begun.open();
    await held.opened;
    state.set({ n: 1 });
    return "done";
  });
  const client = await stage.tab();
  client.send("e", 1, 0, "slow");
  await begun.opened;
  const drained = stage.drain();
  client.send("e", 2, 0, "slow");
  assert.deepEqual((await client.answer(2)).slice(0, 3), ["x", 2, "STOPPING"]);
  held.open();
  assert.deepEqual(await client.answer(1), ["a", 1, "done"]);
  assert.deepEqual(client.frames.at(-2), ["d", 0, 2, [["=", "n", 1]]]);
  assert.equal((await client.closed)[0], 1012);
  await drained;
});

test("at stop a client that is behind still gets the answers that it is owed", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  const counter = await stage.counterOf(client);
  const handled = gate();
  stage.engine.handlers.set("ok", () => handled.open());
  client.socket.pause();
  counter.set({ text: "x".repeat(32 * 1024 * 1024) });
  client.send("e", 1, 0, "ok");
  await handled.opened;
  const drained = stage.drain();
  client.socket.resume();
  assert.deepEqual(await client.answer(1), ["a", 1]);
  assert.equal((await client.closed)[0], 1012);
  await drained;
});

test("at stop a tab that has said no hello, and one whose states are still looked up, hold nothing up", async () => {
  await using stage = await Stage.open();
  const silent = await stage.dial().open();
  stage.engine.delay = () => new Promise(() => {});
  const waiting = await stage.dial().open();
  waiting.send("h", { protocol: 1, wants: [{ state: "counter" }] });
  await waiting.until(() => waiting.tagged("w").length === 1);
  await stage.drain();
  assert.equal((await silent.closed)[0], 1012);
  assert.equal((await waiting.closed)[0], 1012);
});
