import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { createApp, lifespan } from "livespan";
import { manualClock, testApp } from "livespan/testing";

const ask = (app: { fetch(request: Request): Promise<Response> }, path = "/") =>
  app.fetch(new Request(`http://test.local${path}`));

test("X33: the first request starts the app, and waits until it is ready", async () => {
  const gate = Promise.withResolvers<void>();
  let starts = 0;
  const slow = lifespan("slow", async function* () {
    starts++;
    await gate.promise;
    yield "up";
  });
  const app = createApp({ lifespan: { slow } }).get("/", ({ lifespan }) => lifespan.slow);
  assert.equal(app.state, "idle");
  const answers = [ask(app), ask(app), ask(app)];
  gate.resolve();
  assert.deepEqual(await Promise.all(answers.map(async (answer) => (await answer).json())), ["up", "up", "up"]);
  assert.equal(starts, 1);
  await app.stop();
});

test("X33: a start that failed is tried again by the next request", async () => {
  let broken = true;
  const flaky = lifespan("flaky", function* () {
    if (broken) throw new Error("not yet");
    yield;
  });
  const app = createApp({ lifespan: { flaky } }).get("/", () => "served");
  await assert.rejects(ask(app), /not yet/);
  broken = false;
  assert.equal(await (await ask(app)).json(), "served");
  await app.stop();
});

test("a request to an app that has stopped is a 503, and starts nothing", async () => {
  const app = createApp().get("/", () => "served");
  await app.start();
  await app.stop();
  const response = await ask(app);
  assert.deepEqual(
    [response.status, response.headers.get("content-type"), app.state],
    [503, "application/problem+json", "stopped"],
  );
});

test("31: a request in flight at stop has its answer, and the lifespan waits for it", async () => {
  const trace: string[] = [];
  const gate = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const db = lifespan("db", function* () {
    yield;
    trace.push("db-");
  });
  const app = createApp({ lifespan: { db } }).get("/", async () => {
    entered.resolve();
    await gate.promise;
    trace.push("answered");
    return "whole";
  });
  await using t = await testApp(app);
  const answer = t.request("/");
  await entered.promise;
  const stopping = t.stop();
  await t.event("intake.closed");
  assert.equal((await t.request("/")).status, 503);
  gate.resolve();
  assert.deepEqual([(await answer).status, await (await answer).json()], [200, "whole"]);
  await stopping;
  assert.deepEqual(trace, ["answered", "db-"]);
});

/** An app whose answer reads from its lifespan, ten times unless it is `endless`. */
function streaming(trace: string[], endless = false) {
  const db = lifespan("db", function* () {
    let open = true;
    yield () => open;
    open = false;
    trace.push("db-");
  });
  return createApp({ lifespan: { db }, log: () => {} }).get("/", ({ lifespan }) => {
    let parts = 0;
    const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
      await new Promise((resolve) => void setImmediate(resolve));
      controller.enqueue(new TextEncoder().encode(lifespan.db() ? "open " : "closed "));
      if (++parts === 10 && !endless) controller.close();
    };
    return new Response(new ReadableStream({ pull }), { status: 201, headers: { "x-kept": "yes" } });
  });
}

test("33: a streamed answer that is read at stop comes whole, and the lifespan waits for it", async () => {
  const trace: string[] = [];
  await using t = await testApp(streaming(trace));
  const response = await t.request("/");
  assert.deepEqual([response.status, response.headers.get("x-kept")], [201, "yes"]);
  const text = response.text().then((whole) => (trace.push("read"), whole));
  await t.stop();
  assert.equal(await text, "open ".repeat(10));
  assert.deepEqual(trace, ["read", "db-"]);
});

test("33: a streamed answer that nobody reads, or no longer, holds up no stop", async () => {
  const clock = manualClock();
  const t = await testApp(streaming([], true), { clock });
  await t.request("/");
  const reader = (await t.request("/")).body!.getReader();
  await reader.read();
  await reader.cancel();
  await t[Symbol.asyncDispose]();
  assert.equal(clock.now(), 0);
});

