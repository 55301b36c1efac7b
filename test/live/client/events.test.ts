import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LiveError } from "livespan/client";
import { ScriptedServer, type ServerLine } from "./server.ts";
import type { Counter } from "./states.ts";
import { Page, until } from "./world.ts";

const ids = (frames: readonly (readonly unknown[])[]): unknown[] => frames.map(([, id]) => id);

async function take(line: ServerLine, count: number): Promise<(readonly unknown[])[]> {
  const frames = [];
  while (frames.length < count) frames.push(await line.next());
  return frames;
}

async function lose(page: Page, server: ScriptedServer, line: ServerLine): Promise<ServerLine> {
  line.kill();
  await page.until(({ status }) => status !== "live");
  const next = server.line();
  await page.clock.advance(100);
  return next;
}

describe("an event", () => {
  test("is sent with a growing id, its state's place and its argument, and gives what the handler returned", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    page.client.state("other");
    const state = page.client.state<Counter>("counter");
    const line = await server.line();
    await line.welcome();
    line.send(["s", 1, "e", 1, { count: 1 }]);
    await state.ready;
    const added = state.events.add(5);
    const cleared = state.events.clear();
    const [add, clear] = await take(line, 2);
    assert.deepEqual(add, ["e", add?.[1], 1, "add", 5]);
    assert.deepEqual(clear, ["e", Number(add?.[1]) + 1, 1, "clear"]);
    line.send(["d", 1, 2, [["=", "count", 6]]], ["a", Number(add?.[1]), 6], ["a", Number(clear?.[1])]);
    assert.equal(await added, 6);
    assert.deepEqual(state.get(), { count: 6 }, "its changes are there when it settles");
    assert.equal(await cleared, undefined);
  });

  test("that fails rejects with the code and the words of the server, and the next one is not touched", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const state = page.client.state<Counter>("counter");
    const line = await server.line();
    await line.welcome();
    const failed = state.events.add(5);
    const fine = state.events.clear();
    const [first, second] = ids(await take(line, 2)) as number[];
    line.send(["x", first!, "INVALID_ARGUMENT", "not a number"], ["a", second!, "done"]);
    await assert.rejects(failed, (error) => {
      assert.ok(error instanceof LiveError);
      assert.deepEqual(
        { name: error.name, code: error.code, message: error.message },
        { name: "LiveError", code: "INVALID_ARGUMENT", message: "not a number" },
      );
      return true;
    });
    assert.equal(await fine, "done");
  });

  test("is pending until it is answered, by name and by state", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const state = page.client.state<Counter>("counter");
    const line = await server.line();
    await line.welcome();
    const pending = (): boolean[] => [state.pending("add"), state.pending("clear")];
    assert.deepEqual(pending(), [false, false]);
    const both = [state.events.add(1), state.events.add(2)];
    assert.deepEqual(pending(), [true, false]);
    assert.equal(page.client.state("other").pending("add" as never), false);
    const [first, second] = ids(
      await take(line, 3).then((frames) => frames.filter(([tag]) => tag === "e")),
    ) as number[];
    line.send(["a", first!, 1]);
    await both[0];
    assert.deepEqual(pending(), [true, false]);
    line.send(["x", second!, "SUPERSEDED", "newer"]);
    await assert.rejects(both[1]!, { code: "SUPERSEDED" });
    assert.deepEqual(pending(), [false, false]);
  });

  test("is the same function each time, and what is no name of an event is none", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const { events } = page.client.state<Counter>("counter");
    assert.equal(events.add, events.add);
    assert.equal((await Promise.resolve(events)) === events, true, "an events object is no promise");
    assert.equal(Reflect.get(events, Symbol.iterator), undefined);
    assert.equal(typeof Reflect.get(events, "toString"), "function");
  });

  test("takes no event object of a page for its argument", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const { events } = page.client.state<Counter>("counter");
    const line = await server.line();
    await line.welcome();
    line.send(["s", 0, "e", 1, {}]);
    // As in onClick={events.clear}.
    const onClick: (event: unknown) => unknown = events.clear;
    const cleared = onClick({ type: "click", preventDefault() {} });
    const frame = await line.nextOf("e");
    assert.deepEqual(frame.slice(3), ["clear"]);
    line.send(["a", Number(frame[1]), "done"]);
    assert.equal(await cleared, "done");
  });
});

