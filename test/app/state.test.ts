import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp, createRouter, lifespan } from "livespan";
import { testApp } from "livespan/testing";

/** A lifespan that writes when it comes and goes. */
function traced(trace: string[], name: string) {
  return lifespan(name, async function* () {
    trace.push(`${name}+`);
    yield name;
    trace.push(`${name}-`);
  });
}

test("a lifespan starts before the first request, and stops after the last", async () => {
  const trace: string[] = [];
  const app = createApp({ lifespan: { a: traced(trace, "A") } }).get(
    "/",
    ({ lifespan }) => (trace.push("request"), lifespan),
  );
  const t = await testApp(app);
  assert.deepEqual(await (await t.request("/")).json(), { a: "A" });
  await t[Symbol.asyncDispose]();
  assert.deepEqual(trace, ["A+", "request", "A-"]);
});

for (const [kind, make] of [
  [
    "an async generator",
    (trace: string[]) =>
      createApp({
        lifespan: async function* () {
          trace.push("+");
          yield { answer: 42 };
          trace.push("-");
        },
      }),
  ],
  [
    "a plain generator",
    (trace: string[]) =>
      createApp({
        lifespan: function* () {
          trace.push("+");
          yield { answer: 42 };
          trace.push("-");
        },
      }),
  ],
] as const) {
  test(`${kind} on the app is its state`, async () => {
    const trace: string[] = [];
    const app = make(trace).get("/", ({ lifespan }) => lifespan.answer);
    await using t = await testApp(app);
    assert.equal(await (await t.request("/")).json(), 42);
    await t.stop();
    assert.deepEqual(trace, ["+", "-"]);
  });
}

test("X34: a key that a handler assigns is private to its request; a shared object is seen by all, and at stop", async () => {
  let atStop: unknown;
  const app = createApp({
    lifespan: async function* () {
      const state = { count: 0, items: [] as number[] };
      yield state;
      atStop = state;
    },
  }).post("/", ({ lifespan }) => {
    const before = lifespan.count++;
    lifespan.items.push(1);
    return { before, after: lifespan.count, items: lifespan.items.length };
  });
  await using t = await testApp(app);
  assert.deepEqual(await (await t.request("/", { method: "POST" })).json(), { before: 0, after: 1, items: 1 });
  assert.deepEqual(await (await t.request("/", { method: "POST" })).json(), { before: 0, after: 1, items: 2 });
  await t.stop();
  assert.deepEqual(atStop, { count: 0, items: [1, 1] });
});

test("a later lifespan reads an earlier one's value", async () => {
  const config = lifespan("config", function* () {
    yield { url: "memory:" };
  });
  const db = lifespan("db", { needs: { config } }, async function* ({ lifespan }) {
    yield `connected to ${lifespan.config.url}`;
  });
  await using t = await testApp(createApp({ lifespan: { db } }));
  assert.equal(t.lifespan.db, "connected to memory:");
});

test("a generator that yields nothing leaves an empty state", async () => {
  const app = createApp({
    lifespan: async function* () {
      yield;
    },
  }).get("/", ({ lifespan }) => Object.keys(lifespan));
  await using t = await testApp(app);
  assert.deepEqual(await (await t.request("/")).json(), []);
});

const mistakes: readonly (readonly [string, unknown, RegExp])[] = [
  ["never yields", async function* () {}, /"app\.lifespan" returned without yielding.*Yield exactly once/],
  [
    "is a plain function",
    () => {},
    /"app\.lifespan" did not yield.*plain function that returned undefined.*async function\*/,
  ],
  ["is an async function", async () => ({ a: 1 }), /"app\.lifespan" did not yield.*without \[Symbol\.asyncDispose\]/],
  [
    "yields a number",
    function* () {
      yield 42;
    },
    /the lifespan of "app" must yield an object or nothing, but yielded a number/,
  ],
];

for (const [what, setup, words] of mistakes) {
  test(`X1: a lifespan that ${what} fails the start, and the error names the mend`, async () => {
    const app = createApp({ lifespan: setup as () => Generator<{}, void, void> });
    await assert.rejects(testApp(app), words);
    assert.equal(app.state, "failed");
  });
}

test("X1: a lifespan that yields twice fails the stop", async () => {
  const app = createApp({
    lifespan: async function* () {
      yield {};
      yield {};
    },
  });
  const t = await testApp(app);
  await assert.rejects(t.stop(), /lifespan "app\.lifespan" failed while stopping.*yielded a second time/);
});

test("an error at start is the cause of what start rejects with, and nothing is served", async () => {
  const boom = new Error("no database");
  const app = createApp({
    lifespan: async function* () {
      yield await Promise.reject<object>(boom);
    },
  });
  await assert.rejects(app.start(), (error: Error) => error.cause === boom);
  assert.equal(app.state, "failed");
  await assert.rejects(app.fetch(new Request("http://test.local/")), (error: Error) => error.cause === boom);
});

