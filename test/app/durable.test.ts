import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { createApp } from "livespan";
import { defineState, type DurableOptions } from "livespan/live";
import { redisStore } from "livespan/redis";
import { manualClock, testApp } from "livespan/testing";
import { createWorker, type Engine, memoryEngine, type RunState, task } from "livespan/work";
import { z } from "zod";
import { redisUrl } from "../services/redis.ts";

const worker = "livespan.background";

/** A task that goes on when the test says so, and what became of it. */
function copier(options: Omit<DurableOptions, "durable"> = {}) {
  const begun: string[] = [];
  const steps: string[] = [];
  let gate = Promise.withResolvers<void>();
  let waits = 0;
  let change = Promise.withResolvers<void>();
  const copies = defineState("copies", { vars: { done: [] as string[], asked: 0 }, private: { stamp: new Date(0) } })
    .background(({ background }) => ({
      copy: background(
        z.object({ name: z.string(), at: z.date() }),
        async (self, { name, at }) => {
          begun.push(`${name} ${self.attempt}`);
          await self.step("fetch", () => void steps.push(`fetch ${name}`));
          waits++;
          change.resolve();
          change = Promise.withResolvers();
          await Promise.race([gate.promise, aborted(self.signal)]);
          await self.step("store", () => void steps.push(`store ${name}`));
          await self.update((s) => void s.done.push(`${name} ${at.getTime()}`));
        },
        { ...options, durable: true },
      ),
    }))
    .events(({ on }) => ({
      copy: on(z.string(), (s, name, ctx) => {
        ctx.start("copy", { name, at: new Date(7) });
        return ++s.asked;
      }),
      latest: on(z.string(), (_, name, ctx) => ctx.start("copy", { name, at: new Date(7) }), { supersedes: true }),
      refuse: on((s, ctx) => {
        s.asked++;
        ctx.start("copy", { name: "never", at: new Date(7) });
        throw new Error("changed its mind");
      }),
      wrong: on((_, ctx) => ctx.start("copy", { name: 5 as never, at: new Date(7) })),
    }));
  /** Settles when so many attempts have come to where they wait. */
  const waiting = async (count: number): Promise<void> => {
    while (waits < count) await change.promise;
  };
  const open = (): void => {
    gate.resolve();
    gate = Promise.withResolvers();
  };
  return { copies, begun, steps, open, waiting, app: (name = "app") => createApp({ name, states: [copies] }) };
}

