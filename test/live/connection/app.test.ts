import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";

import { createApp, type AppOptions } from "livespan";
import { defineState } from "livespan/live";
import { testApp } from "livespan/testing";
import { z } from "zod";

import { gate } from "../../http/servers/listening.ts";
import { Client } from "./client.ts";

const counter = defineState("counter", {
  vars: { n: 0, text: "" },
  private: { secret: 1 },
  computed: { label: (s) => `${s.n} of 10` },
})
  .background(({ background }) => ({ tick: background(async (self) => self.sleep(1e9)) }))
  .events(({ on }) => ({
    add: on(z.number().int(), (s, by) => (s.n += by)),
    hide: on((s) => void s.secret++),
    fail: on((s) => {
      s.n = 99;
      throw new Error("hunter2");
    }),
    five: on(function* (s) {
      for (let i = 1; i <= 5; i++) {
        s.n = i;
        yield;
      }
    }),
  }));

const board = defineState("board", { vars: { n: 0 }, scope: "shared", join: (key) => key !== "private" }).events(
  ({ on }) => ({ add: on((s) => ++s.n) }),
);

/** An app that listens, and the tabs of browsers that open its pages. */
async function open(options: AppOptions = { states: [counter, board] }) {
  const t = await testApp(createApp(options), { listen: { wsCloseTimeout: 100 } });
  const clients: Client[] = [];
  return {
    t,
    dial(headers: Readonly<Record<string, string>>): Client {
      const client = new Client(`${t.url}/_live`, headers);
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.drop();
      await t[Symbol.asyncDispose]();
    },
  };
}

/** The headers of a browser that has been here. */
async function browser(t: { readonly url: string }): Promise<{ readonly cookie: string }> {
  const response = await fetch(`${t.url}/_live/session`);
  assert.equal(response.status, 204);
  return { cookie: response.headers.get("set-cookie")!.split(";")[0]! };
}

test("over a socket: the first snapshot, an event, its change and its answer", async () => {
  await using app = await open();
  const client = await app.dial(await browser(app.t)).hello();
  assert.deepEqual(client.replicas[0]?.state, { n: 0, text: "", label: "0 of 10" });
  assert.deepEqual(await client.event(1, "add", 3), ["a", 1, 3]);
  const [delta, answer] = client.frames.slice(-2);
  assert.equal(delta?.[0], "d");
  assert.deepEqual(answer, ["a", 1, 3]);
  assert.deepEqual(client.replicas[0]?.state, { n: 3, text: "", label: "3 of 10" });
});

test("a bare yield sends: five of them are five changes; what only the server sees is none", async () => {
  await using app = await open();
  const client = await app.dial(await browser(app.t)).hello();
  await client.event(1, "five");
  assert.equal(client.tagged("d").length, 5);
  await client.event(2, "hide");
  assert.equal(client.tagged("d").length, 5);
  await client.event(3, "add", 1);
  assert.equal(client.tagged("d").length, 6);
  assert.doesNotMatch(JSON.stringify(client.frames), /secret/);
});

for (const [name, arg, code] of [
  ["secret", "null", "UNKNOWN_EVENT"],
  ["tick", "null", "UNKNOWN_EVENT"],
  ["label", "null", "UNKNOWN_EVENT"],
  ["constructor", "null", "UNKNOWN_EVENT"],
  ["__proto__", "null", "UNKNOWN_EVENT"],
  ["hasOwnProperty", "null", "UNKNOWN_EVENT"],
  ["add", "null", "INVALID_ARGUMENT"],
  ["add", '"5"', "INVALID_ARGUMENT"],
  ["add", '{"__proto__":{"n":1}}', "INVALID_ARGUMENT"],
  ["add", "[".repeat(9_000) + "]".repeat(9_000), "INVALID_ARGUMENT"],
  ["fail", "null", "HANDLER_FAILED"],
] as const) {
  test(`the event ${name}(${arg.slice(0, 30)}) is answered by ${code}, changes nothing, and the tab goes on`, async () => {
    await using app = await open();
    const client = await app.dial(await browser(app.t)).hello();
    client.socket.send(`["e",1,0,"${name}",${arg}]`);
    const [tag, , said, message] = await client.answer(1);
    assert.deepEqual([tag, said], ["x", code]);
    assert.doesNotMatch(String(message), /hunter2|at .*\.ts/);
    assert.deepEqual(await client.event(2, "add", 1), ["a", 2, 1]);
    assert.equal(client.tagged("d").length, 1);
    const faults = app.t.log.filter(({ level }) => level === "error");
    assert.equal(faults.length, code === "HANDLER_FAILED" ? 1 : 0);
  });
}

