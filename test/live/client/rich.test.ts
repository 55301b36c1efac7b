import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse, stringify } from "devalue";
import { ScriptedServer } from "./server.ts";
import type { Counter } from "./states.ts";
import { Page, until } from "./world.ts";

const stamps = new Map([["a", new Date(5)]]);

describe("values beyond JSON", () => {
  // First of all in this file: later on the codec is there at once.
  test("keep their place among frames and events, also while their codec is being loaded", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const state = page.client.state<Counter>("counter");
    const line = await server.line();
    await line.welcome();
    await page.live();
    const mutable = new Set([1]);
    for (const arg of [mutable, 2, "3"]) state.events.note(arg).catch(() => {});
    mutable.add(99);
    line.send(
      ["S", 0, "e", 1, stringify({ count: 1, stamps })],
      ["d", 0, 2, [["=", "count", 2]]],
      ["D", 0, 3, stringify([["=", "stamps", new Map()]])],
      ["d", 0, 4, [["=", "count", 4]]],
    );
    const events = [await line.next(), await line.next(), await line.next()];
    assert.deepEqual(
      events.map(([tag, , , name]) => [tag, name]),
      [
        ["E", "note"],
        ["e", "note"],
        ["e", "note"],
      ],
    );
    assert.deepEqual(parse(String(events[0]?.[4])), new Set([1]), "it is what it was when it was sent");
    await until(state, () => state.get()?.count === 4);
    assert.deepEqual(state.get(), { count: 4, stamps: new Map() });
  });

  test("come in snapshots, resumes, deltas and results", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const state = page.client.state<Counter>("counter");
    const line = await server.line();
    await line.welcome();
    line.send(["S", 0, "e", 1, stringify({ count: 1, stamps })]);
    await state.ready;
    assert.deepEqual(state.get(), { count: 1, stamps });
    const later = new Map([["b", new Date(6)]]);
    line.send(["R", 0, "e", 5, stringify([["=", "stamps", later]])], ["D", 0, 8, stringify([["=", "count", 1n]]), 5]);
    await until(state, () => typeof state.get()?.count === "bigint");
    assert.deepEqual(state.get(), { count: 1n, stamps: later });
    const noted = state.events.add(1);
    const [, id] = await line.next();
    line.send(["A", Number(id), stringify(new Set(["x"]))]);
    assert.deepEqual(await noted, new Set(["x"]));
  });

  test("come with the page: they are there before the hello, which goes on from them", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url, {
      page: {
        tab: "t",
        schema: "v1",
        states: [{ state: "counter", epoch: "e", version: 3, rich: stringify({ stamps }) }],
      },
    });
    const state = page.client.state<Counter>("counter");
    const line = await server.line();
    const hello = await line.hello();
    assert.deepEqual(hello.wants, [{ state: "counter", epoch: "e", version: 3 }]);
    assert.deepEqual(state.get(), { stamps });
    assert.deepEqual(state.first(), { stamps });
  });

  test("are sent as they are; what JSON carries goes as JSON", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const { events } = page.client.state<Counter>("counter");
    const line = await server.line();
    await line.welcome();
    const plain = [0, -1.5, "", true, null, [], [1, [null]], {}, { a: { b: "c" } }];
    for (const arg of plain) events.note(arg).catch(() => {});
    for (const arg of plain) assert.deepEqual((await line.next()).slice(3), ["note", arg]);
    const shared = { x: 1 };
    const loop: { self?: unknown } = {};
    loop.self = loop;
    const rich = [
      NaN,
      Infinity,
      -0,
      5n,
      new Date(1),
      new Map([[1, 2]]),
      new Set(["a"]),
      [undefined],
      { a: new Date(2) },
      loop,
      Array(2),
    ];
    for (const arg of [...rich, [shared, shared]]) events.note(arg).catch(() => {});
    for (const arg of rich) {
      const [tag, , , , text] = await line.next();
      assert.equal(tag, "E");
      assert.deepEqual(parse(String(text)), arg);
    }
    assert.deepEqual((await line.next()).slice(3), ["note", [shared, shared]]);
    events.note({ a: 1, b: undefined }).catch(() => {});
    assert.deepEqual((await line.next()).slice(3), ["note", { a: 1 }]);
  });

  test("that nothing carries are refused before they are sent, by their path, and those after go on", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const { events } = page.client.state<Counter>("counter");
    const line = await server.line();
    await line.welcome();
    for (const arg of [() => {}, Symbol("s"), { deep: [() => {}] }, new WeakMap()]) {
      await assert.rejects(events.note(arg), { name: "LiveError", code: "INVALID_ARGUMENT" });
    }
    await assert.rejects(events.note({ deep: [() => {}] }), /\.deep\[0\]/);
    events.note(1).catch(() => {});
    assert.deepEqual((await line.next()).slice(3), ["note", 1]);
  });

  test("that cannot be read end the line, and the next one begins with a snapshot or what was there", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const state = page.client.state<Counter>("counter");
    const line = await server.line();
    await line.welcome();
    line.send(["s", 0, "e", 1, { count: 1 }], ["D", 0, 2, "no devalue"]);
    await page.until(({ status }) => status === "live");
    await page.until(({ status }) => status === "resuming");
    const again = server.line();
    await page.clock.advance(100);
    assert.deepEqual((await (await again).hello()).wants, [{ state: "counter", epoch: "e", version: 1 }]);
    assert.deepEqual(state.get(), { count: 1 });
  });
});