describe("a durable background task", () => {
  test("is a run of the app's engine, kept before its event is answered, and changes its tab like any other", async () => {
    const { copies, open, waiting, app } = copier();
    await using t = await testApp(app());
    await using tab = await t.tab(copies);
    assert.equal(await tab.events.copy("a"), 1);
    const [run, ...more] = await t.work.list();
    assert.deepEqual([run?.task, more], ["live.copies.copy", []]);
    await waiting(1);
    const [listed] = t.app.backgroundTasks;
    assert.deepEqual([listed?.name, listed?.state, listed?.token], ["copy", "copies", tab.token]);
    open();
    await tab.until(({ done }) => done.length === 1);
    assert.deepEqual(tab.snapshot.done, ["a 7"], "a date arrives as a date");
    await t.work.idle();
    assert.equal(t.app.backgroundTasks.size, 0);
  });

  test("is not started by a handler that throws, and is by none that was refused", async () => {
    const { copies, app } = copier();
    await using t = await testApp(app());
    await using tab = await t.tab(copies);
    await assert.rejects(tab.events.refuse(), { code: "HANDLER_FAILED" });
    await assert.rejects(tab.events.copy(5 as never), { code: "INVALID_ARGUMENT" });
    assert.deepEqual(await t.work.list(), []);
    assert.equal(tab.snapshot.asked, 0);
  });

  test("fails once for an argument that its schema refuses", async () => {
    const { copies, begun, app } = copier();
    await using t = await testApp(app(), { clock: manualClock() });
    await using tab = await t.tab(copies);
    await tab.events.wrong();
    await t.work.idle();
    const [run] = await t.work.list();
    assert.deepEqual([run?.state, run?.error?.code, run?.attempt], ["failed", "INVALID_ARGUMENT", 1]);
    assert.deepEqual(begun, []);
  });

  test("goes on after its worker lost its lease, its steps done once", async () => {
    const { copies, begun, steps, open, app } = copier();
    const clock = manualClock();
    await using t = await testApp(app(), { clock });
    await using tab = await t.tab(copies);
    await tab.events.copy("a");
    await clock.advance(0);
    assert.deepEqual([begun, steps], [["a 1"], ["fetch a"]]);
    t.work.stall(worker);
    await clock.advance(60_000);
    t.work.resume(worker);
    await clock.advance(60_000);
    assert.deepEqual([begun, steps], [["a 1", "a 2"], ["fetch a"]]);
    open();
    await tab.until(({ done }) => done.length > 0);
    await t.work.idle();
    assert.deepEqual(tab.snapshot.done, ["a 7"]);
    assert.deepEqual(steps, ["fetch a", "store a"]);
  });

  test("that throws is tried three times more, and then has failed", async () => {
    const attempts: number[] = [];
    const failing = defineState("failing", { vars: { n: 0 } })
      .background(({ background }) => ({
        fail: background(
          async ({ attempt }) => {
            attempts.push(attempt);
            throw new Error("broken pipe");
          },
          { durable: true },
        ),
      }))
      .events(({ on }) => ({ fail: on((_, ctx) => ctx.start("fail")) }));
    const clock = manualClock();
    await using t = await testApp(createApp({ states: [failing] }), { clock });
    await using tab = await t.tab(failing);
    await tab.events.fail();
    for (let i = 0; i < 4; i++) {
      await t.work.idle();
      await clock.advance(60_000);
    }
    assert.deepEqual(attempts, [1, 2, 3, 4]);
    const [run] = await t.work.list();
    assert.deepEqual([run?.state, run?.error?.message], ["failed", "broken pipe"]);
  });

  test("cancel() ends it for good, and so does cancelling its run", async () => {
    const { copies, begun, waiting, app } = copier();
    await using t = await testApp(app());
    await using tab = await t.tab(copies);
    await tab.events.copy("a");
    await waiting(1);
    const [first] = t.app.backgroundTasks;
    await first!.cancel();
    await t.work.idle();
    assert.equal(t.app.backgroundTasks.size, 0);
    await tab.events.copy("b");
    await waiting(2);
    assert.equal(await t.work.cancel({ states: ["running"] }), 1);
    await t.work.idle();
    assert.deepEqual(await states(t.work), ["cancelled", "cancelled"]);
    assert.deepEqual(begun, ["a 1", "b 1"]);
    assert.equal(t.app.backgroundTasks.size, 0);
  });

  const many: readonly [
    NonNullable<DurableOptions["concurrency"]>,
    begun: readonly string[],
    states: readonly RunState[],
  ][] = [
    ["single", ["a 1"], ["cancelled", "cancelled", "running"]],
    ["queue", ["a 1"], ["held", "held", "running"]],
    [2, ["a 1", "b 1"], ["held", "running", "running"]],
    ["replace", ["a 1", "c 1"], ["cancelled", "cancelled", "running"]],
  ];
  for (const [concurrency, expected, ends] of many) {
    test(`concurrency ${concurrency} is for one tab`, async () => {
      const { copies, begun, waiting, app } = copier({ concurrency });
      await using t = await testApp(app());
      await using tab = await t.tab(copies);
      await using other = await t.tab(copies);
      await tab.events.copy("a");
      await waiting(1);
      await tab.events.copy("b");
      await tab.events.copy("c");
      await waiting(expected.length);
      assert.deepEqual(begun, expected);
      assert.deepEqual((await states(t.work)).toSorted(), ends);
      await other.events.copy("d");
      await waiting(expected.length + 1);
      assert.equal(begun.at(-1), "d 1");
      await t.work.cancel({});
    });
  }

  test("started by another task is kept as well, and one that is asked for again by a retry is the same", async () => {
    const begun: string[] = [];
    const outer = defineState("outer", { vars: { n: 0 } })
      .background(({ background }) => ({
        inner: background(z.number(), async (_, n) => void begun.push(`inner ${n}`), { durable: true }),
      }))
      .background(({ background }) => ({
        lasting: background(
          async (self) => {
            self.start("inner", 1);
            begun.push(`lasting ${self.attempt}`);
            if (self.attempt === 1) throw new Error("again");
          },
          { durable: true },
        ),
        passing: background(async (self) => self.start("inner", 2)),
      }))
      .events(({ on }) => ({
        both: on((_, ctx) => {
          ctx.start("lasting");
          ctx.start("passing");
        }),
      }));
    const clock = manualClock();
    await using t = await testApp(createApp({ states: [outer] }), { clock });
    await using tab = await t.tab(outer);
    await tab.events.both();
    for (let i = 0; i < 2; i++) {
      await t.work.idle();
      await clock.advance(60_000);
    }
    await t.work.idle();
    assert.deepEqual(begun.toSorted(), ["inner 1", "inner 2", "lasting 1", "lasting 2"]);
  });

  test("of a tab that is not known fails, and says whose tabs the store knows", async () => {
    const { copies, app } = copier();
    const engine = memoryEngine();
    const first = await testApp(app(), { engine });
    const tab = await first.tab(copies);
    await tab.events.copy("a");
    await first.stop({ force: true });
    await tab.close();
    await using t = await testApp(app(), { engine });
    await t.work.idle();
    const [run] = await t.work.list();
    assert.deepEqual([run?.state, run?.error?.code], ["failed", "UNKNOWN_TAB"]);
    assert.match(run!.error!.message, /memory store knows the tabs of this process only/);
  });

  test("whose engine is down is not started: the event says so, and what it changed is kept", async () => {
    const { copies, app } = copier();
    await using t = await testApp(app(), { engine: broken(memoryEngine()) });
    await using tab = await t.tab(copies);
    await assert.rejects(tab.events.copy("a"), { code: "TASK_NOT_STARTED", message: /handed to the engine/ });
    await tab.until(({ asked }) => asked === 1);
    const line = t.log.find(({ level }) => level === "error");
    assert.match(String((line?.fields as { readonly error?: unknown } | undefined)?.error), /no such host/);
  });

  test("goes on when the event that started it is superseded, and when its tab is closed", async () => {
    const { copies, open, waiting, app } = copier();
    await using t = await testApp(app());
    const tab = await t.tab(copies);
    await tab.events.latest("a");
    await waiting(1);
    await tab.events.latest("b");
    await waiting(2);
    const { token } = tab;
    await tab.close();
    open();
    await t.work.idle();
    const done = await t.app.modifyState(copies, token, (s) => [...s.done]);
    assert.deepEqual(done.toSorted(), ["a 7", "b 7"]);
  });

  test("leaves the app's own workflows as they are", async () => {
    const { copies } = copier();
    const listed = task("listed", () => 1);
    const other = task("other", () => 2);
    const own = createWorker("own", { workflows: [listed] });
    await using t = await testApp(createApp({ states: [copies], workers: [own] }));
    assert.equal(await t.work.run(listed), 1);
    await assert.rejects(t.work.run(other), { code: "UNKNOWN_TASK" });
    await using free = await testApp(copier().app());
    assert.equal(await (await free.work.enqueue(other)).state(), "queued");
  });
});

