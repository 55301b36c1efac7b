import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, Routes } from "livespan/http";
import { ask, listen, TestHost } from "./host.ts";

test("a key that a handler assigns is private to its request, a shared object is seen by all", async () => {
  const state = Object.freeze({ count: 1, shared: { hits: 0 } });
  const routes = new Routes<{ readonly count: number; readonly shared: { hits: number } }>()
    .use(async (_c, next) => next())
    .get("/", ({ lifespan }) => {
      lifespan.count += 1;
      lifespan.shared.hits += 1;
      return lifespan;
    });
  const hono = compile(routes, new TestHost(state));
  assert.deepEqual((await ask(hono, "/")).body, { count: 2, shared: { hits: 1 } });
  assert.deepEqual((await ask(hono, "/")).body, { count: 2, shared: { hits: 2 } });
  assert.equal(state.count, 1);
});

test("a state that is a class instance is not copied", async () => {
  class Models {
    #uses = 0;
    use(): number {
      return ++this.#uses;
    }
  }
  const hono = compile(
    new Routes<Models>().get("/", ({ lifespan }) => lifespan.use()),
    new TestHost(new Models()),
  );
  assert.equal((await ask(hono, "/")).body, 1);
  assert.equal((await ask(hono, "/")).body, 2);
});

test("what a handler does not look at is not computed", async () => {
  const state = {
    get dear(): unknown {
      return assert.fail("looked at");
    },
  };
  const hono = compile(
    new Routes().get("/", () => 1),
    new TestHost(state),
  );
  const request = new Request("http://test.local/");
  Object.defineProperty(request, "signal", { get: () => assert.fail("made") });
  assert.equal(await (await hono.fetch(request)).json(), 1);
});

test("a handler has the app, its request, and Hono's context", async () => {
  const routes = new Routes<unknown, { readonly name: string }>().get("/a", ({ app, request, hono, draining }) => {
    hono.header("x-path", hono.req.path);
    return [app.name, new URL(request.url).pathname, draining.aborted];
  });
  const { body, headers } = await ask(compile(routes, new TestHost()), "/a");
  assert.deepEqual([body, headers.get("x-path")], [["test", "/a", false], "/a"]);
});

test("the signal fires when the client leaves, and the handler's wait ends", async () => {
  const host = new TestHost();
  const entered = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown>();
  const routes = new Routes().get("/", ({ signal }) => {
    entered.resolve();
    return new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        ended.resolve(signal.reason);
        reject(signal.reason);
      });
    });
  });
  await using served = await listen(routes, host);
  const leave = new AbortController();
  const answer = fetch(served.url, { signal: leave.signal });
  await entered.promise;
  leave.abort();
  await assert.rejects(answer);
  assert.notEqual(await ended.promise, undefined);
  assert.deepEqual(host.lines, []);
});

test("the signal fires when the app can wait no longer", async () => {
  const host = new TestHost();
  const routes = new Routes().get(
    "/",
    ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve("ended"));
      }),
  );
  const answer = ask(compile(routes, host), "/");
  host.drain.abort();
  host.abort.abort();
  assert.equal((await answer).body, "ended");
});
