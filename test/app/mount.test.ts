import assert from "node:assert/strict";
import { test } from "node:test";
import { Hono } from "hono";
import { App, createApp, createRouter, lifespan, lifespanTask, type Router } from "livespan";
import { testApp } from "livespan/testing";

function traced(trace: string[], name: string) {
  return lifespan(name, async function* () {
    trace.push(`${name}+`);
    yield { name };
    trace.push(`${name}-`);
  });
}

test("X11: a mounted app's lifespan, handlers and tasks run inside the parent's, once", async () => {
  const trace: string[] = [];
  const shared = traced(trace, "shared");
  const task = lifespanTask("sub-task", ({ app }) => void trace.push(`task of ${app.name}`));
  const sub = createApp({ name: "sub", lifespan: { shared, own: traced(trace, "own") }, tasks: [task] })
    .onEvent("startup", () => trace.push("sub startup"))
    .get("/", ({ lifespan }) => [Object.keys(lifespan), lifespan.shared.name]);
  const app = createApp({ lifespan: { shared } })
    .get("/", ({ lifespan }) => Object.keys(lifespan))
    .mount("/sub", sub);
  await using t = await testApp(app);
  await t.event("task.ended");
  assert.deepEqual(await (await t.request("/sub")).json(), [["shared", "own"], "shared"]);
  assert.deepEqual(await (await t.request("/")).json(), ["shared"]);
  await t.stop();
  assert.deepEqual(trace.slice(0, 4), ["shared+", "own+", "sub startup", "task of app"]);
  assert.deepEqual(trace.slice(4).sort(), ["own-", "shared-"]);
});

test("an app that is mounted at two places starts once, and serves at both", async () => {
  const trace: string[] = [];
  const sub = createApp({ lifespan: { a: traced(trace, "a") } }).get("/", ({ lifespan }) => lifespan.a.name);
  await using t = await testApp(createApp({ name: "outer" }).mount("/one", sub, {}).mount("/two", sub, {}));
  for (const path of ["/one", "/two"]) assert.equal(await (await t.request(path)).json(), "a");
  assert.deepEqual(trace, ["a+"]);
});

test('{ lifespan: "ignore" } leaves the mounted app\'s lifespan, handlers and tasks out; its routes answer', async () => {
  const trace: string[] = [];
  const sub = createApp({ lifespan: { a: traced(trace, "a") }, tasks: [() => void trace.push("task")] })
    .onEvent("startup", () => trace.push("startup"))
    .get("/", ({ lifespan }) => Object.keys(lifespan));
  await using t = await testApp(createApp({ name: "outer" }).mount("/sub", sub, { lifespan: "ignore" }));
  assert.deepEqual(await (await t.request("/sub")).json(), []);
  assert.deepEqual(trace, []);
});

test("a mounted app cannot be started by itself, and the error names where it is mounted", async () => {
  const sub = createApp({ name: "sub" });
  createApp({ name: "outer" }).mount("/sub", sub);
  await assert.rejects(sub.start(), { code: "APP_MOUNTED", message: /"sub" is mounted in "outer"/ });
});

test("mounted apps' own generators each have their state", async () => {
  const sub = createApp({
    lifespan: function* () {
      yield { who: "sub" };
    },
  }).get("/", ({ lifespan }) => lifespan.who);
  const deep = createApp({
    lifespan: function* () {
      yield { who: "deep" };
    },
  }).get("/", ({ lifespan }) => lifespan.who);
  sub.mount("/deep", deep);
  const app = createApp({
    lifespan: function* () {
      yield { who: "app" };
    },
  })
    .get("/", ({ lifespan }) => lifespan.who)
    .mount("/sub", sub);
  await using t = await testApp(app);
  const asked = await Promise.all(["/", "/sub", "/sub/deep"].map(async (path) => (await t.request(path)).json()));
  assert.deepEqual(asked, ["app", "sub", "deep"]);
});