describe("events while the line is down", () => {
  test("wait for it, in their order", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const state = page.client.state<Counter>("counter");
    const sent = [state.events.add(1), state.events.clear(), state.events.add(2)];
    const line = await server.line();
    await line.hello();
    void state.events.add(3).catch(() => {});
    line.send(["w", { tab: "t", fresh: true, schema: "v1", heartbeat: 15_000 }]);
    const frames = await take(line, 4);
    assert.deepEqual(
      frames.map((frame) => frame.slice(3)),
      [["add", 1], ["clear"], ["add", 2], ["add", 3]],
    );
    for (const id of ids(frames) as number[]) line.send(["a", id]);
    await Promise.all(sent);
  });

  test("and those without an answer are sent again, under the ids that they had; answered ones are not", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const state = page.client.state<Counter>("counter");
    const line = await server.line();
    await line.welcome();
    const [a, b, c] = [state.events.add(1), state.events.add(2), state.events.add(3)];
    const before = await take(line, 3);
    line.send(["a", before[1]![1] as number, "b"]);
    assert.equal(await b, "b");
    const next = await lose(page, server, line);
    const d = state.events.add(4);
    await next.welcome();
    const after = await take(next, 3);
    assert.deepEqual(after.slice(0, 2), [before[0], before[2]]);
    assert.deepEqual(after[2]?.slice(3), ["add", 4]);
    for (const id of ids(after) as number[]) next.send(["a", id, id]);
    assert.deepEqual(await Promise.all([a, c, d]), ids(after));
  });

  test("are limited: beyond it they reject, and those before do not", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url, { outbox: 2 });
    const state = page.client.state<Counter>("counter");
    const kept = [state.events.add(1), state.events.add(2)];
    await assert.rejects(state.events.add(3), { name: "LiveError", code: "TOO_MANY_EVENTS" });
    const line = await server.line();
    await line.welcome();
    for (const id of ids(await take(line, 2)) as number[]) line.send(["a", id]);
    await Promise.all(kept);
    void state.events.add(4).catch(() => {});
    assert.deepEqual((await line.next()).slice(3), ["add", 4]);
  });

  test("that a server which goes down did not take are sent to the next one", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const state = page.client.state<Counter>("counter");
    const line = await server.line();
    await line.welcome();
    const added = state.events.add(1);
    const frame = await line.next();
    line.send(["x", frame[1] as number, "STOPPING", "going down"]);
    line.close(1012);
    await page.until(({ status }) => status === "resuming");
    const again = server.line();
    await page.clock.advance(200);
    const next = await again;
    await next.welcome();
    assert.deepEqual(await next.next(), frame);
    next.send(["a", frame[1] as number, "kept"]);
    assert.equal(await added, "kept");
  });

  test("reject when the client is closed, and so do later ones", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const state = page.client.state<Counter>("counter");
    const waiting = state.events.add(1);
    page.client.close();
    await assert.rejects(waiting, { code: "CLIENT_CLOSED" });
    await assert.rejects(state.events.add(2), { code: "CLIENT_CLOSED" });
    assert.equal(state.pending("add"), false);
  });

  test("keep their order over many drops, each run once by a server that knows ids", async () => {
    await using server = await ScriptedServer.open();
    using page = new Page(server.url);
    const state = page.client.state<Counter>("counter");
    const ran: unknown[] = [];
    let lastId = 0;
    let line = await server.line();
    await line.welcome();
    const results: Promise<unknown>[] = [];
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 7; i++) results.push(state.events.add(round * 7 + i));
      // The server runs some, answers fewer, and is gone.
      for (const [index, frame] of (await take(line, 3)).entries()) {
        const id = frame[1] as number;
        if (id > lastId) ran.push(frame[4]);
        lastId = Math.max(lastId, id);
        if (index < 2) line.send(["a", id]);
      }
      line = await lose(page, server, line);
      await line.welcome();
    }
    while (ran.length < 70) {
      const frame = await line.next();
      const id = frame[1] as number;
      if (id > lastId) ran.push(frame[4]);
      lastId = Math.max(lastId, id);
      line.send(["a", id]);
    }
    await Promise.all(results);
    assert.deepEqual(
      ran,
      Array.from({ length: 70 }, (_, i) => i),
    );
  });
});

test("a page that is older than the server is told so, once the server has said what it is", async () => {
  await using server = await ScriptedServer.open();
  using page = new Page(server.url, { page: { tab: "t", schema: "old", states: [] } });
  const line = await server.line();
  assert.equal((await line.welcome({ tab: "t", schema: "new" })).schema, "old");
  await page.until(({ outdated }) => outdated);
  assert.equal(page.client.status, "live");
});

test("a page stays up to date while the server's states are the same, also without data in the page", async () => {
  await using server = await ScriptedServer.open();
  using page = new Page(server.url);
  const line = await server.line();
  await line.welcome({ schema: "v1" });
  await page.live();
  assert.equal(page.client.outdated, false);
  const next = await lose(page, server, line);
  assert.equal((await next.welcome({ schema: "v2" })).schema, "v1");
  await until(page.client, () => page.client.outdated);
});
