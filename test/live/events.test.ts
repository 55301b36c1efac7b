import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApp } from "livespan";
import { defineState, refuse } from "livespan/live";
import { manualClock, testApp } from "livespan/testing";
import { z } from "zod";

const code = (expected: string) => (error: unknown) => (error as { readonly code: string }).code === expected;

describe("an event", () => {
  const counter = defineState("counter", {
    vars: { n: 0, log: [] as string[] },
    private: { hidden: 0 },
    computed: { double: (s) => s.n * 2 },
  }).events(({ on }) => ({
    add: on(z.coerce.number().int(), (s, by) => (s.n += by)),
    hide: on((s) => void s.hidden++),
    fail: on((s) => {
      s.n = 99;
      s.log.push("half");
      throw new Error("secret detail");
    }),
    failLater: on(async (s) => {
      s.n = 99;
      await Promise.resolve();
      throw new Error("secret detail");
    }),
    steps: on(function* (s) {
      for (let i = 0; i < 5; i++) {
        s.n++;
        yield;
      }
      return "done";
    }),
    asyncSteps: on(async function* (s, ctx) {
      s.n = 1;
      yield;
      await ctx.sleep(1_000);
      s.n = 2;
      return s.n;
    }),
    flushThenFail: on(async (s, ctx) => {
      s.n = 1;
      await ctx.flush();
      s.n = 2;
      throw new Error("after the flush");
    }),
    rows: on((s) => s.log),
    nothing: on(() => {}),
  }));
  const start = () => testApp(createApp({ states: [counter] }));

  test("changes its tab and gives the caller what the handler returns", async () => {
    await using t = await start();
    await using tab = await t.tab(counter);
    assert.deepEqual(tab.snapshot, { n: 0, log: [], double: 0 });
    assert.equal(await tab.events.add("5"), 5);
    assert.deepEqual(tab.snapshot, { n: 5, log: [], double: 10 });
  });

  test("a throw leaves nothing, in the store and on the page; the queue goes on", async () => {
    await using t = await start();
    await using tab = await t.tab(counter);
    for (const event of ["fail", "failLater"] as const) {
      await assert.rejects(tab.events[event](), (error: Error) => {
        assert.doesNotMatch(error.message, /secret/, "what failed inside is the server's business");
        return code("HANDLER_FAILED")(error);
      });
      assert.equal(tab.snapshot.n, 0);
      assert.deepEqual(tab.snapshot.log, []);
      assert.equal(await t.app.modifyState(counter, tab.token, (s) => s.n), 0);
    }
    assert.equal(await tab.events.add(1), 1);
    assert.ok(
      t.log.some(({ fields }) => fields["error"] instanceof Error && fields["error"].message === "secret detail"),
    );
  });

  test("each bare yield keeps and sends: five yields are five deltas, and the return is the result", async () => {
    await using t = await start();
    await using tab = await t.tab(counter);
    const seen: number[] = [];
    tab.subscribe(({ n }) => {
      if (seen.at(-1) !== n) seen.push(n);
    });
    assert.equal(await tab.events.steps(), "done");
    assert.deepEqual(
      seen.filter((n) => n > 0),
      [1, 2, 3, 4, 5],
    );
  });

  test("an async generator's first part is on the page while the rest waits", async () => {
    const clock = manualClock();
    await using t = await testApp(createApp({ states: [counter] }), { clock });
    await using tab = await t.tab(counter);
    const result = tab.events.asyncSteps();
    await tab.until(({ n }) => n === 1);
    await clock.advance(1_000);
    assert.equal(await result, 2);
    assert.equal(tab.snapshot.n, 2);
  });

  test("what was flushed before a throw stays, on the page and in the store alike", async () => {
    await using t = await start();
    await using tab = await t.tab(counter);
    await assert.rejects(tab.events.flushThenFail(), code("HANDLER_FAILED"));
    assert.equal(tab.snapshot.n, 1);
    assert.equal(await t.app.modifyState(counter, tab.token, (s) => s.n), 1);
  });

  test("an argument that the schema refuses is answered and runs nothing", async () => {
    await using t = await start();
    await using tab = await t.tab(counter);
    await assert.rejects(tab.events.add("many"), code("INVALID_ARGUMENT"));
    assert.equal(tab.snapshot.n, 0);
  });

  test("a name that is not an event is answered: private, inherited, unknown", async () => {
    await using t = await start();
    await using tab = await t.tab(counter);
    const events = tab.events as unknown as Record<string, () => Promise<unknown>>;
    for (const name of ["hidden", "constructor", "__proto__", "toString", "nothin"]) {
      await assert.rejects(async () => events[name]!(), code("UNKNOWN_EVENT"), name);
    }
    assert.equal(await tab.events.nothing(), undefined);
  });

  test("a private var never reaches the page, and a change of it sends nothing", async () => {
    await using t = await start();
    await using tab = await t.tab(counter);
    const before = tab.snapshot;
    await tab.events.hide();
    assert.equal(tab.snapshot, before);
    assert.ok(!("hidden" in tab.snapshot));
    await tab.events.add(1);
    assert.equal(tab.snapshot.n, 1);
  });

  test("a result that is a part of the draft reaches the caller as a value", async () => {
    await using t = await start();
    await using tab = await t.tab(counter);
    assert.deepEqual(await tab.events.rows(), []);
  });

  test("tabs are apart", async () => {
    await using t = await start();
    await using one = await t.tab(counter);
    await using two = await t.tab(counter);
    await one.events.add(3);
    assert.equal(two.snapshot.n, 0);
    assert.notEqual(one.token, two.token);
  });
});

