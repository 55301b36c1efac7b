import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { manualClock } from "livespan/testing";
import { closings } from "../../../src/live/wire/frames.ts";
import { ScriptedServer } from "./server.ts";
import type { Counter } from "./states.ts";
import { WiredPage } from "./wire.ts";
import { Page } from "./world.ts";

const snapshot = { count: 1 };

function wired(options: Partial<ConstructorParameters<typeof WiredPage>[0]> = {}): WiredPage {
  return new WiredPage({ clock: manualClock(), ...options });
}

describe("a line that is lost", () => {
  test("is opened again, and each state goes on from the version that it has", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const state = page.client.state<Counter>("counter");
    const other = page.client.state("empty");
    const line = await server.line();
    await line.welcome({ tab: "mine" });
    line.send(["s", 0, "e", 7, snapshot]);
    await state.ready;
    line.kill();
    await page.until(({ status }) => status === "resuming");
    const again = server.line();
    await page.clock.advance(100);
    const next = await again;
    assert.deepEqual(await next.welcome({ tab: "mine" }), {
      protocol: 1,
      tab: "mine",
      schema: "v1",
      wants: [{ state: "counter", epoch: "e", version: 7 }, { state: "empty" }],
    });
    next.send(["r", 0, "e", 9, [["=", "count", 9]]], ["s", 1, "e", 1, {}]);
    await other.ready;
    assert.deepEqual(state.get(), { count: 9 });
    assert.equal(page.client.status, "live");
  });

  test("takes what was asked for with it: a snapshot after a gap is asked for anew", async () => {
    using page = wired();
    const state = page.client.state("counter");
    const socket = await page.socket();
    socket.welcome();
    socket.say(["s", 0, "e", 7, snapshot]);
    socket.say(["d", 0, 99, []]);
    assert.deepEqual(socket.sent.at(-1), ["g", 0]);
    socket.events.closed(1006);
    await page.clock.advance(100);
    const next = await page.socket();
    next.welcome();
    assert.deepEqual(next.sent, [["h", { protocol: 1, tab: "tab-1", schema: "v1", wants: [{ state: "counter" }] }]]);
    next.say(["s", 0, "e", 100, { count: 100 }]);
    assert.deepEqual(state.get(), { count: 100 });
  });

  test("is tried after waits that double from 100 ms to 10 s, the longest they may be", async () => {
    using page = wired();
    for (let i = 0; i < 9; i++) {
      (await page.socket()).events.closed(1006);
      await page.clock.advance(10_000);
    }
    const at = page.sockets.map((socket) => socket.at);
    const waits = at.slice(1).map((time, i) => time - Math.max(at[i]!, i * 10_000));
    assert.deepEqual(waits, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  });

  test("is tried after any part of the wait, so that pages do not come in step", async () => {
    class Lucky extends WiredPage {
      override random(): number {
        return 0.25;
      }
    }
    using page = new Lucky({ clock: manualClock() });
    for (const wait of [25, 50, 100]) {
      const socket = await page.socket();
      socket.events.closed(1006);
      await page.clock.advance(wait - 1);
      assert.equal(page.sockets.at(-1), socket);
      await page.clock.advance(1);
      assert.notEqual(page.sockets.at(-1), socket);
    }
  });

  test("is a first failure again once it was welcome", async () => {
    using page = wired();
    for (let i = 0; i < 5; i++) {
      (await page.socket()).events.closed(1006);
      await page.clock.advance(10_000);
    }
    const socket = await page.socket();
    socket.welcome();
    socket.events.closed(1006);
    await page.clock.advance(100);
    assert.notEqual(await page.socket(), socket);
  });

  test("by a server that restarts is tried at once", async () => {
    using page = wired();
    const socket = await page.socket();
    socket.welcome();
    socket.events.closed(closings.restart);
    await page.clock.advance(200);
    assert.equal(page.sockets.length, 2);
  });

  for (const [what, isNetworkNew] of [
    ["looked at again", false],
    ["connected again", true],
  ] as const) {
    test(`is tried at once when the page is ${what}`, async () => {
      using page = wired();
      for (let i = 0; i < 8; i++) {
        (await page.socket()).events.closed(1006);
        await page.clock.advance(10_000);
      }
      const socket = await page.socket();
      socket.events.closed(1006);
      await page.clock.advance(1);
      page.wake(isNetworkNew);
      assert.notEqual(await page.socket(), socket);
      assert.equal(page.clock.pending, 1, "the wait is over, and one watch is set");
    });
  }
});

