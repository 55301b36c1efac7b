// Checked by the compiler alone: what lifespans, tasks and overrides infer.
import { createApp, createRouter, lifespan, lifespanTask, open, type App, type Lifespan } from "livespan";
import { manualClock, testApp, type ManualClock } from "livespan/testing";
import { z } from "zod";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <_T extends true>(): void => undefined;
type ValueOf<L> = L extends Lifespan<infer V> ? V : never;

interface Pool {
  query(sql: string): Promise<{ rows: { id: string }[] }>;
  end(): Promise<void>;
}
declare const makePool: () => Pool;

// A value is what the setup yields, whatever kind of setup it is.
const models = lifespan("models", async function* () {
  yield { answer: (x: number) => x * 42 };
});
const plain = lifespan("plain", function* () {
  yield "text";
});
const promised = lifespan("promised", function* () {
  yield Promise.resolve(5);
});
const nothing = lifespan("nothing", async function* () {
  yield;
});
const disposable = lifespan("disposable", async () => ({ n: 1, [Symbol.asyncDispose]: async () => {} }));
const db = lifespan("db", async function* () {
  const pool = makePool();
  yield pool;
  await pool.end();
});
is<Equal<ValueOf<typeof models>, { answer: (x: number) => number }>>();
is<Equal<ValueOf<typeof plain>, string>>();
is<Equal<ValueOf<typeof promised>, number>>();
is<Equal<ValueOf<typeof db>, Pool>>();
is<Equal<ValueOf<typeof disposable>["n"], number>>();

// What is needed is there, by key, and nothing else is.
const repo = lifespan("repo", { needs: { db } }, async function* ({ lifespan: { db } }) {
  yield { find: () => db.query("select") };
});
lifespan("bad", { needs: { db } }, function* ({ lifespan }) {
  // @ts-expect-error unknown key
  yield lifespan.repo;
});
lifespan("bad", function* ({ lifespan }) {
  // @ts-expect-error nothing is needed
  yield lifespan.db;
});
lifespan("bad", { needs: { db } }, function* ({ lifespan }) {
  // @ts-expect-error values are read only
  lifespan.db = makePool();
  yield;
});
// @ts-expect-error not a lifespan
lifespan("bad", { needs: { db: makePool() } }, function* () {
  yield;
});
// @ts-expect-error a plain function does not yield
lifespan("bad", () => 42);
// @ts-expect-error unknown option
lifespan("bad", { stopTimout: 5 }, function* () {
  yield;
});
// @ts-expect-error health is given the value
lifespan("bad", { health: (value: string) => value }, function* () {
  yield 42;
});
lifespan("good", { health: (pool) => pool.query("select 1") }, async function* () {
  yield makePool();
});

// Optional means that it may be absent, for all that need it.
const cache = lifespan("cache", { optional: true }, async function* () {
  yield { get: (key: string) => key };
});
is<Equal<ValueOf<typeof cache>, { get: (key: string) => string } | undefined>>();
createApp({ lifespan: { cache } }).get("/", ({ lifespan }) => {
  // @ts-expect-error it may be absent
  lifespan.cache.get("x");
  return lifespan.cache?.get("x");
});

// Apps: a record, a generator of either kind, or nothing.
const app = createApp({ lifespan: { models, repo } });
app.get("/predict", { query: z.object({ x: z.coerce.number() }) }, ({ query, lifespan }) => ({
  result: lifespan.models.answer(query.x),
}));
app.get("/items/:itemId", ({ params }) => params.itemId.length);
// @ts-expect-error unknown lifespan
app.get("/bad", ({ lifespan }) => lifespan.nope);
// @ts-expect-error what only repo needs is not the app's
app.get("/bad", ({ lifespan }) => lifespan.db);
createApp().get("/", () => "ok");
// @ts-expect-error an app without lifespans has none
createApp().get("/", ({ lifespan }) => lifespan.models);
createApp({
  lifespan: function* () {
    yield { answer: 42 };
  },
}).get("/x", ({ lifespan }) => lifespan.answer.toFixed());
createApp({
  lifespan: async function* (handle) {
    yield { name: handle.name };
  },
}).get("/x", ({ lifespan }) => lifespan.name.length);
createApp({
  lifespan: async function* () {
    yield;
  },
}).get("/x", ({ lifespan }) => Object.keys(lifespan));
const number = function* (): Generator<number, void, void> {
  yield 42;
};
// @ts-expect-error a generator's state is an object
createApp({ lifespan: number });
// @ts-expect-error unknown option
createApp({ lifespans: { models } });
app.onEvent("startup", ({ lifespan }) => lifespan.models.answer(1));
// @ts-expect-error unknown event
app.onEvent("start", () => {});

