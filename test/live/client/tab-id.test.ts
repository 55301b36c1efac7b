import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PageData } from "livespan/client";
import { manualClock } from "livespan/testing";
import { closings } from "../../../src/live/wire/frames.ts";
import { ScriptedServer } from "./server.ts";
import type { Counter } from "./states.ts";
import { Browser, Page } from "./world.ts";

function made(tab: string, count = 1): PageData {
  return {
    tab,
    schema: "v1",
    states: [
      { state: "counter", epoch: "e", version: 4, snapshot: { count } },
      { state: "board", key: "k", epoch: "b", version: 9, snapshot: { lines: [] } },
    ],
  };
}

const follow = [
  { state: "counter", epoch: "e", version: 4 },
  { state: "board", key: "k", epoch: "b", version: 9 },
];
const anew = [{ state: "counter" }, { state: "board", key: "k", epoch: "b", version: 9 }];

describe("a page that the server made", () => {
  test("shows what it was made with before its line opens, and goes on from there: no change in between is lost", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url, { page: made("mine") });
    const state = page.client.state<Counter>("counter");
    assert.deepEqual(state.get(), { count: 1 });
    assert.deepEqual(state.first(), { count: 1 });
    const line = await server.line();
    assert.deepEqual(await line.welcome({ tab: "mine" }), { protocol: 1, tab: "mine", schema: "v1", wants: follow });
    line.send(["r", 0, "e", 6, [["=", "count", 6]]], ["r", 1, "b", 9, []]);
    await page.live();
    line.send(["p"]);
    await line.nextOf("p");
    assert.deepEqual(state.get(), { count: 6 });
    assert.deepEqual(state.first(), { count: 1 }, "the first render stays what it was");
  });

  test("takes its sockets where the page says, or the options", async () => {
    for (const [options, path] of [
      [{ page: { ...made("t"), path: "/base/_live" } }, "/base/_live"],
      [{ page: made("t"), path: "/own" }, "/own"],
      [{}, "/_live"],
    ] as const) {
      const paths: string[] = [];
      const open = (opened: string) => (paths.push(opened), { send() {}, close() {} });
      using page = new Page("", { ...options, open });
      await page.clock.advance(0);
      assert.deepEqual(paths, [path]);
    }
  });
});

describe("a reload", () => {
  test("is the same tab: what the browser kept counts more than what the page was made for", async () => {
    await using server = await ScriptedServer.open();
    const storage = new Map([["livespan:tab", "kept"]]);
    using page = new Page(server.url, { storage, page: made("other", 0) });
    const state = page.client.state<Counter>("counter");
    assert.deepEqual(state.get(), { count: 0 }, "shown until the tab's own comes");
    const line = await server.line();
    const hello = await line.welcome({ tab: "kept" });
    assert.equal(hello.tab, "kept");
    assert.deepEqual(hello.wants, anew);
    assert.equal(page.client.tab, "kept");
  });

  test("tells the server by a short cookie for which tab it makes the page, and no longer than that", async () => {
    await using server = await ScriptedServer.open();
    const browser = new Browser();
    const page = new Page(server.url, { browser });
    const line = await server.line();
    await line.welcome({ tab: "mine", fresh: true });
    await page.live();
    assert.deepEqual(browser.cookies, new Map());
    page.leaving();
    assert.deepEqual(browser.cookies, new Map([["livespan_tab", "mine for 10 s"]]));
    page.leave();
    assert.deepEqual(browser.cookies, new Map());
    browser.cookies.set("livespan_tab", "left over");
    using next = new Page(server.url, { browser, storage: page.storage });
    assert.deepEqual(browser.cookies, new Map());
    assert.equal((await (await server.line()).hello()).tab, "mine");
    assert.equal(next.client.tab, "mine");
  });

  test("goes on with ids that are greater, though the clock was set back", async () => {
    await using server = await ScriptedServer.open();
    const storage = new Map<string, string>();
    let last = 0;
    for (const wall of [9_000_000, 8_000_000, 7_000_000]) {
      using page = new Page(server.url, { storage, clock: manualClock({ wall }) });
      const state = page.client.state<Counter>("counter");
      const line = await server.line();
      await line.welcome();
      for (let i = 0; i < 3; i++) {
        state.events.add(i).catch(() => {}); // the page closes before it is answered
        const [, id] = await line.nextOf("e");
        assert.ok(Number(id) > last, `${String(id)} comes after ${last}`);
        last = Number(id);
      }
    }
  });
});

