import assert from "node:assert/strict";
import { test } from "node:test";

import { gate } from "../../http/servers/listening.ts";
import { liveError } from "../../../src/live/errors.ts";
import { Stage } from "./stage.ts";

test("a client that has the latest resumes with no ops", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  (await stage.counterOf(client)).set({ n: 1 });
  await client.until(() => client.replicas[0]?.version === 2);
  await stage.drop(client);
  const again = await stage.dial().resume(client);
  assert.deepEqual(again.tagged("r", "s"), [["r", 0, "e1", 2, []]]);
  assert.deepEqual([again.tab, again.fresh], [client.tab, false]);
});

test("what happened while it was away comes as one change from what it had", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  const counter = await stage.counterOf(client);
  await stage.drop(client);
  for (let n = 1; n <= 100; n++) counter.set({ n });
  const again = await stage.dial().resume(client);
  assert.deepEqual(again.tagged("r", "s"), [["r", 0, "e1", 101, [["=", "n", 100]]]]);
});

test("a client that missed the last frames resumes from any that it was sent and has not confirmed", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  const counter = await stage.counterOf(client);
  const had = structuredClone(client.replicas[0]!);
  for (let n = 1; n <= 31; n++) counter.set({ n });
  await client.until(() => client.replicas[0]?.version === 32);
  await stage.drop(client);
  client.replicas[0] = had;
  const again = await stage.dial().resume(client);
  assert.deepEqual(again.tagged("r", "s"), [["r", 0, "e1", 32, [["=", "n", 31]]]]);
});

test("what it confirmed, or lies more than 32 frames back, is not kept: that is a snapshot", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  const counter = await stage.counterOf(client);
  const had = structuredClone(client.replicas[0]!);
  counter.set({ n: 1 });
  await client.until(() => client.replicas[0]?.version === 2);
  client.send("v", 0, 2);
  await client.event(1, "nothing");
  await stage.drop(client);
  client.replicas[0] = had;
  const again = await stage.dial().resume(client);
  assert.equal(again.tagged("r", "s")[0]?.[0], "s");
  const older = structuredClone(again.replicas[0]!);
  for (let n = 1; n <= 40; n++) counter.set({ n });
  await again.until(() => again.replicas[0]?.version === 42);
  await stage.drop(again);
  again.replicas[0] = older;
  const last = await stage.dial().resume(again);
  assert.deepEqual(last.tagged("r", "s")[0]?.slice(0, 4), ["s", 0, "e1", 42]);
});

test("another epoch is a snapshot, at a resume as in the middle", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  const counter = await stage.counterOf(client);
  counter.epoch = "e2";
  counter.set({ n: 9 });
  await client.until(() => client.replicas[0]?.epoch === "e2");
  assert.equal(client.tagged("d").length, 0);
  assert.deepEqual(client.replicas[0]?.state, counter.snapshot);
  await stage.drop(client);
  counter.epoch = "e3";
  const again = await stage.dial().resume(client);
  assert.deepEqual(again.tagged("r", "s"), [["s", 0, "e3", 2, { n: 9, text: "", rows: [] }]]);
});

test("versions that were left out are said: a delta names what it leads from", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  const counter = await stage.counterOf(client);
  counter.set({ n: 1 }, 3);
  counter.set({ n: 2 });
  await client.until(() => client.replicas[0]?.version === 6);
  assert.deepEqual(client.tagged("d"), [
    ["d", 0, 5, [["=", "n", 1]], 1],
    ["d", 0, 6, [["=", "n", 2]]],
  ]);
});

test("a commit that no page can see is not sent, and what comes after it is still encoded once for all", async () => {
  await using stage = await Stage.open();
  const clients = await Promise.all([0, 1].map(() => stage.dial().hello([{ state: "board", key: "a" }])));
  const board = stage.engine.shared("board", "a");
  board.hide();
  board.set({ n: 1 });
  for (const client of clients) {
    await client.until(() => client.replicas[0]?.version === 3);
    assert.deepEqual(client.tagged("d"), [["d", 0, 3, [["=", "n", 1]], 1]]);
  }
  assert.equal(board.encoded, 1);
  board.hide();
  await stage.drop(clients[0]!);
  const again = await stage.dial().resume(clients[0]!, [{ state: "board", key: "a" }]);
  assert.deepEqual(again.tagged("r", "s"), [["r", 0, "e1", 4, []]]);
});

test("a client that sees a gap gets a snapshot", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  (await stage.counterOf(client)).set({ n: 1 });
  client.send("g", 0);
  await client.until(() => client.tagged("s").length === 2);
  assert.deepEqual(client.tagged("s")[1], ["s", 0, "e1", 2, { n: 1, text: "", rows: [] }]);
});

test("a reconnect that overtakes the old disconnect takes the tab over: the old socket is closed with 4002", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  const counter = await stage.counterOf(client);
  counter.set({ n: 1 });
  await client.until(() => client.replicas[0]?.version === 2);
  const again = await stage.dial().resume(client);
  assert.equal((await client.closed)[0], 4002);
  assert.equal(again.fresh, false);
  assert.deepEqual(again.tagged("r", "s"), [["r", 0, "e1", 2, []]]);
  counter.set({ n: 2 });
  await again.until(() => again.replicas[0]?.version === 3);
  assert.equal(counter.listeners.size, 1);
  assert.deepEqual(stage.tabOf(again).calls, ["connected", "connected"]);
});

test("a tab that is overtaken while its states are still looked up goes on with the newer connection", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  const counter = await stage.counterOf(client);
  await stage.drop(client);
  const loaded = gate();
  stage.engine.delay = () => loaded.opened;
  const wants = [{ state: "counter", epoch: "e1", version: 1 }];
  const first = await stage.dial().open();
  first.send("h", { protocol: 1, tab: client.tab, wants });
  await first.until(() => first.tagged("w").length === 1);
  const second = await stage.dial().open();
  second.send("h", { protocol: 1, tab: client.tab, wants });
  assert.equal((await first.closed)[0], 4002);
  second.replicas[0] = client.replicas[0]!;
  counter.set({ n: 1 });
  loaded.open();
  await second.until(() => second.tagged("r", "s").length === 1);
  assert.deepEqual(second.tagged("r", "s"), [["r", 0, "e1", 2, [["=", "n", 1]]]]);
  assert.equal(counter.listeners.size, 1);
});

test("a state that the store cannot give now is no refusal: the client is to come back", async () => {
  await using stage = await Stage.open();
  stage.engine.delay = () => Promise.reject(liveError("STORE_UNREACHABLE", "redis://secret."));
  const client = await stage.dial().open();
  client.send("h", { protocol: 1, wants: [{ state: "counter" }] });
  assert.deepEqual(await client.closed, [1013, "STORE_UNREACHABLE"]);
  assert.equal(stage.logged.length, 1);
});

test("a broadcast is encoded once, however many tabs see it", async () => {
  await using stage = await Stage.open();
  const clients = await Promise.all(
    Array.from({ length: 20 }, () => stage.dial().hello([{ state: "board", key: "a" }])),
  );
  const board = stage.engine.shared("board", "a");
  board.set({ n: 1 });
  await Promise.all(clients.map((client) => client.until(() => client.replicas[0]?.version === 2)));
  assert.equal(board.encoded, 1);
  for (const client of clients) assert.deepEqual(client.replicas[0]?.state, { n: 1 });
});
