// The table of the specification: where the original was measured wrong, and what holds here, in memory and Redis alike.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WebSocket } from "ws";
import { createApp } from "livespan";
import { defineState, memoryStore, type Store } from "livespan/live";
import { redisStore } from "livespan/redis";
import { testApp, type TestTab } from "livespan/testing";
import { z } from "zod";
import { redisUrl } from "../services/redis.ts";

const url = await redisUrl();
let spaces = 0;
const stores: Record<string, () => Store> = {
  memory: () => memoryStore(),
  Redis: () => redisStore({ url, prefix: `measured-${process.pid}-${++spaces}:` }),
};

const wide = Array.from({ length: 10_000 }, (_, id) => ({ id, name: `row ${id}`, done: false }));

const state = defineState("measured", { vars: { n: 0, text: "", lines: [] as string[], rows: wide } })
  .background(({ background }) => ({
    failInBlock: background(z.enum(["update", "exclusive"]), async (self, how) => {
      const half = (s: { n: number }): never => {
        s.n = 41;
        throw new Error("in the block");
      };
      await self[how](half);
    }),
    add: background(async (self) => {
      await self.exclusive(async (s) => {
        const { n } = s;
        await Promise.resolve();
        s.n = n + 1;
      });
    }),
    addOften: background(z.number(), async (self, times) => {
      for (let i = 0; i < times; i++) {
        if (i % 2 === 0) await self.update((s) => ++s.n);
        else await self.exclusive(async (s) => ++s.n);
      }
    }),
  }))
  .events(({ on }) => ({
    failInBlock: on(z.enum(["update", "exclusive"]), (_, how, ctx) => ctx.start("failInBlock", how)),
    failInHandler: on((s) => {
      s.n = 55;
      throw new Error("in the handler");
    }),
    failAfterYield: on(function* (s) {
      s.n = 1;
      yield;
      s.n = 2;
      throw new Error("after the yield");
    }),
    add: on((_, ctx) => ctx.start("add")),
    addHere: on((s) => ++s.n),
    addOften: on(z.number(), (_, times, ctx) => ctx.start("addOften", times)),
    append: on((s) => void s.lines.push(`line number ${s.lines.length}`)),
    stream: on(z.string(), (s, token) => void (s.text += token)),
    tick: on(z.number(), (s, row) => void (s.rows[row]!.done = true)),
  }));

for (const [name, makeStore] of Object.entries(stores)) {
  describe(`in ${name}`, () => {
    const start = () =>
      testApp(createApp({ states: [state], live: { burst: 100_000, rate: 100_000 } }), { store: makeStore() });
    type Running = Awaited<ReturnType<typeof start>>;

    /** What the page shows, what this process knows and what the store holds is one and the same. */
    async function assertSame(t: Running, tab: TestTab<typeof state>, n: number): Promise<void> {
      assert.equal(await t.app.modifyState(state, tab.token, (s) => s.n), n, "the store");
      assert.equal(tab.snapshot.n, n, "the page");
    }

    for (const how of ["update", "exclusive"] as const) {
      test(`a throw inside ${how}: neither the store nor the page changes`, async () => {
        await using t = await start();
        await using tab = await t.tab(state);
        await tab.events.failInBlock(how);
        await until(() => t.app.backgroundTasks.size === 0);
        await tab.events.addHere();
        await assertSame(t, tab, 1);
      });
    }

    test("a throw in a handler: neither changes, and nothing leaks out with the next event", async () => {
      await using t = await start();
      await using tab = await t.tab(state);
      await assert.rejects(tab.events.failInHandler());
      await assertSame(t, tab, 0);
      await tab.events.addHere();
      await assertSame(t, tab, 1);
    });

    test("a throw after a yield: what was yielded is kept and shown, the rest is neither", async () => {
      await using t = await start();
      await using tab = await t.tab(state);
      await assert.rejects(tab.events.failAfterYield());
      await assertSame(t, tab, 1);
    });

    test("three tasks that read, wait and add: three", async () => {
      await using t = await start();
      await using tab = await t.tab(state);
      for (let i = 0; i < 3; i++) await tab.events.add();
      await tab.until(({ n }) => n === 3);
      await assertSame(t, tab, 3);
    });

    test("interleaved increments of tasks and events add up exactly", async () => {
      await using t = await start();
      await using tab = await t.tab(state);
      for (let i = 0; i < 3; i++) await tab.events.addOften(20);
      await Promise.all(Array.from({ length: 20 }, () => tab.events.addHere()));
      await tab.until(({ n }) => n === 80);
      await assertSame(t, tab, 80);
    });

    test("a reconnect that overtakes the old disconnect resumes, and resets nothing", async () => {
      await using t = await start();
      await using tab = await t.tab(state);
      const { token } = tab;
      await tab.events.addHere();
      for (let i = 0; i < 5; i++) {
        tab.drop();
        const sent = tab.events.addHere();
        await tab.resume();
        await sent;
      }
      assert.equal(tab.token, token);
      await assertSame(t, tab, 6);
    });
  });
}

describe("what is sent", () => {
  /** Bytes of the deltas that `run` brings to a tab's socket, with the socket's own two or four for each. */
  async function bytesOf(
    run: (send: (event: string, arg?: unknown) => Promise<void>) => Promise<void>,
  ): Promise<number> {
    const app = createApp({ states: [state], live: { burst: 100_000, rate: 100_000 } });
    await using t = await testApp(app, { listen: true });
    const { headers } = await t.request("/_live/session");
    const socket = new WebSocket(`${t.url}/_live`, { origin: t.url, headers: { cookie: headers.get("set-cookie")! } });
    const waiting = new Map<number, () => void>();
    let bytes = 0;
    const greeted = Promise.withResolvers<void>();
    socket.on("message", (data: Buffer) => {
      const [tag, id] = JSON.parse(data.toString()) as [string, number];
      if (tag === "d") bytes += data.length + (data.length < 126 ? 2 : 4);
      if (tag === "s") greeted.resolve();
      if (tag === "a") waiting.get(id)?.();
    });
    socket.on("open", () => socket.send(JSON.stringify(["h", { protocol: 1, wants: [{ state: "measured" }] }])));
    await greeted.promise;
    let last = 0;
    await run(async (event, arg) => {
      const id = ++last;
      const answered = new Promise<void>((resolve) => waiting.set(id, resolve));
      socket.send(JSON.stringify(["e", id, 0, event, arg]));
      await answered;
    });
    socket.close();
    await new Promise((resolve) => void socket.once("close", resolve));
    return bytes;
  }

  test("1,000 lines appended: at most 60 KB", async () => {
    const bytes = await bytesOf(async (send) => {
      for (let i = 0; i < 1_000; i++) await send("append");
    });
    assert.ok(bytes <= 60_000, `${bytes} B`);
  });

  test("2,000 tokens streamed into one text: at most 80 KB", async () => {
    const bytes = await bytesOf(async (send) => {
      for (let i = 0; i < 2_000; i++) await send("stream", " token");
    });
    assert.ok(bytes <= 80_000, `${bytes} B`);
  });

  test("one cell of 10,000 rows: under 200 B", async () => {
    const bytes = await bytesOf((send) => send("tick", 5_000));
    assert.ok(bytes < 200, `${bytes} B`);
  });
});

/** Settles when `isSo`, which is looked at after each turn of the event loop. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => void setImmediate(resolve));
}