describe("a tab that was duplicated", () => {
  async function original(server: ScriptedServer, browser: Browser): Promise<Page> {
    const page = new Page(server.url, { browser });
    await (await server.line()).welcome({ tab: "first", fresh: true });
    await page.live();
    return page;
  }

  test("begins with a copy, and is a tab of its own from then on", async () => {
    await using server = await ScriptedServer.open();
    const browser = new Browser();
    using first = await original(server, browser);
    const storage = new Map(first.storage);
    using copy = new Page(server.url, { browser, storage, page: made("first") });
    const line = await server.line();
    const hello = await line.welcome({ tab: "second", fresh: true });
    assert.deepEqual(hello, { protocol: 1, copyOf: "first", schema: "v1", wants: anew });
    await copy.live();
    assert.equal(copy.client.tab, "second");
    assert.equal(storage.get("livespan:tab"), "second");
    assert.equal(first.storage.get("livespan:tab"), "first");
    line.kill();
    await copy.until(({ status }) => status !== "live");
    const again = server.line();
    await copy.clock.advance(100);
    assert.equal((await (await again).hello()).tab, "second");
  });

  test("begins anew when that is wanted, as the tab that the page was made for if it is another", async () => {
    await using server = await ScriptedServer.open();
    const browser = new Browser();
    using first = await original(server, browser);
    for (const [embedded, tab, wants] of [
      ["first", undefined, anew],
      ["second", "second", follow],
    ] as const) {
      const storage = new Map(first.storage);
      using fresh = new Page(server.url, { browser, storage, page: made(embedded), duplicate: "fresh" });
      const hello = await (await server.line()).hello();
      assert.deepEqual([hello.tab, hello.copyOf, hello.wants], [tab, undefined, wants]);
      assert.equal(fresh.client.tab, tab);
    }
  });

  test("is none when the browser kept nothing: the page was made for a tab that is another's", async () => {
    await using server = await ScriptedServer.open();
    const browser = new Browser();
    using first = await original(server, browser);
    using second = new Page(server.url, { browser, page: made("first") });
    const { tab, copyOf, wants } = await (await server.line()).hello();
    assert.deepEqual([tab, copyOf, wants], [undefined, undefined, anew]);
    assert.deepEqual([first.client.tab, second.client.tab], ["first", undefined]);
  });

  test("is the tab itself once the first one is gone", async () => {
    await using server = await ScriptedServer.open();
    const browser = new Browser();
    const first = await original(server, browser);
    first.leave();
    using second = new Page(server.url, { browser, storage: first.storage });
    assert.equal((await (await server.line()).hello()).tab, "first");
    assert.equal(second.client.tab, "first");
  });
});

describe("a tab that the server refuses", () => {
  test("asks for a session once, forgets what it was, and comes as a new one with its events", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url, { page: made("stolen") });
    const state = page.client.state<Counter>("counter");
    const added = state.events.add(1);
    const line = await server.line();
    assert.equal((await line.hello()).tab, "stolen");
    line.send(["no", "TAB_REFUSED", "not yours"]);
    line.close(closings.refused);
    const next = await server.line();
    const hello = await next.welcome({ tab: "own", fresh: true });
    assert.deepEqual([hello.tab, hello.copyOf, hello.wants], [undefined, undefined, anew]);
    assert.equal(server.sessions, 1);
    const [, id] = await next.nextOf("e");
    next.send(["a", Number(id), 1]);
    assert.equal(await added, 1);
    assert.equal(page.client.tab, "own");
    assert.deepEqual([...page.browser.held], ["livespan:own"]);
  });

  test("twice stops, and says why", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    for (let i = 0; i < 2; i++) {
      const line = await server.line();
      await line.hello();
      line.send(["no", "TAB_REFUSED", "not yours"]);
      line.close(closings.refused);
    }
    await page.until(({ reason }) => reason !== undefined);
    assert.equal(page.client.reason?.code, "TAB_REFUSED");
    assert.equal(server.sessions, 1);
  });

  test("at the upgrade asks for a session, and comes again as the same one", async () => {
    await using server = await ScriptedServer.open();
    server.refusing = 1;
    using page = new Page(server.url, { page: made("mine") });
    const line = await server.line();
    assert.equal((await line.welcome({ tab: "mine" })).tab, "mine");
    assert.equal(server.sessions, 1);
    await page.live();
  });

  test("at the upgrade, again and again, is asked for one session and then waits longer and longer", async () => {
    const renewals: string[] = [];
    const clock = manualClock();
    const opened: number[] = [];
    using page = new Page("", {
      clock,
      renew: async (path) => renewals.push(path) > 0,
      open: (_path, events) => {
        opened.push(clock.now());
        queueMicrotask(() => events.closed(1006));
        return { send() {}, close() {} };
      },
    });
    await clock.advance(1_500);
    assert.deepEqual(renewals, ["/_live/session"]);
    assert.deepEqual(opened, [0, 0, 100, 300, 700, 1_500]);
    assert.equal(page.client.reason, undefined);
  });

  test("by nobody, because there is no server, asks until there is one", async () => {
    const clock = manualClock();
    let asked = 0;
    using page = new Page("", {
      clock,
      renew: async () => ++asked > 3,
      open: (_path, events) => {
        queueMicrotask(() => events.closed(1006));
        return { send() {}, close() {} };
      },
    });
    await clock.advance(60_000);
    assert.equal(asked, 4);
    assert.equal(page.client.status, "offline");
  });
});