describe("after a stop", () => {
  test("what did not end is given back, and goes on where the tab is loaded again", async () => {
    const store = redisStore({ url: await redisUrl(), prefix: `durable-${process.pid}:` });
    const { copies, begun, steps, open, waiting, app } = copier();
    const engine = memoryEngine();
    const first = await testApp(app("first"), { engine, store, budgets: { drain: 1 } });
    const tab = await first.tab(copies);
    const { token } = tab;
    await tab.events.copy("a");
    await waiting(1);
    const report = await first.stop();
    await tab.close();
    const { left, state } = report.entries.find(({ name }) => name === `worker ${worker}`)!;
    assert.deepEqual([state, left], ["aborted", [{ kind: "given-back", count: 1 }]]);
    await using t = await testApp(app("second"), { engine, store });
    await waiting(2);
    open();
    await t.work.idle();
    const done = await t.app.modifyState(copies, token, (s) => [...s.done]);
    assert.deepEqual(done, ["a 7"]);
    assert.deepEqual(
      [begun, steps],
      [
        ["a 1", "a 2"],
        ["fetch a", "store a"],
      ],
    );
  });
});

describe("a durable task of a shared state", () => {
  const board = () => {
    const begun: string[] = [];
    const asked = Promise.withResolvers<void>();
    const boards = defineState("boards", { scope: "shared", vars: { lines: [] as string[] } })
      .background(({ background }) => ({
        write: background(
          z.string(),
          async (self, line) => {
            begun.push(`${self.token} ${self.attempt}`);
            asked.resolve();
            if (self.attempt === 1) await aborted(self.draining);
            await self.update((s) => void s.lines.push(line));
          },
          { durable: true, concurrency: "single" },
        ),
      }))
      .events(({ on }) => ({ write: on(z.string(), (_, line, ctx) => ctx.start("write", line)) }));
    return { begun, asked: asked.promise, boards, app: () => createApp({ states: [boards] }) };
  };

  test("is given back at once where it ends by `draining`, and goes on although its tab is forgotten", async () => {
    const prefix = `shared-${process.pid}:`;
    const url = await redisUrl();
    const store = redisStore({ url, prefix });
    const engine = memoryEngine();
    const { begun, asked, boards, app } = board();
    const first = await testApp(app(), { engine, store });
    const tab = await first.tab(boards, { key: "k" });
    const { token } = tab;
    await tab.events.write("kept");
    await tab.events.write("dropped, since one runs for this key");
    await asked;
    const { errors, entries } = await first.stop();
    await tab.close();
    assert.deepEqual(errors, []);
    assert.equal(entries.find(({ name }) => name === `worker ${worker}`)?.state, "down");

    const byHand = redisStore({ url, prefix });
    await byHand.open({ clock: manualClock(), log: () => {}, changed: () => {}, missed: () => {} });
    await byHand.remove(token);
    await byHand.close();

    await using t = await testApp(app(), { engine, store });
    await t.work.idle();
    assert.deepEqual(await t.app.modifyState(boards, "k", (s) => [...s.lines]), ["kept"]);
    assert.deepEqual(begun, ["k 1", "k 2"]);
  });
});