test("the whole state is there for requests, at three levels of modules", async () => {
  const trace: string[] = [];
  const sub = createRouter({ lifespan: { sub: traced(trace, "S") } }).get("/keys", ({ lifespan }) =>
    Object.keys(lifespan).sort(),
  );
  const router = createRouter({ lifespan: { router: traced(trace, "R") } }).include(sub, "/sub");
  const app = createApp({ lifespan: { app: traced(trace, "A") } }).include(router, "/router");
  await using t = await testApp(app);
  assert.deepEqual(await (await t.request("/router/sub/keys")).json(), ["app", "router", "sub"]);
  await t.stop();
  assert.deepEqual(trace.slice(0, 3), ["A+", "R+", "S+"]);
  assert.deepEqual(trace.slice(3).sort(), ["A-", "R-", "S-"]);
});

test("the same key for two lifespans is an error that names both, and nothing starts", async () => {
  const trace: string[] = [];
  const one = traced(trace, "one");
  const router = createRouter({ lifespan: { db: traced(trace, "two") } });
  const app = createApp({ lifespan: { db: one } }).include(router);
  await assert.rejects(testApp(app), { code: "DUPLICATE_KEY", message: /"app".*"db".*"one" and "two"/ });
  assert.deepEqual([trace, app.state], [[], "idle"]);
});

test("a key that is yielded and a lifespan's too is an error", async () => {
  const router = createRouter({ lifespan: { db: traced([], "db") } });
  const app = createApp({
    lifespan: function* () {
      yield { db: 1 };
    },
  }).include(router);
  await assert.rejects(testApp(app), { code: "DUPLICATE_KEY", message: /"db"/ });
});

test("X8: a module that is included twice, and nested, starts once and serves at each place", async () => {
  const trace: string[] = [];
  const counted = createRouter({ lifespan: { a: traced(trace, "A") } });
  counted.onEvent("startup", () => trace.push("startup")).onEvent("shutdown", () => trace.push("shutdown"));
  counted.get("/", ({ lifespan }) => lifespan.a);
  const outer = createRouter().include(counted, "/nested");
  const app = createApp().include(counted, "/one").include(counted, "/two").include(outer, "/outer");
  await using t = await testApp(app);
  for (const path of ["/one", "/two", "/outer/nested"]) assert.equal(await (await t.request(path)).json(), "A", path);
  await t.stop();
  assert.deepEqual(trace, ["A+", "startup", "shutdown", "A-"]);
});

test("X9: what is declared after the start is refused, and allowed again when the app has stopped", async () => {
  const app = createApp();
  const inner = createRouter();
  app.include(inner);
  const t = await testApp(app);
  const late: readonly (() => unknown)[] = [
    () => app.include(createRouter()),
    () => app.get("/late", () => 1),
    () => inner.get("/late", () => 1),
    () => app.mount("/late", createApp(), {}),
    () => app.onEvent("startup", () => {}),
    () => app.registerLifespanTask(() => {}),
    () => app.use(async (_c, next) => next()),
  ];
  for (const declare of late) assert.throws(declare, { code: "APP_STARTED" }, String(declare));
  await t[Symbol.asyncDispose]();
  app.get("/later", () => "now");
  await using again = await testApp(app);
  assert.equal((await again.request("/later")).status, 200);
});

for (const count of [1_000, 5_000]) {
  test(`${count} modules, each included in the one before, start and stop`, async () => {
    let count_ = 0;
    let inner = createRouter();
    for (let i = 0; i < count; i++) {
      const a = lifespan(`n${i}`, function* () {
        count_++;
        yield;
        count_--;
      });
      inner = createRouter({ lifespan: { [`k${i}`]: a } }).include(inner) as never;
    }
    await using t = await testApp(createApp().include(inner));
    assert.equal(count_, count);
    await t.stop();
    assert.equal(count_, 0);
  });
}

test("two apps in one process share no state, though they declare the same lifespan (82)", async () => {
  let made = 0;
  const counter = lifespan("counter", function* () {
    yield { id: ++made };
  });
  await using one = await testApp(createApp({ name: "one", lifespan: { counter } }));
  await using two = await testApp(createApp({ name: "two", lifespan: { counter } }), { leaks: false });
  assert.deepEqual([one.lifespan.counter.id, two.lifespan.counter.id], [1, 2]);
});

test("an app may run again after it has stopped, with new instances", async () => {
  let made = 0;
  const counter = lifespan("counter", function* () {
    yield ++made;
  });
  const app = createApp({ lifespan: { counter } });
  for (const expected of [1, 2]) {
    await using t = await testApp(app);
    assert.equal(t.lifespan.counter, expected);
    await assert.rejects(testApp(app), { code: "ALREADY_RUNNING", message: /it is ready/ });
  }
});
