import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApp } from "livespan";
import { defineState, type DurableOptions } from "livespan/live";
import { manualClock, testApp } from "livespan/testing";
import { createWorker, type Engine, memoryEngine, type RunState, task } from "livespan/work";
import { z } from "zod";
import { copier, worker } from "./copier.ts";

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
