import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import test from "node:test";
import type { Client } from "livespan/work";
import { createApp, createRouter, lifespan, lifespanTask } from "livespan";
import { createWorker, memoryEngine, task, workflow } from "livespan/work";
import { defineState } from "livespan/live";
import { testApp } from "livespan/testing";

const add = task("add", (input: unknown) => Number(input) + 1);
const adder = createWorker("adder", { workflows: [add] });

/** What is told, in order. */
function journal() {
  const told: string[] = [];
  return { told, tell: (text: string) => void told.push(text) };
}

test("handlers, lifespan tasks and the app itself run tasks by app.work, and by the task itself", async () => {
  const heard = Promise.withResolvers<unknown>();
  const asks = lifespanTask("asks", async ({ app }) => heard.resolve([await app.work.run(add, 1), await add.run(2)]));
  const app = createApp({ workers: [adder], tasks: [asks] });
  app.get("/handle", async ({ app: handle }) => ({ by: [await handle.work.run(add, 3), await add.run(4)] }));
  const t = await testApp(app);
  assert.deepEqual(await heard.promise, [2, 3]);
  assert.deepEqual(await (await t.request("/handle")).json(), { by: [4, 5] });
  assert.equal(await app.work.run(add, 5), 6);
  await t[Symbol.asyncDispose]();
});

test("what a handler does after its answer asks for runs too", async () => {
  const app = createApp({ workers: [adder] });
  const done = Promise.withResolvers<unknown>();
  app.get("/", ({ after }) => {
    after(async () => done.resolve(await add.run(1)));
    return "ok";
  });
  const t = await testApp(app, { listen: true });
  await (await fetch(t.url)).text();
  assert.equal(await done.promise, 2);
  await t[Symbol.asyncDispose]();
});

test("an event of a tab, and what a background task does, ask for runs", async () => {
  const counter = defineState("counter", { vars: { n: 0, m: 0 } })
    .background(({ background }) => ({
      count: background(async (self) => {
        const m = await add.run(10);
        await self.update((s) => void (s.m = m));
      }),
    }))
    .events(({ on }) => ({
      up: on(async (s, ctx) => {
        ctx.start("count");
        s.n = await ctx.app.work.run(add, s.n);
        return add.run(s.n);
      }),
    }));
  const t = await testApp(createApp({ workers: [adder], states: [counter] }));
  const tab = await t.tab(counter);
  assert.equal(await tab.events.up(), 2);
  await tab.until(({ m }) => m === 11);
  assert.equal(tab.snapshot.n, 1);
  await tab[Symbol.asyncDispose]();
  await t[Symbol.asyncDispose]();
});

test("setups and teardowns ask for runs: the engine opens beside them, and closes last", async () => {
  const { told, tell } = journal();
  const engine = memoryEngine();
  const early = lifespan("early", async function* () {
    const { id } = await add.enqueue(1);
    yield id;
    tell(`went down, and asked for ${typeof (await add.enqueue(2)).id}`);
  });
  const app = createApp({ workflows: [add], lifespan: { early }, engine });
  app.onEvent("shutdown", async ({ app: handle }) => tell(`runs at shutdown: ${(await handle.work.list()).length}`));
  const t = await testApp(app, { engine });
  assert.equal(await t.work.handle(t.lifespan.early).state(), "queued");
  await t[Symbol.asyncDispose]();
  assert.deepEqual(told, ["runs at shutdown: 1", "went down, and asked for string"]);
  await assert.rejects(app.work.enqueue(add, 1), { code: "ENGINE_CLOSED" });
});

test("what a worker's tasks need is shared with the app, starts once, and goes down after its last job", async () => {
  const { told, tell } = journal();
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const db = lifespan("db", async function* () {
    tell("db up");
    yield { open: true };
    tell("db down");
  });
  const slow = task("slow", { needs: { db } }, async (_, ctx) => {
    begun.resolve();
    ctx.draining.addEventListener("abort", () => gate.resolve());
    await gate.promise;
    tell("job done");
    return ctx.lifespan.db;
  });
  const app = createApp({ workers: [createWorker("w", { workflows: [slow] })], lifespan: { db } });
  const t = await testApp(app);
  const result = t.work.run(slow);
  await begun.promise;
  const stopping = t.stop();
  await result;
  await stopping;
  await t[Symbol.asyncDispose]();
  assert.deepEqual(told, ["db up", "job done", "db down"]);
});

test("a task is given the same object as a handler", async () => {
  const db = lifespan("db", function* () {
    yield {};
  });
  const seen: unknown[] = [];
  const see = task("see", { needs: { db } }, (_, ctx) => void seen.push(ctx.lifespan.db));
  const app = createApp({ workers: [createWorker("w", { workflows: [see] })], lifespan: { db } });
  const t = await testApp(app);
  await t.work.run(see);
  await t.work.run(see);
  assert(seen.length === 2 && seen.every((each) => each === t.lifespan.db));
  await t[Symbol.asyncDispose]();
});

