import assert from "node:assert/strict";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { compile, Routes } from "livespan/http";
import { z } from "zod";
import { listen, TestHost } from "./host.ts";

const open = (hono: ReturnType<typeof compile>, path = "/events", init?: RequestInit) =>
  hono.fetch(new Request(`http://test.local${path}`, init));

test("what a generator yields is sent as events", async () => {
  const host = new TestHost();
  const routes = new Routes().sse("/events", async function* () {
    yield { data: { n: 1 } };
    yield { event: "tick", id: "7", retry: 500, data: "two\nlines" };
    yield { comment: "quiet" };
    yield { data: "" };
  });
  const response = await open(compile(routes, host));
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  assert.equal(response.headers.get("cache-control"), "no-cache, no-transform");
  assert.equal(
    await response.text(),
    'data: {"n":1}\n\nevent: tick\nid: 7\nretry: 500\ndata: two\ndata: lines\n\n: quiet\n\ndata: \n\n',
  );
  assert.equal(await host.owned[0]?.ended, "ended");
  assert.equal(host.owned[0]?.name, "sse /events");
  assert.equal(host.timers.size, 0);
});

test("a function sends events, sees the schema's query, and what the client saw last", async () => {
  const routes = new Routes().sse("/events/:id", { query: z.object({ from: z.coerce.number() }) }, async (context) => {
    const { send, query, params, lastEventId } = context;
    await send({ data: [params.id, query.from, lastEventId] });
  });
  const hono = compile(routes, new TestHost());
  const response = await open(hono, "/events/a?from=2", { headers: { "last-event-id": "41" } });
  assert.equal(await response.text(), 'data: ["a",2,"41"]\n\n');
  assert.equal((await open(hono, "/events/a?from=x")).status, 422);
});

test("sending is as slow as the client takes events", async () => {
  let sent = 0;
  const routes = new Routes().sse("/events", async function* () {
    for (; sent < 100; sent++) yield { data: sent };
  });
  const reader = (await open(compile(routes, new TestHost()))).body!.getReader();
  for (let i = 0; i < 3; i++) await reader.read();
  await new Promise(setImmediate);
  assert.ok(sent < 8, `${sent} were yielded for 3 that were taken`);
  await reader.cancel();
});

test("when draining starts the signal fires at once, and a handler that returns ends the stream cleanly", async () => {
  const host = new TestHost();
  const routes = new Routes().sse("/events", async ({ send, signal }) => {
    await send({ data: "hello" });
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    await send({ data: "bye" });
  });
  await using served = await listen(routes, host);
  const socket = connect(served.port, "127.0.0.1");
  socket.write("GET /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const whole = text(socket);
  socket.once("data", () => host.drain.abort(new Error("draining")));
  const body = await whole;
  assert.ok(body.includes("data: bye"));
  // The last chunk: the body is whole, not cut off.
  assert.ok(body.endsWith("0\r\n\r\n"), JSON.stringify(body.slice(-20)));
  assert.equal(await host.owned[0]?.ended, "ended");
  assert.deepEqual(host.lines, []);
});

test("a generator that does not look at the signal is told to return after its next event", async () => {
  const host = new TestHost();
  const steps: string[] = [];
  const more = Promise.withResolvers<void>();
  const routes = new Routes().sse("/events", async function* () {
    try {
      yield { data: 1 };
      await more.promise;
      yield { data: 2 };
      yield { data: 3 };
    } finally {
      steps.push("finally");
    }
  });
  const response = await open(compile(routes, host));
  const body = response.text();
  await new Promise(setImmediate);
  host.drain.abort();
  more.resolve();
  assert.equal(await body, "data: 1\n\ndata: 2\n\n");
  assert.equal(await host.owned[0]?.ended, "ended");
  assert.deepEqual(steps, ["finally"]);
});

test("a handler that waits for something else has its stream ended, and is still awaited", async () => {
  const host = new TestHost();
  const never = Promise.withResolvers<void>();
  const routes = new Routes().sse("/events", async ({ send }) => {
    await send({ data: 1 });
    await never.promise;
    await assert.rejects(send({ data: 2 }), (error) => error === host.draining.reason);
  });
  const response = await open(compile(routes, host));
  const body = response.text();
  await new Promise(setImmediate);
  host.drain.abort(new Error("draining"));
  host.tick(1_000);
  assert.equal(await body, "data: 1\n\n");
  never.resolve();
  assert.equal(await host.owned[0]?.ended, "ended");
});

test("when the client leaves the signal fires and the generator's finally runs", async () => {
  const host = new TestHost();
  const closed = Promise.withResolvers<boolean>();
  const routes = new Routes().sse("/events", async function* ({ signal }) {
    try {
      for (let i = 0; ; i++) {
        yield { data: i };
        await new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => resolve(), { once: true });
          setImmediate(resolve);
        });
      }
    } finally {
      closed.resolve(signal.aborted);
    }
  });
  await using served = await listen(routes, host);
  const leave = new AbortController();
  const response = await fetch(`${served.url}/events`, { signal: leave.signal });
  await response.body!.getReader().read();
  leave.abort();
  assert.equal(await closed.promise, true);
  assert.equal(await host.owned[0]?.ended, "ended");
  assert.deepEqual(host.lines, []);
  assert.equal(host.timers.size, 0);
});

