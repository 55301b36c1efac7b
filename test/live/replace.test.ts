import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createApp, lifespan } from "livespan";
import { defineState, memoryStore } from "livespan/live";
import { redisStore } from "livespan/redis";
import { z } from "zod";
import { gate } from "../http/servers/listening.ts";
import { WebSocket } from "ws";
import { Client } from "./connection/client.ts";
import { appOf, scene, sees, stateOf } from "./replaceable.ts";
import { redisUrl } from "../services/redis.ts";

const url = await redisUrl();

const add = z.number().int();

/** The first program's state; `by` says which program handles it. */
function counterOf(by: string, work: () => Promise<void> | void = () => {}) {
  return defineState("counter", {
    vars: { n: 0, last: "" },
    private: { secret: 1 },
    computed: { label: (s) => `${s.n} by ${by}` },
  }).events(({ on }) => ({
    add: on(add, async (s, more) => {
      s.n += more;
      s.last = by;
      await work();
      return by;
    }),
  }));
}

function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

test("twenty replacements leave the socket, the status and the counter of a tab as they are", async () => {
  await using s = await scene(appOf(counterOf("0")));
  const page = await s.page();
  const counter = await stateOf(page);
  await page.live();
  const { tab } = page.client;
  page.statuses.length = 0;
  for (let n = 1; n <= 20; n++) {
    assert.equal(await counter.events.add!(1), String(n - 1));
    await s.replace(appOf(counterOf(String(n))));
    // What is computed is the new program's at once.
    await sees(counter, { n, label: `${n} by ${n}` });
  }
  assert.equal(await counter.events.add!(1), "20");
  assert.deepEqual([page.closes, page.statuses, page.client.tab], [[], [], tab]);
});

test("an event in hand ends on the old program and is answered there; one that is sent meanwhile runs once, on the new", async () => {
  const [begun, finish] = [gate(), gate()];
  const old = counterOf("old", async () => {
    begun.open();
    await finish.opened;
  });
  await using s = await scene(appOf(old));
  const page = await s.page();
  const counter = await stateOf(page);
  const first = counter.events.add!(1);
  await begun.opened;
  const replaced = s.replace(appOf(counterOf("new")));
  while (s.listening.run?.generation.state === "ready") await new Promise(setImmediate);
  const second = counter.events.add!(10);
  finish.open();
  assert.deepEqual([await first, await second], ["old", "new"]);
  await replaced;
  assert.deepEqual([page.closes, counter.get()], [[], { n: 11, last: "new", label: "11 by new" }]);
});

test("an event that is sent while nothing serves is answered once, by the program that comes", async () => {
  const [down, up] = [gate(), gate()];
  const slow = lifespan("slow", async function* () {
    yield;
    down.open();
    await up.opened;
  });
  await using s = await scene(createApp({ lifespan: { slow }, states: [counterOf("old")] }));
  const page = await s.page();
  const counter = await stateOf(page);
  await page.live();
  const replaced = s.replace(appOf(counterOf("new")));
  await down.opened;
  const answers = Promise.all([1, 2, 3].map((more) => counter.events.add!(more)));
  up.open();
  await replaced;
  assert.deepEqual(await answers, ["new", "new", "new"]);
  assert.deepEqual([page.closes, counter.get()], [[], { n: 6, last: "new", label: "6 by new" }]);
});

test("an event that the old program has answered is not run again when it comes again", async () => {
  let runs = 0;
  const state = defineState("counter", { vars: {} }).events(({ on }) => ({ count: on(() => ++runs) }));
  await using s = await scene(appOf(state));
  await using client = new Client(`${s.listening.address!.url}/_live`, { cookie: await s.cookie() });
  await client.hello([{ state: "counter" }]);
  assert.deepEqual(await client.event(7, "count"), ["a", 7, 1]);
  await s.replace(appOf(state));
  await client.until(() => client.tagged("h").length === 1);
  const again = client.tagged("h")[0]![1];
  client.send("e", 7, 0, "count"); // before the hello: nobody hears it
  client.send("h", { protocol: 1, tab: client.tab, wants: [{ state: "counter" }], again });
  await client.until(() => client.tagged("w").length === 2);
  client.answers.clear();
  assert.deepEqual(await client.event(7, "count"), ["a", 7, 1]);
  assert.equal(runs, 1);
});

test("only the hello that answers the last program is one", async () => {
  const app = () => appOf(counterOf("x"));
  await using s = await scene(app());
  await using client = new Client(`${s.listening.address!.url}/_live`, { cookie: await s.cookie() });
  const wants = [{ state: "counter" }];
  await client.hello(wants);
  for (const times of [1, 2]) {
    await s.replace(app());
    await client.until(() => client.tagged("h").length === times);
  }
  const [first, second] = client.tagged("h").map(([, again]) => again);
  assert.notEqual(first, second);
  for (const again of [undefined, first, second]) client.send("h", { protocol: 1, tab: client.tab, wants, again });
  await client.until(() => client.tagged("s").length === 2);
  assert.deepEqual([client.tagged("w").length, client.tagged("x").length, client.fresh], [2, 0, false]);
});