describe("the order of events", () => {
  const order = defineState("order", { vars: { log: [] as string[], sum: 0 } })
    .events(({ on }) => ({
      note: on(z.string(), (s, what) => void s.log.push(what)),
      slow: on(z.object({ what: z.string(), ms: z.number() }), async (s, { what, ms }, ctx) => {
        await ctx.sleep(ms);
        s.log.push(what);
      }),
    }))
    .events(({ on }) => ({
      third: on((s, ctx) => {
        s.log.push("third");
        ctx.queue("note", "of third");
      }),
    }))
    .events(({ on }) => ({
      second: on((s, ctx) => {
        s.log.push("second");
        ctx.queue("note", "of second");
        ctx.queue("third");
      }),
    }))
    .events(({ on }) => ({
      nested: on((s, ctx) => {
        s.log.push("click");
        ctx.queue("second");
        ctx.queue("note", "of click");
      }),
      queueAndFail: on((_, ctx) => {
        ctx.queue("note", "never");
        throw new Error("no");
      }),
    }));

  test("queued events run breadth first, after the one that queued them", async () => {
    await using t = await testApp(createApp({ states: [order] }));
    await using tab = await t.tab(order);
    await tab.events.nested();
    await tab.until(({ log }) => log.includes("of third"));
    assert.deepEqual(tab.snapshot.log, ["click", "second", "of click", "of second", "third", "of third"]);
  });

  test("one tab's events run in the order sent, however long each takes; another tab's go on beside", async () => {
    const clock = manualClock();
    await using t = await testApp(createApp({ states: [order] }), { clock });
    await using tab = await t.tab(order);
    await using other = await t.tab(order);
    const slow = tab.events.slow({ what: "slow", ms: 1_000 });
    const quick = tab.events.note("quick");
    await other.events.note("beside");
    assert.deepEqual(tab.snapshot.log, []);
    await clock.advance(1_000);
    await Promise.all([slow, quick]);
    assert.deepEqual(tab.snapshot.log, ["slow", "quick"]);
    assert.deepEqual(other.snapshot.log, ["beside"]);
  });

  test("a handler that throws queues nothing", async () => {
    await using t = await testApp(createApp({ states: [order] }));
    await using tab = await t.tab(order);
    await assert.rejects(tab.events.queueAndFail());
    await tab.events.note("next");
    assert.deepEqual(tab.snapshot.log, ["next"]);
  });

  test("all changes of an event are on the page before its answer", async () => {
    await using t = await testApp(createApp({ states: [order] }));
    await using tab = await t.tab(order);
    for (let i = 0; i < 20; i++) {
      await tab.events.note(String(i));
      assert.equal(tab.snapshot.log.length, i + 1);
    }
  });
});

