import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApp } from "livespan";
import { defineState, ImmutableStateError } from "livespan/live";
import { manualClock, testApp } from "livespan/testing";
import { z } from "zod";
import { counter } from "./counter.ts";

const code = (expected: string) => (error: unknown) => (error as { readonly code: string }).code === expected;

describe("a background task", () => {
  test("counts while the page stays interactive, as the seed shows", async () => {
    const clock = manualClock();
    await using t = await testApp(createApp({ states: [counter] }), { clock });
    await using tab = await t.tab(counter);
    await tab.events.toggle();
    await tab.until(({ counter: n }) => n === 1);
    await clock.advance(500);
    await tab.until(({ counter: n }) => n === 2);
    await tab.events.setMax(4);
    await tab.events.clear();
    assert.equal(tab.snapshot.counter, 0);
    for (let n = 1; n <= 4; n++) {
      await clock.advance(500);
      await tab.until(({ counter: now }) => now === n);
    }
    await clock.advance(500);
    await tab.until(({ running }) => !running);
    assert.equal(tab.snapshot.counter, 4);
    assert.equal(t.app.backgroundTasks.size, 0);
  });

  test("started twice, the guard of the seed leaves one loop", async () => {
    const clock = manualClock();
    await using t = await testApp(createApp({ states: [counter] }), { clock });
    await using tab = await t.tab(counter);
    for (let i = 0; i < 3; i++) await tab.events.toggle();
    await tab.until(({ counter: n }) => n === 1);
    await clock.advance(500);
    await tab.until(({ counter: n }) => n === 2);
    assert.equal(t.app.backgroundTasks.size, 1);
  });

  test("is listed while it runs, and can be cancelled", async () => {
    const clock = manualClock();
    await using t = await testApp(createApp({ states: [counter] }), { clock });
    await using tab = await t.tab(counter);
    await tab.events.toggle();
    const [running] = t.app.backgroundTasks;
    assert.ok(running);
    assert.equal(running.name, "count");
    assert.equal(running.state, "counter");
    assert.equal(running.token, tab.token);
    assert.equal(running.since, clock.wall());
    const { pending } = clock;
    await running.cancel();
    assert.equal(t.app.backgroundTasks.size, 0);
    assert.equal(clock.pending, pending - 1, "neither its sleep nor its time to end is left");
  });

  test("interleaved background and foreground increments add up exactly", async () => {
    const sums = defineState("sums", { vars: { n: 0 } })
      .background(({ background }) => ({
        add: background(async (self) => {
          for (let i = 0; i < 100; i++) {
            if (i % 3 === 0)
              await self.exclusive(async (s) => {
                const { n } = s;
                await Promise.resolve();
                s.n = n + 1;
              });
            else await self.update((s) => s.n++);
          }
        }),
      }))
      .events(({ on }) => ({ start: on((_, ctx) => ctx.start("add")), add: on((s) => void s.n++) }));
    await using t = await testApp(createApp({ states: [sums], live: { burst: 1_000 } }));
    await using tab = await t.tab(sums);
    for (let i = 0; i < 5; i++) await tab.events.start();
    await Promise.all(Array.from({ length: 100 }, () => tab.events.add()));
    await tab.until(({ n }) => n === 600);
    assert.equal(await t.app.modifyState(sums, tab.token, (s) => s.n), 600);
  });

  test("writes outside of a block throw at every depth; reads there are a snapshot", async () => {
    const seen: unknown[] = [];
    const deep = defineState("deep", {
      vars: { list: [{ tags: ["a"] }], map: new Map([["k", { n: 1 }]]), when: new Date(0), set: new Set([1]) },
    })
      .background(({ background }) => ({
        write: background(async (self) => {
          // The compiler refuses all of these; what it does not see must be refused too.
          const view = self.view as unknown as {
            list: { tags: string[] }[];
            map: Map<string, { n: number }>;
            when: Date;
            set: Set<number>;
          };
          const writes: (() => unknown)[] = [
            () => (view.list = []),
            () => view.list.push({ tags: [] }),
            () => (view.list[0]!.tags[0] = "b"),
            () => view.list[0]!.tags.push("b"),
            () => view.map.set("x", { n: 2 }),
            () => (view.map.get("k")!.n = 2),
            () => view.map.clear(),
            () => view.when.setTime(1),
            () => view.set.add(2),
            () => Reflect.deleteProperty(view, "list") || view,
            () => Object.defineProperty(view, "list", { value: [] }),
          ];
          for (const write of writes) {
            try {
              write();
              seen.push("written");
            } catch (error) {
              seen.push(error);
            }
          }
          await self.update((s) => s.list.push({ tags: ["inside"] }));
        }),
      }))
      .events(({ on }) => ({ write: on((_, ctx) => ctx.start("write")) }));
    await using t = await testApp(createApp({ states: [deep] }));
    await using tab = await t.tab(deep);
    await tab.events.write();
    await tab.until(({ list }) => list.length === 2);
    assert.equal(seen.length, 11);
    for (const [index, error] of seen.entries()) {
      assert.ok(error instanceof ImmutableStateError, `write ${index}: ${String(error)}`);
      assert.equal(error.code, "IMMUTABLE_STATE");
    }
    assert.deepEqual(tab.snapshot.list[0], { tags: ["a"] });
  });

  test("a failure is reported with its task and its tab, and ends nothing else", async () => {
    const failing = defineState("failing", { vars: { n: 0 } })
      .background(({ background }) => ({
        fail: background(async () => {
          throw new Error("broken pipe");
        }),
        sum: background(z.number(), async (self, by) => void (await self.update((s) => (s.n += by)))),
      }))
      .events(({ on }) => ({
        fail: on((_, ctx) => ctx.start("fail")),
        sum: on(z.unknown(), (_, by, ctx) => ctx.start("sum", by as number)),
      }));
    await using t = await testApp(createApp({ states: [failing] }));
    await using tab = await t.tab(failing);
    await tab.events.fail();
    await tab.events.sum("no number");
    await tab.events.sum(2);
    await tab.until(({ n }) => n === 2);
    const lines = t.log.filter(({ level }) => level === "error");
    assert.equal(lines.length, 2);
    assert.match(lines[0]!.message, /"fail".*broken pipe/);
    assert.equal(lines[0]!.fields["token"], tab.token);
    assert.match(lines[1]!.message, /"sum"/);
  });

  test("called like a function it throws, and its body must be async", () => {
    assert.throws(
      () => defineState("x", { vars: {} }).background(({ background }) => ({ b: background((() => {}) as never) })),
      code("BACKGROUND_NOT_ASYNC"),
    );
    let task: unknown;
    defineState("y", { vars: {} }).background(({ background }) => ({
      b: (task = background(async () => {})) as never,
    }));
    assert.throws(task as () => void, code("NOT_CALLABLE"));
  });

  test("starts others by name; an unknown one is refused where it is started", async () => {
    const chain = defineState("chain", { vars: { log: [] as string[] } })
      .background(({ background }) => ({
        two: background(
          z.string(),
          async (self, from) => void (await self.update((s) => s.log.push(`two from ${from}`))),
        ),
      }))
      .background(({ background }) => ({
        one: background(async (self) => {
          await self.update((s) => s.log.push("one"));
          self.start("two", "one");
        }),
      }))
      .events(({ on }) => ({
        go: on((_, ctx) => ctx.start("one")),
        wrong: on((_, ctx) => (ctx.start as (name: string) => void)("tow")),
      }));
    await using t = await testApp(createApp({ states: [chain] }));
    await using tab = await t.tab(chain);
    await tab.events.go();
    await tab.until(({ log }) => log.length === 2);
    assert.deepEqual(tab.snapshot.log, ["one", "two from one"]);
    await assert.rejects(tab.events.wrong());
  });

  test("an argument is a copy of its own", async () => {
    const none: Record<string, number> = {};
    const detached = defineState("detached", {
      vars: { box: { a: 1 }, got: { ...none } },
    })
      .background(({ background }) => ({
        take: background(z.custom<Record<string, number>>(), async (self, box) => {
          box["b"] = 2;
          await self.update((s) => void (s.got = box));
        }),
      }))
      .events(({ on }) => ({ go: on((s, ctx) => ctx.start("take", s.box)) }));
    await using t = await testApp(createApp({ states: [detached] }));
    await using tab = await t.tab(detached);
    await tab.events.go();
    await tab.until(({ got }) => got["b"] === 2);
    assert.deepEqual(tab.snapshot, { box: { a: 1 }, got: { a: 1, b: 2 } });
  });
});

