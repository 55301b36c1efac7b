import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LiveError } from "livespan/client";
import { ScriptedServer } from "./server.ts";
import type { Counter } from "./states.ts";
import { Page, until } from "./world.ts";

const first = { count: 1, label: "a", rows: [{ id: 1 }, { id: 2 }] };

describe("a replica", () => {
  test("begins with a snapshot and follows the deltas; what they do not touch stays the same object", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const state = page.client.state<Counter>("counter");
    assert.equal(state.get(), undefined);
    assert.equal(page.client.status, "resuming");
    const line = await server.line();
    const hello = await line.welcome();
    assert.deepEqual(hello, { protocol: 1, wants: [{ state: "counter" }] });
    line.send(["s", 0, "e", 7, first]);
    await state.ready;
    const before = state.get();
    assert.deepEqual(before, first);
    assert.equal(page.client.status, "live");
    line.send(["d", 0, 8, [["=", "count", 2]]], ["d", 0, 11, [["+", "label", "b"]], 8]);
    await until(state, () => state.get()?.label === "ab");
    assert.deepEqual(state.get(), { count: 2, label: "ab", rows: first.rows });
    assert.equal(state.get()?.rows, before?.rows);
    assert.deepEqual(before, first);
  });

  test("is one for a name and a key, and is wanted once", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const { client } = page;
    assert.equal(client.state("board", { key: "a" }), client.state("board", { key: "a" }));
    assert.notEqual(client.state("board", { key: "a" }), client.state("board", { key: "b" }));
    assert.notEqual(client.state("board", { key: "a" }), client.state("board"));
    const line = await server.line();
    const { wants } = await line.hello();
    assert.deepEqual(wants, [{ state: "board", key: "a" }, { state: "board", key: "b" }, { state: "board" }]);
  });

  test("that is wanted after the hello is joined, before the welcome or after", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    page.client.state("a");
    const line = await server.line();
    const hello = await line.hello();
    page.client.state("b", { key: "k" });
    line.send(["w", { tab: "t", fresh: true, schema: "v1", heartbeat: 15_000 }]);
    assert.deepEqual(hello.wants, [{ state: "a" }]);
    assert.deepEqual(await line.next(), ["j", 1, { state: "b", key: "k" }]);
    page.client.state("c");
    page.client.state("c");
    assert.deepEqual(await line.next(), ["j", 2, { state: "c" }]);
    line.kill();
    await page.clock.until(page.until(({ status }) => status === "resuming"));
    const next = server.line();
    await page.clock.advance(100);
    assert.equal((await (await next).hello()).wants.length, 3);
  });

  for (const [what, frame] of [
    ["does not begin at its version", ["d", 0, 9, [["=", "count", 2]]]],
    ["says that it begins elsewhere", ["d", 0, 8, [["=", "count", 2]], 6]],
    ["was there already", ["d", 0, 7, [["=", "count", 2]]]],
    ["does not fit", ["d", 0, 8, [["=", ["rows", 5, "id"], 2]]]],
    ["resumes another history", ["r", 0, "other", 8, [["=", "count", 2]]]],
  ] as const) {
    test(`takes no change that ${what}: it asks for the snapshot, once, and waits for it`, async () => {
      await using server = await ScriptedServer.open();
      using page = new Page(server.url);
      const state = page.client.state<Counter>("counter");
      const line = await server.line();
      await line.welcome();
      line.send(["s", 0, "e", 7, first]);
      await state.ready;
      line.send(frame, ["d", 0, 8, [["=", "count", 99]]], ["p"]);
      assert.deepEqual(await line.next(), ["g", 0]);
      assert.deepEqual(await line.next(), ["p"], "it asked once");
      assert.deepEqual(state.get(), first, "it has not guessed");
      line.send(["s", 0, "e", 20, { ...first, count: 20 }], ["d", 0, 21, [["=", "count", 21]]]);
      await until(state, () => state.get()?.count === 21);
    });
  }

  test("takes no change before a snapshot", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const state = page.client.state<Counter>("counter");
    const line = await server.line();
    await line.welcome();
    line.send(["d", 0, 1, [["=", "count", 1]]]);
    assert.deepEqual(await line.next(), ["g", 0]);
    assert.equal(state.get(), undefined);
  });

  test("says what was seen now and then, the latest of many", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const state = page.client.state<Counter>("counter");
    const line = await server.line();
    await line.welcome();
    line.send(["s", 0, "e", 1, first]);
    for (let to = 2; to <= 50; to++) line.send(["d", 0, to, [["=", "count", to]]]);
    await until(state, () => state.get()?.count === 50);
    await page.clock.advance(1_000);
    assert.deepEqual(await line.next(), ["v", 0, 50]);
    await page.clock.advance(5_000);
    line.send(["p"]);
    assert.deepEqual(await line.next(), ["p"], "nothing more was said");
  });

  test("that is refused rejects `ready`, and `get` throws; the tab goes on", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const refused = page.client.state<Counter>("counter", { key: "not mine" });
    const other = page.client.state("other");
    const line = await server.line();
    await line.welcome();
    line.send(["n", 0, "JOIN_REFUSED", "no"], ["s", 1, "e", 1, { fine: true }]);
    await other.ready;
    const isRefusal = (error: unknown): boolean => error instanceof LiveError && error.code === "JOIN_REFUSED";
    await assert.rejects(refused.ready, isRefusal);
    assert.throws(() => refused.get(), isRefusal);
    assert.equal(page.client.status, "live");
    line.send(["s", 0, "e", 1, first]);
    await until(refused, () => {
      try {
        return refused.get() !== undefined;
      } catch {
        return false;
      }
    });
  });

  test("tells of changes in quick succession once a frame: the first at once, the others at its end", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url, { frame: 16 });
    const state = page.client.state<Counter>("counter");
    const seen: (number | undefined)[] = [];
    state.subscribe(() => seen.push(state.get()?.count));
    const line = await server.line();
    await line.welcome();
    line.send(["s", 0, "e", 1, first]);
    for (let to = 2; to <= 50; to++) line.send(["d", 0, to, [["=", "count", to]]]);
    line.send(["p"]);
    await line.nextOf("p");
    assert.deepEqual([state.get()?.count, seen], [50, [1]]);
    await page.clock.advance(15);
    assert.deepEqual(seen, [1]);
    await page.clock.advance(1);
    assert.deepEqual(seen, [1, 50]);
    line.send(["d", 0, 51, [["=", "count", 51]]], ["d", 0, 52, [["=", "count", 52]]], ["p"]);
    await line.nextOf("p");
    page.client.close();
    assert.deepEqual(seen, [1, 50, 52], "and nothing is held when the client is closed");
    assert.equal(page.clock.pending, 0);
  });

  test("tells each listener as often as it was added, and no longer than wanted", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const state = page.client.state<Counter>("counter");
    let calls = 0;
    const listener = (): void => void calls++;
    const ends = [state.subscribe(listener), state.subscribe(listener)];
    const line = await server.line();
    await line.welcome();
    line.send(["s", 0, "e", 1, first]);
    await state.ready;
    assert.equal(calls, 2);
    ends[0]!();
    line.send(["d", 0, 2, [["=", "count", 2]]]);
    await until(state, () => state.get()?.count === 2);
    assert.equal(calls, 3);
  });
});

test("a page may have 64 states, and is told when it wants one more", async () => {
  await using server = await ScriptedServer.open();
  using page = new Page(server.url);
  for (let i = 0; i < 64; i++) page.client.state("board", { key: `${i}` });
  assert.throws(() => page.client.state("board", { key: "64" }), { name: "LiveError", code: "JOIN_REFUSED" });
  assert.equal(page.client.state("board", { key: "5" }), page.client.state("board", { key: "5" }));
  assert.equal((await (await server.line()).hello()).wants.length, 64);
});

test("a place that no state has is passed over", async () => {
  await using server = await ScriptedServer.open();
  using page = new Page(server.url);
  const state = page.client.state<Counter>("counter");
  const line = await server.line();
  await line.welcome();
  line.send(["s", 5, "e", 1, {}], ["d", 6, 1, []], ["n", 7, "JOIN_REFUSED", "no"], ["s", 0, "e", 1, first]);
  await state.ready;
  assert.equal(page.client.status, "live");
});