describe("what a handler holds and gives", () => {
  const table = defineState("table", { vars: { rows: [{ id: 1, tags: ["a"] }] } }).events(({ on }) => ({
    hold: on(function* (s) {
      const row = s.rows[0]!;
      row.tags.push("b");
      yield;
      row.tags.push("c");
      return { first: row, count: s.rows.length };
    }),
    deep: on(z.unknown(), (_, arg) => typeof arg),
  }));

  test("a part of the draft lives through a yield, and a result that holds one is its value", async () => {
    await using t = await testApp(createApp({ states: [table] }));
    await using tab = await t.tab(table);
    assert.deepEqual(await tab.events.hold(), { first: { id: 1, tags: ["a", "b", "c"] }, count: 1 });
    assert.deepEqual(tab.snapshot.rows, [{ id: 1, tags: ["a", "b", "c"] }]);
  });

  test("what it starts and queues goes out once, with the flush that it belongs to", async () => {
    const state = defineState("flushes", { vars: { log: [] as string[] } })
      .background(({ background }) => ({
        note: background(z.string(), async (self, what) => void (await self.update((s) => s.log.push(what)))),
      }))
      .events(({ on }) => ({ note: on(z.string(), (s, what) => void s.log.push(what)) }))
      .events(({ on }) => ({
        go: on(function* (s, ctx) {
          s.log.push("one");
          ctx.start("note", "task");
          ctx.queue("note", "event");
          yield;
          yield;
          s.log.push("two");
        }),
        fail: on(function* (s, ctx) {
          ctx.start("note", "kept");
          s.log.push("three");
          yield;
          ctx.start("note", "dropped");
          throw new Error("no");
        }),
      }));
    await using t = await testApp(createApp({ states: [state] }));
    await using tab = await t.tab(state);
    await tab.events.go();
    await tab.until(({ log }) => log.length === 4);
    assert.deepEqual(tab.snapshot.log.toSorted(), ["event", "one", "task", "two"]);
    await assert.rejects(tab.events.fail(), code("HANDLER_FAILED"));
    await tab.until(({ log }) => log.includes("kept"));
    await tab.events.note("last");
    assert.deepEqual(tab.snapshot.log.slice(4), ["three", "kept", "last"]);
  });

  test("a generator that yields a value is ended, its finally run, and keeps nothing more", async () => {
    const ended: string[] = [];
    const state = defineState("yields", { vars: { n: 0 } }).events(({ on }) => ({
      value: on(function* (s) {
        try {
          s.n = 1;
          yield 5;
          s.n = 2;
        } finally {
          ended.push("finally");
        }
      }),
    }));
    await using t = await testApp(createApp({ states: [state] }));
    await using tab = await t.tab(state);
    await assert.rejects(tab.events.value(), code("INVALID_STATE"));
    assert.deepEqual(ended, ["finally"]);
    assert.equal(tab.snapshot.n, 0);
  });

  test("a result that cannot be sent fails its event, and nothing of that is kept", async () => {
    const ring: { self?: unknown } = {};
    ring.self = ring;
    const results = { a: () => {}, class: new URL("http://livespan.example"), ring };
    const state = defineState("results", { vars: { n: 0, row: { id: 1 } } }).events(({ on }) => ({
      give: on(z.enum(["a", "class", "ring"]), (s, which) => {
        s.n++;
        return results[which];
      }),
      map: on((s) => new Map([["row", s.row]])),
    }));
    await using t = await testApp(createApp({ states: [state] }));
    await using tab = await t.tab(state);
    for (const which of ["a", "class", "ring"] as const) {
      await assert.rejects(tab.events.give(which), code("STATE_VALUE"));
      assert.equal(tab.snapshot.n, 0, which);
    }
    assert.deepEqual(await tab.events.map(), new Map([["row", { id: 1 }]]));
  });

  test("an argument that goes deeper than anything sensible is answered", async () => {
    await using t = await testApp(createApp({ states: [table] }));
    await using tab = await t.tab(table);
    let deep: unknown = 1;
    for (let i = 0; i < 600; i++) deep = [deep];
    await assert.rejects(tab.events.deep(deep));
    assert.equal(await tab.events.deep([]), "object");
  });
});

test("a handler says no in words of its own: the page reads them, nothing is kept, nothing is logged", async () => {
  const names = defineState("names", { vars: { name: "" } }).events(({ on }) => ({
    take: on(z.string(), (s, name) => {
      s.name = name;
      if (name === "root") throw refuse("That name is taken.", "NAME_TAKEN");
      if (name === "") throw refuse("A name is needed.");
    }),
  }));
  await using t = await testApp(createApp({ states: [names] }));
  await using tab = await t.tab(names);
  await assert.rejects(tab.events.take("root"), { code: "NAME_TAKEN", message: "That name is taken." });
  await assert.rejects(tab.events.take(""), { code: "REFUSED", message: "A name is needed." });
  assert.equal(tab.snapshot.name, "");
  assert.deepEqual(
    t.log.filter(({ level }) => level === "error"),
    [],
  );
});

test("handlers and tasks have the app's clock and its log, as all that runs has", async () => {
  const told = defineState("told", { vars: { at: 0 } })
    .background(({ background }) => ({
      tell: background(async ({ log, clock }) => log("info", "in a task", { at: clock.wall() })),
    }))
    .events(({ on }) => ({
      tell: on((s, { log, clock, start }) => {
        s.at = clock.wall();
        log("info", "in a handler");
        start("tell");
      }),
    }));
  const clock = manualClock();
  await using t = await testApp(createApp({ states: [told] }), { clock });
  await using tab = await t.tab(told);
  await tab.events.tell();
  assert.equal(tab.snapshot.at, clock.wall());
  const lines = t.log.map(({ message }) => message);
  assert.ok(lines.includes("in a handler") && lines.includes("in a task"), lines.join());
});