test("declared workflows without a worker start nothing", async () => {
  const db = lifespan("db", () => assert.fail("nobody needs it here"));
  const flow = workflow("flow", { needs: { db: db as never } });
  flow.task("step", () => 1);
  const t = await testApp(createApp({ workflows: [flow] }));
  assert.deepEqual(
    t.events.filter(({ type }) => type === "lifespan.up").map((event) => "name" in event && event.name),
    ["work.memory"],
  );
  await t.work.enqueue(flow);
  await t[Symbol.asyncDispose]();
});

test("the engine is said at start in one line", async () => {
  const t = await testApp(createApp({ workflows: [add] }));
  assert.deepEqual(
    t.log.filter(({ message }) => message.startsWith("work:")).map(({ level, message }) => `${level} ${message}`),
    ["info work: memory"],
  );
  await t[Symbol.asyncDispose]();
});

test("mounted apps and routers have the work of the app around them, and bring theirs", async () => {
  const inner = createApp({ workers: [adder] });
  inner.get("/add", async ({ app }) => ({ n: await app.work.run(add, 1) }));
  const router = createRouter();
  router.get("/add", async () => ({ n: await add.run(2) }));
  const app = createApp();
  app.mount("/inner", inner);
  app.include(router, "/router");
  const t = await testApp(app);
  assert.deepEqual(await (await t.request("/inner/add")).json(), { n: 2 });
  assert.deepEqual(await (await t.request("/router/add")).json(), { n: 3 });
  await t[Symbol.asyncDispose]();
});

test("a mounted app whose lifespan is ignored runs no worker", async () => {
  const app = createApp({ workflows: [add] });
  app.mount("/inner", createApp({ workers: [adder] }), { lifespan: "ignore" });
  const t = await testApp(app);
  assert.equal(await (await t.work.enqueue(add, 1)).state(), "queued");
  await t.work.idle();
  assert.equal((await t.work.list({ states: ["queued"] })).length, 1);
  await t[Symbol.asyncDispose]();
});

test("what is not listed is refused with the nearest name", async () => {
  const t = await testApp(createApp({ workers: [adder] }));
  await assert.rejects(t.work.enqueue(task("adds", () => 1)), { code: "UNKNOWN_TASK", message: /"adds".*"add"/ });
  await t[Symbol.asyncDispose]();
});

test("an app without work says so, and so does one that has not started", async () => {
  const without = createApp();
  const errors: unknown[] = [];
  without.get("/", ({ app }) => {
    try {
      void app.work;
    } catch (error) {
      errors.push(error);
    }
    return "ok";
  });
  const t = await testApp(without);
  await t.request("/");
  assert.match(String(errors[0]), /declares none.*workflows/);
  await t[Symbol.asyncDispose]();
  assert.throws((): Client => createApp({ workers: [adder] }).work, { code: "APP_NOT_SERVING" });
});

test("what is no worker, and two of one name, are refused before anything opens", async () => {
  const db = lifespan("db", () => assert.fail("opened"));
  const refused = (workers: readonly unknown[]) =>
    testApp(createApp({ workers: workers as never, lifespan: { db: db as never } }));
  await assert.rejects(refused([{ name: "w" }]), { code: "INVALID_TASK", message: /createWorker/ });
  await assert.rejects(refused([adder, createWorker("adder", { workflows: [add] })]), {
    code: "INVALID_TASK",
    message: /"adder"/,
  });
});

test("whoever waits for an engine that will never open is told", async () => {
  const engine = memoryEngine();
  engine.open = () => Promise.reject(new Error("no disk"));
  const asked = Promise.withResolvers<unknown>();
  const asks = lifespan("asks", async function* () {
    await add.enqueue(1).catch(asked.resolve);
    yield;
  });
  const app = createApp({ workflows: [add], lifespan: { asks } });
  await assert.rejects(testApp(app, { engine }), /"work.memory" failed while starting: no disk/);
  assert.match(String(await asked.promise), /no disk/);
});

test("an app that answers inside another's request keeps to its own client", async () => {
  const inner = createApp({ workers: [adder], engine: memoryEngine() });
  inner.get("/", async () => ({ n: await add.run(1) }));
  const outer = createApp({ workflows: [add] });
  outer.get("/", async () => (await inner.fetch(new Request("http://inner.test/"))).json());
  const t = await testApp(outer);
  assert.deepEqual(await (await t.request("/")).json(), { n: 2 });
  assert.equal((await t.work.list()).length, 0);
  await inner.stop();
  await t[Symbol.asyncDispose]();
});

test("an app without work loads none of it", async () => {
  const source = `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
    const work = () => loaded.filter((url) => /(work|wing)[^/]*$|node:sqlite|croner/.test(url)).length;
    const { createApp } = await import("livespan");
    const app = createApp();
    app.get("/", () => "ok");
    await app.fetch(new Request("http://test.local/"));
    await app.stop();
    const without = work();
    process.env.LIVESPAN_ENGINE = "memory";
    const other = createApp({ workflows: [] });
    await other.start();
    await other.stop();
    console.log(JSON.stringify([without, work() > 0]));
  `;
  const cwd = new URL("../..", import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", source], { cwd });
  assert.deepEqual(JSON.parse(stdout), [0, true]);
});
