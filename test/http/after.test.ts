import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, Routes } from "livespan/http";
import { ask, listen, TestHost } from "./host.ts";

test("work after the response runs in order and does not delay it", async () => {
  const host = new TestHost();
  const steps: string[] = [];
  const release = Promise.withResolvers<void>();
  const routes = new Routes().post("/send", ({ after }) => {
    after(async () => {
      steps.push("first begins");
      await release.promise;
      steps.push("first ends");
    });
    after(() => void steps.push("second"));
    return { accepted: true };
  });
  await using served = await listen(routes, host);
  const response = await fetch(`${served.url}/send`, { method: "POST" });
  assert.deepEqual(await response.json(), { accepted: true });
  assert.equal(steps.includes("first ends"), false);
  release.resolve();
  assert.equal(await host.owned[0]?.ended, "ended");
  assert.deepEqual(steps, ["first begins", "first ends", "second"]);
  assert.equal(host.owned[0]?.name, "after POST /send");
  assert.equal(host.owned.length, 1);
});

test("in process it runs once the response has been handed over", async () => {
  const host = new TestHost();
  let ran = false;
  const hono = compile(
    new Routes().get("/", ({ after }) => after(() => (ran = true))),
    host,
  );
  assert.equal((await hono.fetch(new Request("http://test.local/"))).status, 204);
  assert.equal(ran, false);
  await host.owned[0]?.ended;
  assert.equal(ran, true);
});

test("it survives a client that left before the answer", async () => {
  const host = new TestHost();
  const entered = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  let ran = false;
  const routes = new Routes().get("/", async ({ after, signal }) => {
    after(() => (ran = true));
    signal.addEventListener("abort", () => left.resolve());
    entered.resolve();
    await left.promise;
    return "too late";
  });
  await using served = await listen(routes, host);
  const leave = new AbortController();
  const answer = fetch(served.url, { signal: leave.signal });
  await entered.promise;
  leave.abort();
  await assert.rejects(answer);
  await left.promise;
  // The handler goes on in the next turn of the loop, and then owns its work.
  await new Promise(setImmediate);
  assert.equal(await host.owned[0]?.ended, "ended");
  assert.equal(ran, true);
});

test("a failure stops what comes after it in the same response, and is told to the host", async () => {
  const host = new TestHost();
  const failure = new Error("mail is down");
  let second = false;
  const routes = new Routes().get("/", ({ after }) => {
    after(async () => Promise.reject(failure));
    after(() => (second = true));
  });
  const hono = compile(routes, host);
  assert.equal((await ask(hono, "/")).status, 204);
  assert.equal(await host.owned[0]?.ended, failure);
  assert.equal(second, false);
  assert.equal((await ask(hono, "/")).status, 204);
  assert.equal(host.owned.length, 2);
});

test("it is dropped when the handler throws or returns what cannot be sent", async () => {
  const host = new TestHost();
  const routes = new Routes()
    .get("/throws", ({ after }) => {
      after(() => assert.fail("ran"));
      throw new Error("no");
    })
    .get("/unsendable", ({ after }) => {
      after(() => assert.fail("ran"));
      return 1n;
    });
  const hono = compile(routes, host);
  for (const path of ["/throws", "/unsendable"]) assert.equal((await ask(hono, path)).status, 500);
  assert.deepEqual(host.owned, []);
});

test("work added by work runs too, and is given the signal of the drain budget", async () => {
  const host = new TestHost();
  const added = Promise.withResolvers<AbortSignal>();
  const routes = new Routes().get("/", ({ after }) => {
    after(() => after((signal) => added.resolve(signal)));
  });
  assert.equal((await ask(compile(routes, host), "/")).status, 204);
  assert.equal(await added.promise, host.aborted);
});
