import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WebSocket } from "ws";
import { createApp } from "livespan";
import { defineState } from "livespan/live";
import { redisStore } from "livespan/redis";
import { testApp } from "livespan/testing";
import { redisUrl } from "../services/redis.ts";

const url = await redisUrl();
let spaces = 0;

describe("two processes with one Redis", () => {
  const pair = async () => {
    const prefix = `pair-${process.pid}-${++spaces}:`;
    const small = defineState("small", { vars: { n: 0 } }).events(({ on }) => ({ add: on((s) => ++s.n) }));
    const run = () => testApp(createApp({ states: [small] }), { store: redisStore({ url, prefix }), listen: true });
    return { small, one: await run(), two: await run() };
  };

  test("a change that one makes reaches the tab that the other has", async () => {
    const { small, one, two } = await pair();
    await using a = one;
    await using b = two;
    await using tab = await a.tab(small);
    await b.app.modifyState(small, tab.token, (s) => (s.n = 7));
    await tab.until(({ n }) => n === 7);
    assert.equal(await tab.events.add(), 8);
    assert.equal(await b.app.modifyState(small, tab.token, (s) => s.n), 8);
    await assert.rejects(b.app.modifyState(small, "nobody", () => {}));
  });

  test("increments of both add up exactly", async () => {
    const { small, one, two } = await pair();
    await using a = one;
    await using b = two;
    await using tab = await a.tab(small);
    const outside = async (): Promise<void> => {
      for (let i = 0; i < 50; i++) await b.app.modifyState(small, tab.token, (s) => ++s.n);
    };
    await Promise.all([outside(), ...Array.from({ length: 50 }, () => tab.events.add())]);
    await tab.until(({ n }) => n === 100);
  });

  test("an event that one has kept, and whose answer was lost with it, is not done again by the other", async () => {
    const { one, two } = await pair();
    await using a = one;
    await using b = two;
    const { headers } = await a.request("/_live/session");
    const cookie = headers.get("set-cookie")!;
    const [, { tab }] = await say(a.url, cookie, {}, "w");
    const add = ["e", 5, 0, "add"];
    assert.deepEqual(await say(a.url, cookie, { tab }, "a", add), ["a", 5, 1]);
    const [, , code] = await say(b.url, cookie, { tab }, "x", add);
    assert.equal(code, "EVENT_FORGOTTEN");
    assert.deepEqual(await say(b.url, cookie, { tab }, "a", ["e", 6, 0, "add"]), ["a", 6, 2]);
  });
});

type Answer = [tag: string, first: { readonly tab: string }, code?: unknown];

/** Opens a socket, says hello and one frame more, and gives the first answer that has the tag. */
async function say(at: string, cookie: string, hello: object, tag: string, frame?: unknown): Promise<Answer> {
  const socket = new WebSocket(`${at}/_live`, { origin: at, headers: { cookie } });
  const answer = new Promise<Answer>((resolve) => {
    socket.on("message", (data: Buffer) => {
      const said = JSON.parse(data.toString()) as Answer;
      if (said[0] === tag) resolve(said);
    });
  });
  socket.on("open", () => {
    socket.send(JSON.stringify(["h", { protocol: 1, ...hello, wants: [{ state: "small" }] }]));
    if (frame !== undefined) socket.send(JSON.stringify(frame));
  });
  const said = await answer;
  socket.close();
  await new Promise((resolve) => void socket.once("close", resolve));
  return said;
}