test("a cross-origin page, a browser without a session, and a forged tab are refused, and the tab goes on", async () => {
  await using app = await open();
  const mine = await browser(app.t);
  const client = await app.dial(mine).hello();
  const crossed = app.dial({ ...mine, origin: "https://evil.example" });
  const [, response] = await once(crossed.socket, "unexpected-response");
  assert.equal(response.statusCode, 403);
  response.resume();
  assert.deepEqual(await app.dial({}).closed, [4001, "TAB_REFUSED"]);
  assert.deepEqual(await app.dial({ cookie: "livespan_session=guess" }).closed, [4001, "TAB_REFUSED"]);
  const thief = await app.dial(await browser(app.t)).open();
  thief.send("h", { protocol: 1, tab: client.tab, wants: [{ state: "counter" }] });
  assert.deepEqual(await thief.closed, [4001, "TAB_REFUSED"]);
  assert.deepEqual(await client.event(1, "add", 1), ["a", 1, 1]);
});

test("two tabs see what they share, and a key that join() refuses is refused alone", async () => {
  await using app = await open();
  const headers = await browser(app.t);
  const wants = [{ state: "board", key: "a" }, { state: "board", key: "private" }, { state: "boar" }];
  const [one, two] = [await app.dial(headers).hello(wants), await app.dial(headers).hello(wants)];
  assert.deepEqual(
    new Map(one.tagged("n").map(([, place, code]) => [place, code])),
    new Map([
      [1, "JOIN_REFUSED"],
      [2, "UNKNOWN_STATE"],
    ]),
  );
  await one.event(1, "add");
  await two.event(1, "add");
  await one.until(() => one.replicas[0]?.version === two.replicas[0]?.version);
  assert.deepEqual([one.replicas[0]?.state, two.replicas[0]?.state], [{ n: 2 }, { n: 2 }]);
});

test("a tab that is duplicated goes on with a copy, apart from the first", async () => {
  await using app = await open();
  const headers = await browser(app.t);
  const one = await app.dial(headers).hello();
  await one.event(1, "add", 5);
  const two = await app.dial(headers).hello([{ state: "counter" }], { copyOf: one.tab });
  assert.notEqual(two.tab, one.tab);
  assert.deepEqual(two.replicas[0]?.state, one.replicas[0]?.state);
  await two.event(1, "add", 1);
  assert.deepEqual(await one.event(2, "add", 1), ["a", 2, 6]);
});

test("at stop an event that runs is answered, one that comes is told so, and the tab is told to come back", async () => {
  const [begun, held] = [gate(), gate()];
  const slow = defineState("counter", { vars: { n: 0 } }).events(({ on }) => ({
    wait: on(async (s) => {
      begun.open();
      await held.opened;
      return ++s.n;
    }),
  }));
  await using app = await open({ states: [slow] });
  const client = await app.dial(await browser(app.t)).hello();
  client.send("e", 1, 0, "wait");
  await begun.opened;
  const draining = app.t.event("draining");
  const stopped = app.t.stop();
  await draining;
  client.send("e", 2, 0, "wait");
  assert.deepEqual((await client.answer(2)).slice(0, 3), ["x", 2, "STOPPING"]);
  held.open();
  assert.deepEqual(await client.answer(1), ["a", 1, 1]);
  assert.deepEqual(client.replicas[0]?.state, { n: 1 });
  assert.deepEqual(await client.closed, [1012, "service restart"]);
  await stopped;
});

test("50 tabs that come and go leave nothing behind", async () => {
  await using app = await open();
  const headers = await browser(app.t);
  for (let i = 0; i < 50; i++) {
    const client = await app.dial(headers).hello();
    await client.event(1, "add", 1);
    await client.drop();
  }
  // The end of the test stops the app, which refuses leaks.
});
