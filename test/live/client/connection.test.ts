import assert from "node:assert/strict";
import { test } from "node:test";
import { defineState } from "livespan/live";
import { z } from "zod";
import { Stage } from "../connection/stage.ts";
import { Browser, Page, until } from "./world.ts";

/** What the stage's engine calls so, for its types. */
const counter = defineState("counter", { vars: { n: 0, text: "", rows: [] as number[] } }).events(({ on }) => ({
  add: on(z.number(), (s, by) => (s.n += by)),
}));

async function open(stage: Stage, options: ConstructorParameters<typeof Page>[1] = {}): Promise<Page> {
  const page = new Page(new URL(stage.url).origin, { path: "/live", headers: { "x-session": "s1" }, ...options });
  await page.live();
  return page;
}

/** The page's clock moves on until its line is back. */
async function back(page: Page): Promise<void> {
  await page.until(({ status }) => status !== "live");
  const isLive = page.live();
  await page.clock.advance(200);
  await isLive;
}

test("a page and a connection understand each other", async () => {
  await using stage = await Stage.open();
  stage.engine.handlers.set("add", (instance, by: number) => {
    instance.set({ n: Number(instance.value["n"]) + by });
    return instance.value["n"];
  });
  using page = await open(stage);
  const state = page.client.state<typeof counter>("counter");
  await state.ready;
  assert.deepEqual(state.get(), { n: 0, text: "", rows: [] });
  assert.equal(await state.events.add(5), 5);
  assert.equal(state.get()?.n, 5);
  const board = page.client.state("board", { key: "private" });
  await assert.rejects(board.ready, { code: "JOIN_REFUSED" });
  await assert.rejects(page.client.state("nope").ready, { code: "UNKNOWN_STATE" });
  const instance = await stage.engine.tabs.get(page.client.tab!)!.instance("counter", undefined);
  page.drop();
  instance.set({ n: 6, rows: [1, 2, 3] });
  await back(page);
  await until(state, () => state.get()?.n === 6);
  assert.deepEqual(state.get(), instance.snapshot);
  await assert.rejects(board.ready, { code: "JOIN_REFUSED" });
});

test("a page is refused another session's tab, and becomes one of its own", async () => {
  await using stage = await Stage.open();
  using first = await open(stage);
  const embedded = { tab: first.client.tab!, schema: stage.engine.schema, states: [] };
  const renew = async (): Promise<boolean> => true;
  using second = await open(stage, { headers: { "x-session": "s2" }, page: embedded, renew });
  assert.notEqual(second.client.tab, first.client.tab);
  assert.equal(first.client.status, "live");
});

test("a tab that is taken over stops, and says so", async () => {
  await using stage = await Stage.open();
  using first = await open(stage);
  // Another browser, as one without locks: it cannot tell a copy from its tab.
  using second = await open(stage, { browser: new Browser(), storage: new Map(first.storage) });
  await first.until(({ reason }) => reason !== undefined);
  assert.equal(first.client.reason?.code, "TAB_REPLACED");
  assert.equal(second.client.status, "live");
});

test("through forty drops each event runs once, in its order, and the page ends with what the server has", async () => {
  await using stage = await Stage.open({ rate: 10_000, burst: 10_000 });
  const ran: number[] = [];
  stage.engine.handlers.set("add", (instance, by: number) => {
    ran.push(by);
    instance.set({ n: Number(instance.value["n"]) + by, text: `${String(instance.value["text"])}${by} ` });
    return by;
  });
  using page = await open(stage);
  const state = page.client.state<typeof counter>("counter");
  await state.ready;
  const results: Promise<number>[] = [];
  for (let round = 0; round < 40; round++) {
    for (let i = 0; i < 5; i++) results.push(state.events.add(results.length));
    // Cut at another moment of the conversation each time.
    for (let turn = 0; turn < round % 7; turn++) await new Promise((resolve) => void setImmediate(resolve));
    page.drop();
    await back(page);
  }
  const wanted = results.map((_, index) => index);
  assert.deepEqual(await Promise.all(results), wanted);
  assert.deepEqual(ran, wanted);
  const instance = await stage.engine.tabs.get(page.client.tab!)!.instance("counter", undefined);
  assert.deepEqual(state.get(), instance.snapshot);
});