describe("a line that another program has", () => {
  test("is greeted again: states go on from what they have, and events that were not answered are sent again", async () => {
    using page = wired();
    const state = page.client.state<Counter>("counter");
    const socket = await page.socket();
    socket.welcome();
    socket.say(["s", 0, "e", 7, snapshot]);
    const [done, open] = [state.events.add(1), state.events.add(2)];
    const [first, second] = socket.sent.slice(-2) as [unknown[], unknown[]];
    socket.say(["a", first[1], 1]);
    await done;
    const statuses: string[] = [];
    page.client.subscribe(() => statuses.push(page.client.status));
    socket.sent.length = 0;
    socket.say(["h", 5]);
    const late = state.events.add(3);
    const wants = [{ state: "counter", epoch: "e", version: 7 }];
    assert.deepEqual(socket.sent, [["h", { protocol: 1, tab: "tab-1", schema: "v1", again: 5, wants }]]);
    socket.say(["w", { tab: "tab-1", fresh: false, schema: "v2", heartbeat: 15_000 }]);
    assert.deepEqual(
      socket.sent.slice(1).map((frame) => (frame as unknown[])[4]),
      [2, 3],
    );
    assert.deepEqual(socket.sent[1], second);
    socket.say(["s", 0, "f", 8, { count: 6 }]);
    socket.say(["a", second[1], 2]);
    socket.say(["a", (socket.sent[2] as unknown[])[1], 3]);
    assert.deepEqual([await open, await late, state.get()], [2, 3, { count: 6 }]);
    assert.deepEqual([page.sockets.length, page.client.outdated, new Set(statuses)], [1, true, new Set(["live"])]);
  });

  test("takes what was asked for with it: a snapshot after a gap is asked for anew", async () => {
    using page = wired();
    const state = page.client.state("counter");
    const socket = await page.socket();
    socket.welcome();
    socket.say(["s", 0, "e", 7, snapshot]);
    socket.say(["d", 0, 99, []]);
    socket.say(["h", 1]);
    const [, hello] = socket.sent.at(-1) as [string, { wants: unknown }];
    assert.deepEqual(hello.wants, [{ state: "counter" }]);
    socket.say(["w", { tab: "tab-1", fresh: false, schema: "v1", heartbeat: 15_000 }]);
    socket.say(["s", 0, "f", 1, { count: 2 }]);
    assert.deepEqual(state.get(), { count: 2 });
  });

  test("that is lost before the welcome is no longer away than since then", async () => {
    using page = wired();
    const socket = await page.socket();
    socket.welcome();
    await page.clock.advance(20_000);
    socket.say(["h", 1]);
    assert.equal(page.client.status, "live");
    socket.events.closed(1012);
    assert.equal(page.client.status, "resuming");
  });

  test("says why a state began anew, in the browser's console", async (context) => {
    const warn = context.mock.method(console, "warn", () => {});
    using page = wired();
    const socket = await page.socket();
    socket.welcome();
    socket.say(["u", 0, "It is another one."]);
    assert.deepEqual(
      warn.mock.calls.map(({ arguments: said }) => said),
      [["It is another one."]],
    );
  });
});

describe("a line that is silent", () => {
  test("answers pings, and is live as long as they come", async () => {
    using page = wired();
    const socket = await page.socket();
    socket.welcome({ heartbeat: 1_000 });
    for (let i = 0; i < 10; i++) {
      await page.clock.advance(2_400);
      socket.say(["p"]);
    }
    assert.equal(socket.sent.filter((frame) => JSON.stringify(frame) === '["p"]').length, 10);
    assert.equal(page.sockets.length, 1);
    assert.equal(page.client.status, "live");
  });

  test("is dropped after two heartbeats and a half, and what it still says counts no more", async () => {
    using page = wired();
    const state = page.client.state("counter");
    const socket = await page.socket();
    socket.welcome({ heartbeat: 1_000 });
    socket.say(["s", 0, "e", 1, snapshot]);
    await page.clock.advance(2_499);
    assert.equal(page.client.status, "live");
    await page.clock.advance(1);
    assert.equal(page.client.status, "resuming");
    assert.equal(socket.isClosed, true);
    await page.clock.advance(100);
    const next = await page.socket();
    next.welcome();
    socket.say(["d", 0, 2, [["=", "count", 99]]]);
    socket.events.closed(1006);
    assert.equal(page.client.status, "live");
    assert.deepEqual(state.get(), snapshot);
  });

  test("is dropped when it opens and nothing follows, or never opens", async () => {
    using page = wired();
    const socket = await page.socket();
    socket.events.opened();
    await page.clock.advance(10_000);
    assert.equal(socket.isClosed, true);
    await page.clock.advance(100);
    const next = await page.socket();
    assert.notEqual(next, socket);
    await page.clock.advance(10_000);
    assert.equal(next.isClosed, true);
  });

  test("is not kept over a sleep of the machine, in which its clock stood still", async () => {
    using page = wired();
    const socket = await page.socket();
    socket.welcome({ heartbeat: 1_000 });
    page.wake();
    assert.equal(socket.isClosed, false);
    page.clock.jump({ wall: 60_000 });
    page.wake();
    assert.equal(socket.isClosed, true);
  });

  test("is not kept when the network is another one", async () => {
    using page = wired();
    const socket = await page.socket();
    socket.welcome();
    page.wake(true);
    assert.equal(socket.isClosed, true);
    await page.clock.advance(100);
    assert.notEqual(await page.socket(), socket);
  });

  test("or says what is no frame is dropped", async () => {
    for (const text of ["{", "5", "null", '{"0":"p"}', '["w"]', '["d",0,2,5]']) {
      using page = wired();
      const state = page.client.state("counter");
      const socket = await page.socket();
      socket.welcome();
      socket.say(["s", 0, "e", 1, snapshot]);
      socket.events.text(text);
      if (text.startsWith('["d"')) assert.deepEqual(socket.sent.at(-1), ["g", 0]);
      else assert.equal(socket.isClosed, true, text);
      assert.deepEqual(state.get(), snapshot, text);
    }
  });

  test("or says what this client does not know yet, is kept", async () => {
    using page = wired();
    const socket = await page.socket();
    socket.welcome();
    socket.say(["later", 1, 2]);
    assert.equal(socket.isClosed, false);
  });
});