test("what a task passes on is a copy of its own", async () => {
  const state = defineState("copies", { vars: { got: 0 } })
    .background(({ background }) => ({
      two: background(z.object({ n: z.number() }), async (self, { n }) => {
        await self.update((s) => void (s.got = n));
      }),
    }))
    .background(({ background }) => ({
      one: background(async (self) => {
        const box = { n: 1 };
        self.start("two", box);
        box.n = 2;
      }),
    }))
    .events(({ on }) => ({ go: on((_, ctx) => ctx.start("one")) }));
  await using t = await testApp(createApp({ states: [state] }));
  await using tab = await t.tab(state);
  await tab.events.go();
  await tab.until(({ got }) => got > 0);
  assert.equal(tab.snapshot.got, 1);
});

test("a view may be passed on: it is the value that it shows", async () => {
  const state = defineState("passes", { vars: { rows: [{ id: 1 }], got: [] as { id: number }[] } })
    .background(({ background }) => ({
      two: background(z.custom<readonly { readonly id: number }[]>(), async (self, rows) => {
        await self.update((s) => void (s.got = rows.map(({ id }) => ({ id: id + 1 }))));
      }),
    }))
    .background(({ background }) => ({ one: background(async (self) => self.start("two", self.view.rows)) }))
    .events(({ on }) => ({ go: on((_, ctx) => ctx.start("one")) }));
  await using t = await testApp(createApp({ states: [state] }));
  await using tab = await t.tab(state);
  await tab.events.go();
  await tab.until(({ got }) => got[0]?.id === 2);
});

