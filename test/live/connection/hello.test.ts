import assert from "node:assert/strict";
import { test } from "node:test";

import { Stage } from "./stage.ts";

test("a hello is answered by a welcome and a snapshot of each want", async () => {
  await using stage = await Stage.open({ heartbeat: 9_000 });
  const client = await stage.dial().hello([{ state: "counter" }, { state: "board", key: "a" }]);
  const [welcome] = client.tagged("w");
  assert.deepEqual(welcome, ["w", { tab: client.tab, fresh: true, schema: "schema-1", heartbeat: 9_000 }]);
  assert.deepEqual(client.tagged("s"), [
    ["s", 0, "e1", 1, { n: 0, text: "", rows: [] }],
    ["s", 1, "e1", 1, { n: 0 }],
  ]);
  assert.equal(stage.connections.size, 1);
});

test("a want that is refused is answered with its code, and the tab goes on with the others", async () => {
  await using stage = await Stage.open();
  const wants = [{ state: "countr" }, { state: "board", key: "private" }, { state: "counter" }];
  const client = await stage.dial().hello(wants);
  assert.deepEqual(
    client.tagged("n").map(([, place, code]) => [place, code]),
    [
      [0, "UNKNOWN_STATE"],
      [1, "JOIN_REFUSED"],
    ],
  );
  assert.equal(client.replicas[2]?.version, 1);
  assert.deepEqual((await client.event(1, "anything")).slice(0, 3), ["x", 1, "JOIN_REFUSED"]);
});

test("a join adds a place; a place out of turn is no frame", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  client.send("j", 1, { state: "board", key: "a" });
  client.send("j", 7, { state: "board", key: "b" });
  await client.until(() => client.tagged("x").length === 1);
  assert.deepEqual(client.tagged("x")[0]?.slice(1, 3), [0, "BAD_FRAME"]);
  assert.deepEqual(client.replicas[1], { epoch: "e1", version: 1, state: { n: 0 } });
  stage.engine.shared("board", "a").set({ n: 5 });
  await client.until(() => client.replicas[1]?.version === 2);
});

for (const [what, frame, code] of [
  ["another frame than a hello", ["e", 1, 0, "add"], "BAD_FRAME"],
  ["another version of the protocol", ["h", { protocol: 2, desires: [] }], "PROTOCOL"],
  ["a hello without wants", ["h", { protocol: 1 }], "BAD_FRAME"],
  ["a hello whose tab is no text", ["h", { protocol: 1, tab: 7, wants: [] }], "BAD_FRAME"],
  [
    "more than 64 wants",
    ["h", { protocol: 1, wants: Array.from({ length: 65 }, () => ({ state: "counter" })) }],
    "BAD_FRAME",
  ],
  ["a want without a state", ["h", { protocol: 1, wants: [{ key: "a" }] }], "BAD_FRAME"],
] as const) {
  test(`${what} is refused, and the socket closed with 4001`, async () => {
    await using stage = await Stage.open();
    const client = await stage.dial().open();
    client.send(...frame);
    assert.deepEqual(await client.closed, [4001, code]);
    assert.deepEqual(client.tagged("no")[0]?.slice(0, 2), ["no", code]);
  });
}

test("who says no hello within the limit is let go, and may come back", async () => {
  await using stage = await Stage.open();
  const client = await stage.dial().open();
  await stage.clock.advance(9_999);
  assert.equal(stage.connections.size, 1);
  await stage.clock.advance(1);
  assert.deepEqual(await client.closed, [1001, "no hello"]);
});

test("without a session the socket opens, says why, and closes, so that a browser can read it", async () => {
  await using stage = await Stage.open();
  const client = stage.dial({});
  assert.deepEqual(await client.closed, [4001, "TAB_REFUSED"]);
  assert.equal(client.tagged("no")[0]?.[1], "TAB_REFUSED");
});

test("a forged tab id, one of another session, is refused; an unknown one gets a fresh tab", async () => {
  await using stage = await Stage.open();
  const mine = await stage.tab();
  const thief = await stage.dial({ "x-session": "s2" }).open();
  thief.send("h", { protocol: 1, tab: mine.tab, wants: [{ state: "counter" }] });
  assert.deepEqual(await thief.closed, [4001, "TAB_REFUSED"]);
  assert.equal(thief.tagged("s").length, 0);
  const stranger = await stage.dial().hello([], { tab: "no-such-tab" });
  await stranger.until(() => stranger.tab !== "");
  assert.notEqual(stranger.tab, "no-such-tab");
  assert.equal(stranger.fresh, true);
  assert.equal((await mine.event(1, "nothing"))[2], "UNKNOWN_EVENT");
});

test("handlers learn of the connection: its tab, its session, its path, its headers by name", async () => {
  await using stage = await Stage.open();
  const client = await stage.dial({ "x-session": "s1", "X-Own": "a", cookie: "b=c", __proto__x: "d" }).hello();
  const { facts } = stage.tabOf(client);
  assert.deepEqual([facts?.tab, facts?.session, facts?.url], [client.tab, "s1", "/live"]);
  assert.deepEqual([facts?.headers["x-own"], facts?.headers.cookie], ["a", "b=c"]);
  assert.equal(facts?.headers.constructor, undefined);
});