// Modules: what a router brings is the app's too.
const router = createRouter({ lifespan: { db } }).get("/", ({ lifespan }) => lifespan.db.query("select"));
const joined: App<{ readonly models: { answer: (x: number) => number } } & { readonly db: Pool }> = createApp({
  lifespan: { models },
}).include(router);
joined.get("/both", ({ lifespan }) => [lifespan.models.answer(1), lifespan.db.query("select")]);

// Tasks: needs, arguments, the app.
const push = lifespanTask(
  "push",
  { needs: { repo } },
  async ({ lifespan, sleep, app }, { foo, bar }: { foo: number; bar?: string | undefined }) => {
    await lifespan.repo.find();
    await sleep(5);
    console.log(foo, bar, app.name);
  },
);
app.registerLifespanTask(push, { foo: 42, bar: process.env["BAR_PARAM"] });
app.registerLifespanTask(lifespanTask("plain", async ({ sleep }) => sleep(1)));
app.registerLifespanTask(async ({ app }) => app.name);
createApp({ tasks: [push.with({ foo: 1 }), () => {}] });
// @ts-expect-error wrong argument
app.registerLifespanTask(push, { foo: "42" });
// @ts-expect-error missing argument
app.registerLifespanTask(push);
// @ts-expect-error its arguments are not bound
createApp({ tasks: [push] });
// @ts-expect-error unknown need
lifespanTask("bad", { needs: { db } }, ({ lifespan }) => lifespan.repo);
// @ts-expect-error unknown policy
lifespanTask("bad", { restart: "sometimes" }, () => {});

// Without an app.
export async function opened(): Promise<void> {
  await using s = await open({ models, cache });
  is<Equal<typeof s.lifespan.models, { answer: (x: number) => number }>>();
  // @ts-expect-error not opened
  void s.lifespan.db;
}

// Under test: what stands in is of the same type, lifespan or value.
const fakeDb = lifespan("fake-db", function* () {
  yield { query: async () => ({ rows: [] as { id: string }[] }), end: async () => {} };
});
export async function tested(): Promise<void> {
  const t = await testApp(app, {
    override: [
      [db, fakeDb],
      [models, { answer: (x) => x + 1 }],
    ],
    clock: manualClock(),
  });
  is<Equal<typeof t.clock, ManualClock>>();
  is<Equal<typeof t.lifespan.models, { answer: (x: number) => number }>>();
  const { error } = await t.event("task.failed", ({ attempt }) => attempt === 2);
  console.log(error);
  await testApp(app, { override: [[cache, undefined]] });
  // @ts-expect-error another type of value
  await testApp(app, { override: [[db, { query: async () => 5, end: async () => {} }]] });
  // @ts-expect-error another type of lifespan
  await testApp(app, { override: [[models, fakeDb]] });
  await testApp(app, {
    override: [
      [db, fakeDb],
      // @ts-expect-error the second pair is checked as well
      [models, 5],
    ],
  });
  // @ts-expect-error without a clock of one's own there is nothing to advance
  await (await testApp(app)).clock.advance(5);
  // @ts-expect-error unknown event
  await t.event("task.exploded");
}
void nothing;

// A singleton task has a fence, and another has none.
lifespanTask("single", { singleton: true, needs: { db } }, ({ fence, lifespan }) => {
  is<Equal<typeof fence, number>>();
  is<Equal<typeof lifespan.db, ValueOf<typeof db>>>();
});
lifespanTask("single with arguments", { singleton: true, every: "0 4 * * *" }, ({ fence }, to: string) => fence + to);
// @ts-expect-error: only a singleton task has a fence
lifespanTask("several", { every: 1_000 }, ({ fence }) => fence);

export function pages(app: App<{}>): App<{}> {
  // @ts-expect-error an option that no page has
  app.page("/", { entry: "page.tsx", titel: "x" });
  // @ts-expect-error a page has an entry
  app.page("/", { title: "x" });
  // @ts-expect-error what is no state
  app.page("/", { entry: "page.tsx", states: [{}] });
  return app.page("/", { entry: new URL("./page.tsx", import.meta.url), status: 404 });
}
