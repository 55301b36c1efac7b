import assert from "node:assert/strict";
import { test } from "node:test";

import { Stage } from "./stage.ts";

const turn = (): Promise<void> => new Promise(setImmediate);

test("a client that stops reading costs a frame, not 10,000, and has the latest when it reads again", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  const counter = await stage.counterOf(client);
  client.socket.pause();
  const page = "x".repeat(4096);
  for (let n = 1; n <= 10_000; n++) {
    counter.set({ n, text: `${n} ${page}` });
    if (n % 10 === 0) await turn();
  }
  assert.ok(stage.mostUnflushed < 64 * 1024, `${stage.mostUnflushed} waited`);
  client.socket.resume();
  await client.until(() => client.replicas[0]?.version === counter.version);
  assert.deepEqual(client.replicas[0]?.state, counter.snapshot);
  assert.ok(client.tagged("d").length < 9_000);
});

test("commits in one go, more than fit, are merged: what is sent last is the latest", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  const counter = await stage.counterOf(client);
  for (let n = 1; n <= 10_000; n++) counter.set({ n });
  await client.until(() => client.replicas[0]?.version === counter.version);
  assert.deepEqual(client.replicas[0]?.state, counter.snapshot);
  assert.ok(client.tagged("d").length <= 66, `${client.tagged("d").length} frames`);
});

test("a slow client has an event's changes, in every place, before its answer", async () => {
  await using stage = await Stage.open();
  const wants = [{ state: "counter" }, { state: "board", key: "a" }, { state: "board", key: "b" }];
  const client = await stage.dial().hello(wants);
  const boards = [stage.engine.shared("board", "a"), stage.engine.shared("board", "b")];
  stage.engine.handlers.set("all", (counter, n: number) => {
    counter.set({ n, text: "y".repeat(20_000) });
    for (const board of boards) board.set({ n });
    return n;
  });
  const wrong: unknown[] = [];
  client.onFrame = ([tag, , n]) => {
    if (tag !== "a") return;
    for (const { state } of client.replicas) if ((state as { n: number }).n < (n as number)) wrong.push([n, state]);
  };
  client.socket.pause();
  for (let id = 1; id <= 80; id++) client.send("e", id, 0, "all", id);
  // Changes of somebody else go on meanwhile: no answer may wait until there are none.
  for (let n = 0; n < 50; n++) {
    boards[0]!.set({ n: 1000 + n });
    await turn();
  }
  client.socket.resume();
  await client.answer(80);
  assert.deepEqual(wrong, []);
  assert.deepEqual(
    client.tagged("a").map(([, id]) => id),
    Array.from({ length: 80 }, (_, i) => i + 1),
  );
});

test("answers get through while a state changes all the time", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  const counter = await stage.counterOf(client);
  stage.engine.handlers.set("ok", () => "ok");
  let isRunning = true;
  const changing = (async () => {
    for (let n = 0; isRunning; n++) {
      counter.set({ text: `${n} ${"z".repeat(30_000)}` });
      await turn();
    }
  })();
  for (let id = 1; id <= 20; id++) await client.event(id, "ok");
  isRunning = false;
  await changing;
});

test("who reads nothing for a minute, though it still sends, is let go", async () => {
  await using stage = await Stage.open({ rate: 1000 });
  await stage.clock.advance(300_000);
  const client = await stage.tab();
  const tab = stage.tabOf(client);
  client.socket.pause();
  (await stage.counterOf(client)).set({ text: "x".repeat(32 * 1024 * 1024) });
  stage.engine.handlers.set("here", () => undefined);
  const begun = stage.clock.now();
  for (let id = 1; tab.calls.at(-1) !== "disconnected"; id++) {
    client.send("e", id, 0, "here");
    while (!tab.calls.includes(`here ${id}`)) await turn();
    await stage.clock.advance(5_000);
  }
  const lasted = stage.clock.now() - begun;
  assert.ok(lasted >= 60_000 && lasted <= 80_000, `${lasted} ms`);
  while (stage.connections.size > 0) await turn();
});
