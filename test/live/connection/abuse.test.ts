import assert from "node:assert/strict";
import { test } from "node:test";

import { gate } from "../../http/servers/listening.ts";
import { Stage } from "./stage.ts";

for (const [what, text, id] of [
  ["bad JSON", "{", 0],
  ["what is no list", '{"0":"e"}', 0],
  ["an unknown tag", '["z",1]', 0],
  ["a tag that is inherited", '["constructor",1]', 0],
  ["an event whose name is no text", '["e",7,0,{}]', 7],
  ["an event with a place that is none", '["e",7,9,"ok"]', 7],
  ["an event with a place that is no number", '["e",7,"0","ok"]', 7],
  ["an event with too much behind it", '["e",7,0,"ok",1,2]', 7],
  ["an id that is no whole number", '["e",1.5,0,"ok"]', 0],
  ["a negative id", '["e",-1,0,"ok"]', 0],
  ["a version that is no number", '["v",0,"1"]', 0],
  ["a second hello", '["h",{"protocol":1,"wants":[]}]', 0],
  ["nothing at all", "", 0],
] as const) {
  test(`${what} is answered by BAD_FRAME, and the tab goes on with the next good frame`, async () => {
    await using stage = await Stage.open();
    stage.engine.handlers.set("ok", () => "ok");
    const client = await stage.tab();
    client.socket.send(text);
    await client.until(() => client.tagged("x").length === 1);
    assert.deepEqual(client.tagged("x")[0]?.slice(0, 3), ["x", id, "BAD_FRAME"]);
    assert.deepEqual(await client.event(8, "ok"), ["a", 8, "ok"]);
  });
}

test("a binary frame is none", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  client.socket.send(Buffer.from('["e",1,0,"ok"]'));
  await client.until(() => client.tagged("x").length === 1);
  assert.equal(client.tagged("x")[0]?.[2], "BAD_FRAME");
});

test("the tenth bad frame closes the socket with 4008", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  for (let i = 0; i < 10; i++) client.socket.send("no frame");
  assert.equal((await client.closed)[0], 4008);
  assert.equal(client.tagged("x").length, 9);
  assert.deepEqual(stage.tabOf(client).calls, ["connected", "disconnected"]);
});

test("an oversized frame closes the socket, and the tab resumes", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  client.send("e", 1, 0, "ok", "x".repeat(64 * 1024));
  assert.equal((await client.closed)[0], 1009);
  const again = await stage.dial().resume(client);
  assert.equal(again.tagged("r").length, 1);
});

test("a flood of events is refused event by event, and the tab goes on when it has slowed down", async () => {
  await using stage = await Stage.open({ burst: 10, rate: 5 });
  stage.engine.handlers.set("ok", () => "ok");
  const client = await stage.tab();
  for (let id = 1; id <= 30; id++) client.send("e", id, 0, "ok");
  await client.answer(30);
  assert.equal(client.tagged("a").length, 10);
  assert.deepEqual(
    client.tagged("x").map(([, id, code]) => [id, code]),
    Array.from({ length: 20 }, (_, i) => [i + 11, "TOO_MANY_EVENTS"]),
  );
  await stage.clock.advance(1_000);
  assert.deepEqual(await client.event(31, "ok"), ["a", 31, "ok"]);
});

test("a session's tabs share what it may send; another session has its own", async () => {
  await using stage = await Stage.open({ burst: 3, rate: 1 });
  stage.engine.handlers.set("ok", () => "ok");
  const [one, two] = [await stage.tab(), await stage.tab()];
  const other = await stage.dial({ "x-session": "s2" }).hello();
  for (let id = 1; id <= 3; id++) await one.event(id, "ok");
  assert.equal((await two.event(1, "ok"))[2], "TOO_MANY_EVENTS");
  assert.equal((await other.event(1, "ok"))[0], "a");
  // A new connection begins with what the session has left.
  await one.drop();
  await two.drop();
  const again = await stage.dial().resume(one);
  assert.equal((await again.event(4, "ok"))[2], "TOO_MANY_EVENTS");
});

test("what a tab has collected while it was away may come at once; a tab that was not away may not", async () => {
  await using stage = await Stage.open({ burst: 10, rate: 5, waiting: 40 });
  stage.engine.handlers.set("ok", () => "ok");
  const client = await stage.tab();
  await stage.drop(client);
  await stage.clock.advance(60_000);
  const again = await stage.dial().resume(client);
  for (let id = 1; id <= 60; id++) again.send("e", id, 0, "ok");
  await again.answer(60);
  assert.equal(again.tagged("a").length, 40);
  await stage.drop(again);
  const last = await stage.dial().resume(again);
  assert.equal((await last.event(61, "ok"))[2], "TOO_MANY_EVENTS");
});

test("a flood beyond ten times that closes the socket with 4008", async () => {
  await using stage = await Stage.open({ burst: 10, rate: 1 });
  stage.engine.handlers.set("ok", () => "ok");
  const client = await stage.tab();
  for (let id = 1; id <= 200; id++) client.send("e", id, 0, "ok");
  assert.equal((await client.closed)[0], 4008);
  assert.ok(client.tagged("x").length <= 100);
  const again = await stage.dial().resume(client);
  assert.equal(again.fresh, false);
});

test("pongs that nobody asked for, and gaps without end, are a flood too", async () => {
  await using stage = await Stage.open({ burst: 5, rate: 1 });
  const noisy = await stage.tab();
  for (let i = 0; i < 100; i++) noisy.send("p");
  assert.equal((await noisy.closed)[0], 4008);
  const greedy = await stage.dial({ "x-session": "s2" }).hello();
  for (let i = 0; i < 100; i++) greedy.send("g", 0);
  assert.equal((await greedy.closed)[0], 4008);
  assert.ok(greedy.tagged("s").length <= 6);
});

test("so many events of a tab may wait; one more is refused until one has run", async () => {
  await using stage = await Stage.open({ waiting: 3 });
  const held = gate();
  stage.engine.handlers.set("slow", () => held.opened);
  const client = await stage.tab();
  for (let id = 1; id <= 4; id++) client.send("e", id, 0, "slow");
  assert.deepEqual((await client.answer(4)).slice(0, 3), ["x", 4, "TOO_MANY_EVENTS"]);
  held.open();
  await client.answer(3);
  assert.equal((await client.event(5, "slow"))[0], "a");
});