describe("how many run at once", () => {
  const lanes = (concurrency: "single" | "replace" | "queue" | number | undefined) =>
    defineState("lanes", { vars: { log: [] as string[] } })
      .background(({ background }) => ({
        work: background(
          z.string(),
          async (self, what) => {
            await self.update((s) => s.log.push(`+${what}`));
            try {
              await self.sleep(1_000);
              await self.update((s) => s.log.push(`-${what}`));
            } finally {
              if (self.signal.aborted) await self.update((s) => s.log.push(`x${what}`));
            }
          },
          concurrency === undefined ? {} : { concurrency },
        ),
      }))
      .events(({ on }) => ({ go: on(z.string(), (_, what, ctx) => ctx.start("work", what)) }));

  const cases = [
    [undefined, "+a +b +c -a -b -c"],
    ["single", "+a -a"],
    ["replace", "+a xa +b xb +c -c"],
    ["queue", "+a -a +b -b +c -c"],
    [2, "+a +b -a -b +c -c"],
  ] as const;
  for (const [concurrency, expected] of cases) {
    test(`concurrency ${concurrency}`, async () => {
      const clock = manualClock();
      const state = lanes(concurrency);
      await using t = await testApp(createApp({ states: [state] }), { clock });
      await using tab = await t.tab(state);
      for (const what of ["a", "b", "c"]) await tab.events.go(what);
      for (let i = 0; i < 4; i++) await clock.advance(1_000);
      const sorted = (text: string) =>
        concurrency === undefined || concurrency === 2 ? text.split(" ").toSorted() : text.split(" ");
      await tab.until(({ log }) => log.length === expected.split(" ").length);
      assert.deepEqual(sorted(tab.snapshot.log.join(" ")), sorted(expected));
      assert.equal(t.app.backgroundTasks.size, 0);
    });
  }
});
