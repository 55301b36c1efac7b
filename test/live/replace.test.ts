import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type App, createApp, lifespan } from "livespan";
import type { LiveState } from "livespan/client";
import { type AnyState, defineState, memoryStore } from "livespan/live";
import { listen } from "livespan/node";
import { z } from "zod";
import { gate } from "../http/servers/listening.ts";
import { WebSocket } from "ws";
import { Client } from "./connection/client.ts";
import { Page, until } from "./client/world.ts";

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

const appOf = (...states: AnyState[]): App<unknown> => createApp({ states });

/** A page whose socket is watched: `closes` has the code of each close. */
class WatchedPage extends Page {
  readonly closes: number[];
  readonly statuses: string[];

  constructor(url: string, cookie: string) {
    const closes: number[] = [];
    super(url, {
      headers: { cookie },
      open: (path, events) =>
        this.openReal(path, { ...events, closed: (code) => (closes.push(code), events.closed(code)) }),
    });
    this.closes = closes;
    const statuses: string[] = (this.statuses = []);
    this.client.subscribe(() => statuses.push(this.client.status));
  }
}

/** An app that listens, and the pages that are open. */
async function scene(app: App<unknown>) {
  const logged: string[] = [];
  const log = (level: string, message: string): void => void logged.push(`${level} ${message}`);
  const listening = await listen(app, { log });
  const pages: WatchedPage[] = [];
  return {
    listening,
    logged,
    replace: (next: App<unknown>) => listening.replace(next),
    cookie: () => cookieOf(listening.address!.url),
    async page() {
      const { url } = listening.address!;
      const page = new WatchedPage(url, await cookieOf(url));
      pages.push(page);
      return page;
    },
    async [Symbol.asyncDispose]() {
      for (const page of pages) page.client.close();
      await listening.stop();
    },
  };
}

async function cookieOf(url: string): Promise<string> {
  const { headers } = await fetch(`${url}/_live/session`);
  return headers.get("set-cookie")!.split(";")[0]!;
}

function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

type Seen = LiveState & { readonly events: Record<string, (arg?: unknown) => Promise<unknown>> };

async function stateOf(page: Page, name = "counter", key?: string): Promise<Seen> {
  const state = page.client.state<AnyState>(name, key === undefined ? {} : { key }) as unknown as Seen;
  await state.ready;
  return state;
}

const sees = (state: Seen, expected: object) =>
  until(state, () => Object.entries(expected).every(([name, value]) => Reflect.get(state.get() ?? {}, name) === value));

const warnings = (context: TestContext) => context.mock.method(console, "warn", () => {}).mock;

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
  client.frames.length = 0;
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

describe("a state that is declared otherwise", () => {
  const stateWith = (vars: Record<string, unknown>, hidden: Record<string, unknown> = {}) =>
    defineState("thing", { vars, private: hidden }).events(({ on }) => ({
      set: on(z.record(z.string(), z.unknown()), (v, all) => void Object.assign(v, all)),
    }));

  const kept: readonly (readonly [string, object, object, object, object])[] = [
    ["a new first value", { n: 1 }, { n: 5 }, { n: 2 }, { n: 5 }],
    ["a new var", { n: 1 }, { n: 5 }, { n: 1, m: 7 }, { n: 5, m: 7 }],
    ["a var less", { n: 1, m: 2 }, { n: 5, m: 3 }, { n: 1 }, { n: 5 }],
    ["a value that has the new shape already", { who: null }, { who: "Ann" }, { who: "" }, { who: "Ann" }],
    ["a record", { all: {} }, { all: { a: 1 } }, { all: {} }, { all: { a: 1 } }],
    ["other rows", { rows: [1] }, { rows: [1, 2] }, { rows: ["x"] }, { rows: [1, 2] }],
  ];
  for (const [what, before, set, after, expected] of kept) {
    test(`goes on with ${what}`, async (context) => {
      const warned = warnings(context);
      await using s = await scene(appOf(stateWith({ ...before })));
      const page = await s.page();
      const thing = await stateOf(page, "thing");
      await thing.events.set!(set);
      await s.replace(appOf(stateWith({ ...after, program: "new" })));
      await sees(thing, { program: "new" });
      assert.deepEqual(thing.get(), { ...expected, program: "new" });
      assert.deepEqual([page.closes, warned.callCount()], [[], 0]);
    });
  }

  const anew: readonly (readonly [string, object, object, string])[] = [
    ["kind", { n: 1 }, { n: "x" }, '"n" changed from number to string'],
    ["list", { n: {} }, { n: [] }, '"n" changed from object to list'],
    ["nothing", { n: 1 }, { n: null }, '"n" changed from number to null'],
    ["map", { n: new Set() }, { n: new Map() }, '"n" changed from set to map'],
    ["date", { n: "" }, { n: new Date(0) }, '"n" changed from string to date'],
    ["field", { n: { a: 1 } }, { n: { a: 1, b: 2 } }, '"n.b" is new'],
    ["field that is gone", { n: { a: 1, b: 2 } }, { n: { a: 1 } }, '"n.b" is gone'],
    ["field's kind", { n: { a: { b: 1 } } }, { n: { a: { b: "" } } }, '"n.a.b" changed from number to string'],
  ];
  for (const [what, before, after, why] of anew) {
    test(`begins anew with another ${what}, and the page and the log are told why`, async (context) => {
      const warned = warnings(context);
      await using s = await scene(appOf(stateWith({ ...before, other: 1 })));
      const page = await s.page();
      const thing = await stateOf(page, "thing");
      await thing.events.set!({ other: 2 });
      await s.replace(appOf(stateWith({ ...after, other: 1, program: "new" })));
      await sees(thing, { program: "new" });
      assert.deepEqual(thing.get(), { ...after, other: 1, program: "new" });
      const line = `State "thing" began anew: ${why}.`;
      assert.deepEqual(
        warned.calls.map(({ arguments: [said] }) => String(said)),
        [line],
      );
      assert.deepEqual(
        s.logged.filter((each) => each.includes("anew")),
        [`warn ${line}`],
      );
      assert.deepEqual([page.closes, page.client.status], [[], "live"]);
      // It is said once.
      await s.replace(appOf(stateWith({ ...after, other: 1, program: "newer" })));
      await thing.events.set!({ program: "newer" });
      assert.equal(warned.callCount(), 1);
    });
  }

  test("is compared with what it was when it comes back after a program that had none of it", async (context) => {
    const warned = warnings(context);
    const other = defineState("other", { vars: { n: 0 } });
    await using s = await scene(appOf(other, stateWith({ n: 1 }, { m: 1 })));
    const page = await s.page();
    const thing = await stateOf(page, "thing");
    await thing.events.set!({ n: 3, m: 4 });
    await s.replace(appOf(other));
    await s.replace(appOf(other, stateWith({ n: 1 }, { m: "" })));
    await until(thing, () => warned.callCount() === 1);
    assert.match(String(warned.calls[0]!.arguments[0]), /"m" changed from number to string/);
  });
});