test("a client that does not say hello again is told to come back", async () => {
  const app = () => createApp({ states: [counterOf("x")], live: { helloTimeout: 50 } });
  await using s = await scene(app());
  await using client = new Client(`${s.listening.address!.url}/_live`, { cookie: await s.cookie() });
  await client.hello();
  await s.replace(app());
  client.send("v", 0, 1);
  assert.deepEqual(await client.closed, [1001, "no hello"]);
});

test("a background task ends with its program, and the tab has seen what it does at its end", async () => {
  const order: string[] = [];
  const pool = lifespan("pool", async function* () {
    yield;
    order.push("pool down");
  });
  const clock = (name: string) =>
    defineState("clock", { vars: { running: false, by: name }, needs: { pool } })
      .background(({ background }) => ({
        tick: background(async (self) => {
          await self.update((v) => void (v.running = true));
          try {
            await self.sleep(Number.POSITIVE_INFINITY);
          } finally {
            await self.update((v) => void (v.running = false));
            order.push("task ended");
          }
        }),
      }))
      .events(({ on }) => ({ start: on((_, ctx) => ctx.start("tick")) }));
  await using s = await scene(appOf(clock("old")));
  const page = await s.page();
  const state = await stateOf(page, "clock");
  await state.events.start!();
  await sees(state, { running: true });
  await s.replace(appOf(clock("new")));
  await sees(state, { running: false });
  assert.deepEqual([order, page.closes], [["task ended", "pool down"], []]);
});

test("shared states go on for all tabs that have them, and a page that comes back finds its tab", async () => {
  const board = () =>
    defineState("board", { vars: { n: 0 }, scope: "shared" }).events(({ on }) => ({ add: on((v) => ++v.n) }));
  await using s = await scene(appOf(board()));
  const [one, two] = [await s.page(), await s.page()];
  const [mine, theirs] = [await stateOf(one, "board", "a"), await stateOf(two, "board", "a")];
  await mine.events.add!();
  await sees(theirs, { n: 1 });
  await s.replace(appOf(board()));
  assert.equal(await theirs.events.add!(), 2);
  await sees(mine, { n: 2 });
  two.drop();
  await two.until(({ status }) => status !== "live");
  await two.clock.advance(1_000);
  assert.equal(await theirs.events.add!(), 3);
  await sees(mine, { n: 3 });
  assert.deepEqual(one.closes, []);
});

test("a memory store that the program makes itself is taken over as well", async () => {
  const made = (by: string) => createApp({ states: [counterOf(by)], store: memoryStore() });
  await using s = await scene(made("old"));
  const counter = await stateOf(await s.page());
  await counter.events.add!(5);
  await s.replace(made("new"));
  await sees(counter, { n: 5, label: "5 by new" });
});

test("one that both programs have is taken over too", async () => {
  const store = memoryStore();
  await using s = await scene(createApp({ states: [counterOf("old")], store }));
  const counter = await stateOf(await s.page());
  await counter.events.add!(5);
  await s.replace(createApp({ states: [counterOf("new")], store }));
  await sees(counter, { n: 5, label: "5 by new" });
});

test("with redis the states are where they were, and the sockets stay too", async () => {
  const store = () => redisStore({ url, prefix: `replace-${process.pid}:` });
  const made = (by: string) => createApp({ states: [counterOf(by)], store: store() });
  await using s = await scene(made("old"));
  const page = await s.page();
  const counter = await stateOf(page);
  await counter.events.add!(5);
  await s.replace(made("new"));
  await sees(counter, { n: 5, label: "5 by new" });
  assert.equal(await counter.events.add!(1), "new");
  assert.deepEqual([page.closes, counter.get()], [[], { n: 6, last: "new", label: "6 by new" }]);
});

test("with a store of another kind the tab is another one, and the log says so", async () => {
  await using s = await scene(appOf(counterOf("old")));
  const page = await s.page();
  const counter = await stateOf(page);
  await counter.events.add!(5);
  const { tab } = page.client;
  const store = redisStore({ url, prefix: `replace-${process.pid}:` });
  await s.replace(createApp({ states: [counterOf("new")], store }));
  await sees(counter, { n: 0, label: "0 by new" });
  assert.notEqual(page.client.tab, tab);
  assert.deepEqual(page.closes, []);
  assert.ok(s.logged.some((line) => /warn .*not taken over: the app has the store "redis"/.test(line)));
});

