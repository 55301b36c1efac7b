import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp, createRouter, lifespan } from "livespan";
import { testApp } from "livespan/testing";

const boom = (what: string) => () => {
  throw new Error(what);
};

test("startup handlers run in order, shutdown handlers in reverse, and each is awaited", async () => {
  const trace: string[] = [];
  const say = (what: string) => async () => {
    await new Promise((resolve) => void setImmediate(resolve));
    trace.push(what);
  };
  const app = createApp()
    .onEvent("startup", say("up 1"))
    .onEvent("shutdown", say("down 1"))
    .onEvent("startup", say("up 2"))
    .onEvent("shutdown", say("down 2"))
    .onEvent("shutdown", say("down 3"));
  const t = await testApp(app);
  await t[Symbol.asyncDispose]();
  assert.deepEqual(trace, ["up 1", "up 2", "down 3", "down 2", "down 1"]);
});

test("lifespans and handlers both run: lifespans first at start, handlers first at stop, with the state", async () => {
  const trace: string[] = [];
  const db = lifespan("db", async function* () {
    trace.push("db+");
    yield { name: "db" };
    trace.push("db-");
  });
  const app = createApp({ lifespan: { db } })
    .onEvent("startup", ({ lifespan, app }) => trace.push(`startup with ${lifespan.db.name} of ${app.name}`))
    .onEvent("shutdown", ({ lifespan }) => trace.push(`shutdown with ${lifespan.db.name}`));
  const t = await testApp(app);
  await t[Symbol.asyncDispose]();
  assert.deepEqual(trace, ["db+", "startup with db of app", "shutdown with db", "db-"]);
});

test("handlers wait for an optional lifespan, go down before it, and run without it when it fails", async () => {
  for (const fails of [false, true]) {
    const trace: unknown[] = [];
    const cache = lifespan("cache", { optional: true }, async function* () {
      await new Promise((resolve) => void setImmediate(resolve));
      if (fails) throw new Error("no cache");
      yield "warm";
      trace.push("cache-");
    });
    const app = createApp({ lifespan: { cache } })
      .onEvent("startup", ({ lifespan }) => trace.push(lifespan.cache))
      .onEvent("shutdown", ({ lifespan }) => trace.push(lifespan.cache));
    const t = await testApp(app);
    await t[Symbol.asyncDispose]();
    assert.deepEqual(trace, fails ? [undefined, undefined] : ["warm", "warm", "cache-"]);
  }
});

test("handlers beside the app's own generator see what it yielded", async () => {
  const seen: unknown[] = [];
  const app = createApp({
    lifespan: async function* () {
      yield { answer: 42 };
    },
  });
  app.onEvent("startup", ({ lifespan }) => seen.push(lifespan.answer));
  app.onEvent("shutdown", ({ lifespan }) => seen.push(lifespan.answer));
  const t = await testApp(app);
  await t[Symbol.asyncDispose]();
  assert.deepEqual(seen, [42, 42]);
});

test("X5: the second of three startup handlers fails: the first one's other half runs, the third's does not", async () => {
  const trace: string[] = [];
  const app = createApp();
  for (const n of [1, 2, 3]) {
    app.onEvent("startup", n === 2 ? boom("no second") : () => trace.push(`up ${n}`));
    app.onEvent("shutdown", () => trace.push(`down ${n}`));
  }
  await assert.rejects(testApp(app), /no second/);
  assert.deepEqual(trace, ["up 1", "down 1"]);
});

test("X6: a shutdown handler that fails does not keep the others from running, and two failures are both kept", async () => {
  const trace: string[] = [];
  const app = createApp()
    .onEvent("shutdown", boom("first broke"))
    .onEvent("shutdown", () => trace.push("second"))
    .onEvent("shutdown", boom("third broke"));
  const t = await testApp(app);
  const error = await t.stop().catch((thrown: unknown) => thrown);
  assert.ok(error instanceof AggregateError);
  assert.match(error.errors.map(String).join(), /third broke.*first broke/);
  assert.deepEqual(trace, ["second"]);
});

test("handlers of routers run with the app's, once each, in the order of inclusion", async () => {
  const trace: string[] = [];
  const both =
    (name: string) =>
    <M extends { onEvent(event: "startup" | "shutdown", fn: () => unknown): M }>(module: M): M =>
      module.onEvent("startup", () => trace.push(`${name}+`)).onEvent("shutdown", () => trace.push(`${name}-`));
  const sub = both("S")(createRouter());
  const router = both("R")(createRouter()).include(sub);
  const app = both("A")(createApp()).include(router);
  const t = await testApp(app);
  await t[Symbol.asyncDispose]();
  assert.deepEqual(trace, ["A+", "R+", "S+", "S-", "R-", "A-"]);
});

test("a handler may wait on the app's clock, and hears when it is given up", async () => {
  const app = createApp({ budgets: { startEach: 30 } }).onEvent("startup", ({ sleep }) => sleep(60_000));
  await assert.rejects(testApp(app), {
    code: "START_TIMEOUT",
    message: /lifespan "app\.event" did not start within 30 ms/,
  });
});

test("an event that does not exist is refused by name", () => {
  const app = createApp();
  assert.throws(() => app.onEvent("start" as "startup", () => {}), {
    code: "UNKNOWN_LIFE_EVENT",
    message: /onEvent\("start"\)/,
  });
});

test("watch hands on each event of the app's life, until it is ended", async () => {
  const app = createApp();
  const seen: string[] = [];
  const off = app.watch(({ type }) => void seen.push(type));
  const t = await testApp(app);
  off();
  await t[Symbol.asyncDispose]();
  assert.deepEqual(seen, ["starting", "intake.open", "ready"]);
});