test("a stream on which nothing moves has a comment every 15 seconds", async () => {
  const host = new TestHost();
  const done = Promise.withResolvers<void>();
  const routes = new Routes().sse("/events", async () => done.promise);
  const reader = (await open(compile(routes, host))).body!.pipeThrough(new TextDecoderStream()).getReader();
  for (let i = 0; i < 2; i++) {
    const read = reader.read();
    // Streams hand a read on in their own time.
    await new Promise(setImmediate);
    host.tick(15_000);
    assert.equal((await read).value, ":\n\n");
  }
  done.resolve();
  assert.equal((await reader.read()).done, true);
});

test("a handler that fails cuts the stream off, so that the client can tell it from an end", async () => {
  const host = new TestHost();
  const failure = new Error("lost the source");
  const routes = new Routes().sse("/events", async function* () {
    yield { data: 1 };
    throw failure;
  });
  await using served = await listen(routes, host);
  await assert.rejects(async () => (await fetch(`${served.url}/events`)).text());
  assert.equal(await host.owned[0]?.ended, "ended");
  assert.equal(host.lines[0]?.fields["error"], failure);
  const inProcess = await open(compile(routes, host));
  await assert.rejects(inProcess.text(), failure);
});

test("an error in what closes a generator is not lost", async () => {
  const host = new TestHost();
  const failure = new Error("could not close");
  const endless: AsyncIterable<{ data: number }> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: { data: 1 } }),
      return: async () => Promise.reject(failure),
    }),
  };
  const routes = new Routes().sse("/events", () => endless);
  const response = await open(compile(routes, host));
  await response.body!.cancel();
  assert.equal(await host.owned[0]?.ended, "ended");
  assert.equal(host.lines[0]?.fields["error"], failure);
});

const invalid: Record<string, { event?: string; id?: string; retry?: number; data?: unknown }> = {
  "a line break in event": { event: "a\nb" },
  "NUL in id": { id: "a\0b" },
  "retry that is no whole number": { retry: 1.5 },
};
for (const [name, event] of Object.entries(invalid)) {
  test(`${name} is an error`, async () => {
    const routes = new Routes().sse("/events", async ({ send }) =>
      assert.rejects(send(event), { code: "EVENT_INVALID" }),
    );
    const host = new TestHost();
    assert.equal(await (await open(compile(routes, host))).text(), "");
    assert.deepEqual(host.lines, []);
  });
}

test("a response schema checks each event's data", async () => {
  const host = new TestHost();
  const routes = new Routes().sse("/events", { response: z.object({ n: z.number() }) }, async ({ send }) => {
    await send({ data: { n: 1, secret: 2 } });
    await assert.rejects(send({ data: { n: "x" } }), { code: "RESULT_INVALID" });
  });
  assert.equal(await (await open(compile(routes, host))).text(), 'data: {"n":1}\n\n');
});

test("HEAD has the headers and runs no handler", async () => {
  const host = new TestHost();
  const hono = compile(
    new Routes().sse("/events", async () => assert.fail("ran")),
    host,
  );
  const response = await open(hono, "/events", { method: "HEAD" });
  assert.deepEqual([response.status, response.headers.get("content-type")], [200, "text/event-stream"]);
  assert.deepEqual(host.owned, []);
});

test("a stream in whose place middleware answers is let go of", async () => {
  const host = new TestHost();
  const ended = Promise.withResolvers<void>();
  const routes = new Routes()
    .use(async (_c, next) => {
      await next();
      throw new Error("no stream today");
    })
    .sse("/events", async ({ signal }) => signal.addEventListener("abort", () => ended.resolve()) ?? ended.promise);
  await using served = await listen(routes, host);
  assert.equal((await fetch(`${served.url}/events`)).status, 500);
  await ended.promise;
  assert.equal(await host.owned[0]?.ended, "ended");
});

test("a stream opened while the app drains ends at once", async () => {
  const host = new TestHost();
  host.drain.abort();
  const routes = new Routes().sse("/events", async function* ({ signal }) {
    while (!signal.aborted) yield { data: 1 };
  });
  assert.equal(await (await open(compile(routes, host))).text(), "");
});