test("two apps under one path each have their own state", async () => {
  const create = (who: string) =>
    createApp({
      name: "same",
      lifespan: function* () {
        yield { who };
      },
    }).get(`/${who}`, ({ lifespan }) => lifespan.who);
  await using t = await testApp(createApp().mount("/sub", create("one")).mount("/sub", create("two")));
  for (const who of ["one", "two"]) assert.equal(await (await t.request(`/sub/${who}`)).json(), who);
});

test("any app with fetch mounts too", async () => {
  const hono = new Hono().get("/hello", (c) => c.text("from hono"));
  await using t = await testApp(createApp().mount("/hono", hono));
  assert.equal(await (await t.request("/hono/hello")).text(), "from hono");
});

test("an unknown option of mount is refused, with the nearest name", () => {
  const options = { lifespans: "ignore" } as {};
  assert.throws(() => createApp().mount("/sub", createApp(), options), {
    code: "UNKNOWN_OPTION",
    message: /Did you mean "lifespan"/,
  });
});

/** Ways to put an app, or a router, somewhere inside another app. */
const places: readonly (readonly [string, (outer: App<unknown>, inner: App<unknown> | Router<unknown>) => void])[] = [
  ["an app", (outer, inner) => void outer.mount("/in", inner)],
  ["a router", (outer, inner) => void outer.include(createRouter().mount("/in", inner))],
  [
    "a router in a router",
    (outer, inner) => void outer.include(createRouter().include(createRouter().mount("/in", inner))),
  ],
  ["a group", (outer, inner) => void outer.group("/", (routes) => void routes.mount("/in", inner))],
];

for (const [where, put] of places) {
  for (const what of ["an app", "a router"]) {
    test(`X11: the lifespan of ${what} mounted in ${where} runs, once`, async () => {
      const trace: string[] = [];
      const declared = { lifespan: { a: traced(trace, "a") } };
      const inner =
        what === "an app"
          ? createApp(declared).get("/", ({ lifespan }) => lifespan.a.name)
          : createRouter(declared).get("/", ({ lifespan }) => lifespan.a.name);
      const outer = createApp({ name: "outer" });
      put(outer, inner);
      if (inner instanceof App) await assert.rejects(inner.start(), { code: "APP_MOUNTED", message: /in "outer"/ });
      await using t = await testApp(outer);
      assert.equal(await (await t.request("/in")).json(), "a");
      await t.stop();
      assert.deepEqual(trace, ["a+", "a-"]);
    });
  }
}

test("an app that is ignored at one place and not at another runs", async () => {
  const trace: string[] = [];
  const deep = createApp({ lifespan: { b: traced(trace, "b") } });
  const sub = createApp({ lifespan: { a: traced(trace, "a") } }).mount("/deep", deep);
  const outer = createApp({ name: "outer" }).mount("/ignored", sub, { lifespan: "ignore" }).mount("/runs", sub);
  await using t = await testApp(outer);
  assert.deepEqual(trace, ["a+", "b+"]);
  await t.stop();
});

test("X8: a router in an app and in one mounted there is in the state of both, and its task runs once", async () => {
  const trace: string[] = [];
  const router = createRouter({ lifespan: { a: traced(trace, "a") }, tasks: [() => void trace.push("task")] });
  const sub = createApp({ name: "sub" })
    .include(router)
    .get("/", ({ lifespan }) => lifespan.a.name);
  const outer = createApp({ name: "outer" })
    .include(router)
    .get("/", ({ lifespan }) => lifespan.a.name);
  await using t = await testApp(outer.mount("/sub", sub));
  await t.event("task.ended");
  for (const path of ["/", "/sub"]) assert.equal(await (await t.request(path)).json(), "a");
  assert.deepEqual(trace, ["a+", "task"]);
});

test("X9: a router in two apps stays closed to declarations until both have stopped", async () => {
  const router = createRouter();
  const [one, other] = ["one", "other"].map((name) => createApp({ name }).include(router));
  await one!.start();
  await other!.start();
  await one!.stop();
  assert.throws(() => router.get("/late", () => "late"), { code: "APP_STARTED", message: /"other"/ });
  await other!.stop();
  router.get("/late", () => "late");
});