describe("what cannot be durable is refused where it is declared", () => {
  const declare = (options: object) => () =>
    defineState("wrong", { vars: {} }).background(({ background }) => ({
      // What the compiler refuses is refused at run time too.
      x: background(async () => {}, options as { readonly durable: true }),
    }));

  test("onDisconnect and grace: a tab may be gone here and open elsewhere", () => {
    for (const wrong of [{ onDisconnect: "abort" }, { grace: 5 }]) {
      assert.throws(declare({ durable: true, ...wrong }), {
        code: "INVALID_STATE",
        message: /cannot end with its tab/,
      });
    }
  });

  test("what is neither true nor false", () => {
    assert.throws(declare({ durable: "yes" }), { code: "INVALID_STATE", message: /durable is "yes"/ });
  });

  test("an argument that cannot be kept", async () => {
    const state = defineState("state", { vars: { n: 0 } })
      .background(({ background }) => ({
        take: background(z.unknown(), async () => {}, { durable: true }),
      }))
      .events(({ on }) => ({ give: on((_, ctx) => ctx.start("take", new Map([[{}, new URL("http://a")]]))) }));
    await using t = await testApp(createApp({ states: [state] }));
    await using tab = await t.tab(state);
    await assert.rejects(tab.events.give(), { code: "STATE_VALUE" });
  });

  test("a name that runs cannot be kept under", async () => {
    const slashed = defineState("slashed", { vars: {} }).background(({ background }) => ({
      "a/b": background(async () => {}, { durable: true }),
    }));
    await assert.rejects(testApp(createApp({ states: [slashed] })), {
      code: "INVALID_TASK",
      message: /"live.slashed.a\/b"/,
    });
  });
});

/** Rejects when the signal fires. */
async function aborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, "abort");
  throw signal.reason;
}

/** Opens and takes jobs, but keeps nothing. */
function broken(engine: Engine): Engine {
  return new Proxy(engine, {
    get: (of, key) => {
      if (key === "enqueue") return () => Promise.reject(new Error("no such host"));
      const value: unknown = Reflect.get(of, key);
      return typeof value === "function" ? value.bind(of) : value;
    },
  });
}

async function states(work: { list(): Promise<readonly { readonly state: RunState }[]> }): Promise<RunState[]> {
  return (await work.list()).map(({ state }) => state);
}