test("a handler that outlasts the drain loses its socket; the page comes back to the new program", async () => {
  const begun = gate();
  const stuck = counterOf("old", () => (begun.open(), new Promise(() => {})));
  await using s = await scene(appOf(stuck), { budgets: { drain: 50 } });
  const page = await s.page();
  const counter = await stateOf(page);
  const sent = counter.events.add!(1);
  await begun.opened;
  await s.replace(appOf(counterOf("new")));
  await page.until(({ status }) => status !== "live");
  await page.clock.advance(1_000);
  // Nothing of it was kept, so it is run again.
  assert.equal(await sent, "new");
  assert.deepEqual([page.closes, counter.get()], [[1006], { n: 1, last: "new", label: "1 by new" }]);
});

test("a replacement that does not start keeps the sockets, and the next one has the states", async () => {
  const broken = lifespan("broken", async function* () {
    await new Promise(setImmediate); // the store is open by then, and has what the old one had
    if (s.listening.run?.generation.state === "starting") throw new Error("no");
    yield;
  });
  await using s = await scene(appOf(counterOf("old")));
  const page = await s.page();
  const counter = await stateOf(page);
  await counter.events.add!(5);
  const failing = createApp({ lifespan: { broken }, states: [counterOf("broken")] });
  await assert.rejects(s.replace(failing), { code: "START_FAILED" });
  const waiting = counter.events.add!(1);
  await assert.rejects(s.replace(createApp({ lifespan: { broken } })), { code: "START_FAILED" });
  await s.replace(appOf(counterOf("new")));
  assert.equal(await waiting, "new");
  assert.deepEqual([page.closes, counter.get()], [[], { n: 6, last: "new", label: "6 by new" }]);
});

test("a replacement without states closes the sockets; the tabs are as they were when one has them again", async () => {
  await using s = await scene(appOf(counterOf("old")));
  const page = await s.page();
  const counter = await stateOf(page);
  await counter.events.add!(5);
  await s.replace(createApp());
  await page.until(({ status }) => status !== "live");
  assert.deepEqual(page.closes, [1012]);
  await s.replace(appOf(counterOf("new")));
  while (page.client.status !== "live") {
    await page.clock.advance(10_000);
    await new Promise(setImmediate);
  }
  await sees(counter, { n: 5, label: "5 by new" });
});

test("a stop while the sockets wait closes them with 1012", async () => {
  const [down, up] = [gate(), gate()];
  const slow = lifespan("slow", async function* () {
    yield;
    down.open();
    await up.opened;
  });
  await using s = await scene(createApp({ lifespan: { slow }, states: [counterOf("old")] }));
  const page = await s.page();
  await stateOf(page);
  const refused = assert.rejects(s.replace(appOf(counterOf("new"))), { code: "REPLACE_WHILE_STOPPING" });
  await down.opened;
  const stopped = s.listening.stop();
  await page.until(({ status }) => status !== "live");
  assert.deepEqual(page.closes, [1012]);
  page.client.close();
  up.open();
  await Promise.all([refused, stopped]);
});

test("a tab that leaves while its socket waits, and one that never said hello, hold nothing up", async () => {
  const [down, up] = [gate(), gate()];
  const slow = lifespan("slow", async function* () {
    yield;
    down.open();
    await up.opened;
  });
  await using s = await scene(createApp({ lifespan: { slow }, states: [counterOf("old")] }));
  const page = await s.page();
  await stateOf(page);
  const cookie = await s.cookie();
  const mute = new WebSocket(`${s.listening.address!.url.replace("http", "ws")}/_live`, { headers: { cookie } });
  await new Promise((resolve) => mute.once("open", resolve));
  const told = new Promise<string>((resolve) => mute.once("message", (data: Buffer) => resolve(data.toString())));
  const replaced = s.replace(appOf(counterOf("new")));
  await down.opened;
  page.drop();
  page.client.close();
  up.open();
  await replaced;
  assert.match(await told, /^\["h",\d+\]$/);
  mute.terminate();
  while ((s.listening.run?.handle.tabs.size ?? 1) > 0) await new Promise(setImmediate);
});

test("a hundred replacements keep nothing of the programs that were", async () => {
  await using s = await scene(appOf(counterOf("first")));
  const page = await s.page();
  const counter = await stateOf(page);
  const programs: WeakRef<object>[] = [];
  const next = async (n: number): Promise<void> => {
    const state = counterOf(String(n));
    await s.replace(appOf(state));
    programs.push(new WeakRef(state), new WeakRef(s.listening.run!));
    await sees(counter, { label: `0 by ${n}` });
  };
  for (let n = 0; n < 100; n++) await next(n);
  const gc = collector();
  for (let tries = 0; tries < 10; tries++) {
    await new Promise(setImmediate);
    gc();
  }
  const left = programs.filter((ref) => ref.deref() !== undefined).length;
  // The one that runs, and the one whose end its neighbour has waited for.
  assert.ok(left <= 4, `${left} of ${programs.length} are left`);
  assert.deepEqual(page.closes, []);
});