describe("the status", () => {
  test("is offline when the server could not be reached for five seconds, and live once it is", async () => {
    using page = wired();
    const socket = await page.socket();
    socket.welcome();
    const seen: string[] = [];
    page.client.subscribe(() => seen.push(page.client.status));
    for (let i = 0; i < 8; i++) {
      (await page.socket()).events.closed(1006);
      await page.clock.advance(1_000);
      if (page.clock.now() < 5_000) assert.equal(page.client.status, "resuming");
    }
    await page.clock.advance(10_000);
    (await page.socket()).welcome();
    assert.deepEqual(seen, ["resuming", "offline", "live"]);
  });

  test("is offline after those five seconds also while nothing is tried", async () => {
    using page = wired();
    await page.clock.advance(4_999);
    assert.equal(page.client.status, "resuming");
    await page.clock.advance(1);
    assert.equal(page.client.status, "offline");
    const socket = await page.socket();
    socket.welcome();
    socket.events.closed(1006);
    await page.clock.advance(4_999);
    assert.equal(page.client.status, "resuming");
    await page.clock.advance(1);
    assert.equal(page.client.status, "offline");
  });

  test("is offline at once when there is no network", async () => {
    using page = wired();
    (await page.socket()).welcome();
    page.browser.isOnline = false;
    (await page.socket()).events.closed(1006);
    assert.equal(page.client.status, "offline");
  });

  test("is told to those who listen, until they do not", async () => {
    using page = wired();
    let calls = 0;
    const end = page.client.subscribe(() => calls++);
    const socket = await page.socket();
    socket.welcome();
    assert.equal(calls, 1);
    end();
    socket.events.closed(1006);
    assert.equal(calls, 1);
  });
});

describe("a closing that is for good", () => {
  for (const [what, frame, closing, code] of [
    ["by a tab that took over", undefined, closings.replaced, "TAB_REPLACED"],
    ["for another protocol", ["no", "PROTOCOL", "too old"], closings.refused, "PROTOCOL"],
    ["for too many tabs", ["no", "TOO_MANY_SESSIONS", "full"], closings.refused, "TOO_MANY_SESSIONS"],
    ["for abuse", undefined, closings.abuse, "BAD_FRAME"],
  ] as const) {
    test(`${what} stops the client, with its reason`, async () => {
      using page = wired();
      const state = page.client.state<Counter>("counter");
      const socket = await page.socket();
      socket.welcome();
      const waiting = state.events.clear();
      if (frame !== undefined) socket.say(frame);
      socket.events.closed(closing);
      assert.equal(page.client.status, "offline");
      assert.equal(page.client.reason?.code, code);
      await assert.rejects(waiting, { code });
      await assert.rejects(state.events.clear(), { code });
      await page.clock.advance(60_000);
      assert.equal(page.sockets.length, 1);
      assert.equal(page.clock.pending, 0);
    });
  }

  test("by the page itself leaves nothing behind", async () => {
    using page = wired();
    const socket = await page.socket();
    socket.welcome();
    page.client.state("counter");
    socket.say(["s", 0, "e", 1, snapshot]);
    page.client.close();
    page.client.close();
    await page.clock.advance(0);
    assert.equal(socket.isClosed, true);
    assert.equal(page.clock.pending, 0);
    assert.equal(page.browser.held.size, 0);
    assert.equal(page.client.reason?.code, "CLIENT_CLOSED");
    page.wake(true);
    assert.equal(page.sockets.length, 1);
  });

  test("before the line was ever opened, too", async () => {
    using page = wired();
    page.client.close();
    await page.clock.advance(60_000);
    assert.equal(page.sockets.length, 0);
  });
});