test("36: a streamed answer without an end is cut at the budget, and its reader can tell", async () => {
  const clock = manualClock();
  const t = await testApp(streaming([], true), { clock });
  const reader = (await t.request("/")).body!.getReader();
  await reader.read();
  const report = await clock.until(t.stop());
  assert.deepEqual(report.entries[0]?.left, [{ kind: "in-flight", count: 1 }]);
  await assert.rejects(async () => {
    while (!(await reader.read()).done);
  }, /drain budget/);
  await t[Symbol.asyncDispose]();
});

test("36: a handler that never answers hears of it at the budget; the stop names what it left", async () => {
  const clock = manualClock();
  const fired = Promise.withResolvers<unknown>();
  const app = createApp().get("/", ({ signal }) => {
    signal.addEventListener("abort", () => fired.resolve(signal.reason));
    return new Promise(() => {});
  });
  const t = await testApp(app, { clock, leaks: false });
  const request = t.request("/");
  request.catch(() => {});
  await t.event("ready");
  await assert.rejects(clock.until(t.stop()), { code: "ABANDONED", message: /intake "fetch"/ });
  assert.match(String(await fired.promise), /drain budget/);
  assert.equal(clock.now(), 8_000 + 2_000);
});

test("39: work after a response is awaited at stop, in order; its failure is logged and ends only its own queue", async () => {
  const trace: string[] = [];
  const gate = Promise.withResolvers<void>();
  const db = lifespan("db", function* () {
    yield;
    trace.push("db-");
  });
  const app = createApp({ lifespan: { db } })
    .post("/mail", ({ after }) => {
      after(() => gate.promise);
      after(() => void trace.push("mail sent"));
      after(() => Promise.reject(new Error("receipt broke")));
      after(() => void trace.push("never"));
      return "accepted";
    })
    .post("/other", ({ after }) => after(() => void trace.push("other")));
  await using t = await testApp(app);
  assert.equal(await (await t.request("/mail", { method: "POST" })).json(), "accepted");
  await t.request("/other", { method: "POST" });
  const stopping = t.stop();
  await t.event("draining");
  gate.resolve();
  await stopping;
  assert.deepEqual(trace.toSorted(), ["db-", "mail sent", "other"]);
  assert.equal(trace.at(-1), "db-");
  assert.match(t.log.map(({ message }) => message).join(), /"after POST \/mail" failed: receipt broke/);
});

test("39: app.own keeps a promise until the stop, and is refused before a start and after the drain", async () => {
  const trace: string[] = [];
  const app = createApp();
  assert.throws(() => app.own("early", () => {}), { code: "APP_NOT_SERVING", message: /"early"/ });
  const t = await testApp(app);
  app.own("job", async () => {
    await new Promise((resolve) => void setImmediate(resolve));
    trace.push("job done");
  });
  await t[Symbol.asyncDispose]();
  assert.deepEqual(trace, ["job done"]);
  assert.throws(() => app.own("late", () => {}), { code: "TASK_CALLED_LATE" });
});

test("25: a provided value is seen by handlers, in process and on a socket, and by work after the response", async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const tracing = lifespan("tracing", async function* ({ provide }) {
    provide(storage, "trace-1");
    yield;
    seen.push(storage.getStore());
  });
  const app = createApp({ lifespan: { tracing } }).get("/", ({ after }) => {
    after(() => seen.push(storage.getStore()));
    return storage.getStore();
  });
  await using t = await testApp(app, { listen: true });
  assert.equal(await (await t.request("/")).json(), "trace-1");
  assert.equal(await (await fetch(t.url, { headers: { connection: "close" } })).json(), "trace-1");
  await storage.run("of the one who stops", () => t.stop());
  assert.deepEqual(seen, ["trace-1", "trace-1", "trace-1"]);
});

test("a task that crashes for good takes the app down in order, though requests could still be answered", async () => {
  const clock = manualClock();
  const app = createApp({
    tasks: [
      function crashing() {
        throw new Error("no luck");
      },
    ],
  }).get("/", () => "served");
  const t = await testApp(app, { clock, leaks: false });
  await clock.advance(60_000);
  const { error } = await t.event("failed");
  assert.match(String(error), /task "crashing" failed more often than its policy allows: no luck/);
  await assert.rejects(t.stop(), { code: "TASK_FAILED" });
});
