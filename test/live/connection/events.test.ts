import assert from "node:assert/strict";
import { test } from "node:test";

import { gate } from "../../http/servers/listening.ts";
import { liveError } from "../../../src/live/errors.ts";
import { Stage } from "./stage.ts";

test("an event is answered with what its handler returned, after what it changed", async () => {
  await using stage = await Stage.open();
  stage.engine.handlers.set("add", (state, by: number) => {
    state.set({ n: Number(state.value.n) + by });
    return { n: state.value.n };
  });
  const client = await stage.tab();
  assert.deepEqual(await client.event(1, "add", 5), ["a", 1, { n: 5 }]);
  assert.deepEqual(client.frames.slice(-2), [
    ["d", 0, 2, [["=", "n", 5]]],
    ["a", 1, { n: 5 }],
  ]);
  stage.engine.handlers.set("nothing", () => undefined);
  assert.deepEqual(await client.event(2, "nothing"), ["a", 2]);
});

test("five commits in one handler are five deltas, and none trails", async () => {
  await using stage = await Stage.open();
  stage.engine.handlers.set("five", (state) => {
    for (let n = 1; n <= 5; n++) state.set({ n });
  });
  const client = await stage.tab();
  await client.event(1, "five");
  assert.deepEqual(
    client.frames.slice(-6),
    [1, 2, 3, 4, 5].map((n) => ["d", 0, n + 1, [["=", "n", n]]] as unknown).concat([["a", 1]]),
  );
  await client.event(2, "five");
  assert.equal(client.tagged("d").length, 10);
});

test("acks come in the order of the events, however long each takes", async () => {
  await using stage = await Stage.open();
  const first = gate();
  stage.engine.handlers.set("slow", () => first.opened);
  stage.engine.handlers.set("fast", () => undefined);
  const client = await stage.tab();
  client.send("e", 1, 0, "slow");
  for (let id = 2; id <= 20; id++) client.send("e", id, 0, "fast");
  await client.until(() => client.frames.length > 0);
  first.open();
  await client.answer(20);
  assert.deepEqual(
    client.tagged("a").map(([, id]) => id),
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
});

test("what JSON cannot carry travels as text, both ways", async () => {
  await using stage = await Stage.open();
  stage.engine.handlers.set("since", (state, since: Date) => {
    state.set({ text: since });
    return new Map([["since", since]]);
  });
  const client = await stage.tab();
  client.send("E", 1, 0, "since", '[["Date","2020-01-01T00:00:00.000Z"]]');
  const [tag, , text] = await client.answer(1);
  assert.equal(tag, "A");
  assert.match(String(text), /\["Map",.*2020-01-01/);
  const delta = client.frames.find(([kind]) => kind === "D");
  assert.deepEqual(delta?.slice(0, 3), ["D", 0, 2]);
  client.send("E", 2, 0, "since", "no devalue");
  assert.equal((await client.answer(2))[2], "BAD_FRAME");
});

test("an event that is sent again is answered again, and not run twice", async () => {
  await using stage = await Stage.open();
  const held = gate();
  stage.engine.handlers.set("add", (state) => state.set({ n: 1 }));
  stage.engine.handlers.set("slow", () => held.opened.then(() => "done"));
  const client = await stage.tab();
  await client.event(1, "add");
  client.send("e", 1, 0, "add");
  await client.until(() => client.tagged("a").length === 2);
  client.send("e", 2, 0, "slow");
  await client.drop();
  await using again = await stage.dial().resume(client);
  again.send("e", 2, 0, "slow");
  again.send("e", 1, 0, "add");
  await again.answer(1);
  held.open();
  assert.deepEqual(await again.answer(2), ["a", 2, "done"]);
  assert.deepEqual(stage.tabOf(client).calls, ["connected", "add 1", "slow 2", "disconnected", "connected"]);
});

test("answers beyond the last 64 are forgotten, and who asks for one is told so", async () => {
  await using stage = await Stage.open();
  stage.engine.handlers.set("id", (_, id: number) => id);
  const client = await stage.tab();
  for (let id = 1; id <= 65; id++) client.send("e", id, 0, "id", id);
  await client.answer(65);
  client.frames.length = 0;
  assert.deepEqual(await client.event(2, "id", 0), ["a", 2, 2]);
  assert.deepEqual((await client.event(1, "id", 0)).slice(0, 3), ["x", 1, "EVENT_FORGOTTEN"]);
  assert.equal(stage.tabOf(client).calls.length, 66);
});

for (const name of ["constructor", "__proto__", "toString", "nothing"]) {
  test(`an event named ${name} is unknown, and the tab goes on`, async () => {
    await using stage = await Stage.open();
    stage.engine.handlers.set("ok", () => "ok");
    const client = await stage.tab();
    assert.deepEqual((await client.event(1, name)).slice(0, 3), ["x", 1, "UNKNOWN_EVENT"]);
    assert.deepEqual(await client.event(2, "ok"), ["a", 2, "ok"]);
    assert.deepEqual(stage.logged, []);
  });
}

test("an error without a code is told in general, and logged in full", async () => {
  await using stage = await Stage.open();
  const secret = new Error("password hunter2 at /srv/app");
  stage.engine.handlers.set("fail", () => Promise.reject(secret));
  const client = await stage.tab();
  const answer = await client.event(1, "fail");
  assert.deepEqual(answer.slice(0, 3), ["x", 1, "HANDLER_FAILED"]);
  assert.match(String(answer[3]), /^event "fail" of "counter": An event handler threw/);
  assert.doesNotMatch(JSON.stringify(client.frames), /hunter2|srv/);
  assert.deepEqual(
    stage.logged.map(({ level, fields }) => [level, fields]),
    [["error", { error: secret, state: "counter", event: "fail", token: client.tab }]],
  );
});

test("an error with a code keeps it; its words only where they are the caller's to read", async () => {
  await using stage = await Stage.open();
  stage.engine.handlers.set("wrong", () => Promise.reject(liveError("INVALID_ARGUMENT", "n is no number.")));
  stage.engine.handlers.set("store", () => Promise.reject(liveError("STORE_UNREACHABLE", "redis://me:pw@host.")));
  const client = await stage.tab();
  assert.match(String((await client.event(1, "wrong"))[3]), /n is no number/);
  const [, , code, message] = await client.event(2, "store");
  assert.equal(code, "STORE_UNREACHABLE");
  assert.doesNotMatch(String(message), /pw/);
  assert.equal(stage.logged.length, 1);
});

test("a result that cannot be sent is an error of its event only", async () => {
  await using stage = await Stage.open();
  stage.engine.handlers.set("fn", () => () => 1);
  stage.engine.handlers.set("ok", () => "ok");
  const client = await stage.tab();
  assert.equal((await client.event(1, "fn"))[0], "x");
  assert.deepEqual(await client.event(2, "ok"), ["a", 2, "ok"]);
});
