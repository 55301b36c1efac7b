import assert from "node:assert/strict";
import { test } from "node:test";

import { codeOf, gate, Listening } from "./listening.ts";

const ok = (): Response => new Response("ok");

for (const [name, bytes, status] of [
  ["that does not speak HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400],
  ["with a malformed request line", "GET\r\n\r\n", 400],
  ["with a space in a header's name", "GET / HTTP/1.1\r\nHost: a\r\nbad name: x\r\n\r\n", 400],
  ["with two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400],
  [
    "with a length and chunks",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    400,
  ],
  ["without a host", "GET / HTTP/1.1\r\n\r\n", 400],
  ["with a host that no URL can have", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400],
  ["whose headers are a bomb", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
  ["whose many headers are a bomb", `GET / HTTP/1.1\r\nHost: a\r\n${"X: xxxxxxxx\r\n".repeat(2_000)}\r\n`, 431],
] as const) {
  test(`a client ${name} gets a clean ${status}, and others are served`, async () => {
    await using server = await Listening.open(ok);
    await using client = await server.client();
    client.send(bytes);
    await client.until("\r\n\r\n");
    assert.match(client.received, new RegExp(`^HTTP/1\\.1 ${status} `));
    await using other = await server.client();
    other.get("/");
    await other.until("ok");
    assert.deepEqual(server.logged, []);
    client.socket.destroy();
    await server.drain();
  });
}

test("garbage behind a request in flight does not corrupt its answer", async () => {
  const arrived = gate();
  const rest = gate();
  await using server = await Listening.open(
    () =>
      new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue(Buffer.from("first"));
            arrived.open();
            await rest.opened;
            controller.close();
          },
        }),
      ),
  );
  await using client = await server.client();
  client.get("/");
  await client.until("first");
  client.send("garbage\r\n\r\n");
  await client.closed;
  rest.open();
  assert.doesNotMatch(client.received, /400/);
  await server.drain();
});

test("a client that resets in the middle of its body ends the handler's read, and nothing is left", async () => {
  const reading = gate();
  const failed = gate();
  await using server = await Listening.open(async (request) => {
    const body = request.text();
    reading.open();
    await body.catch(() => failed.open());
    return new Response("late");
  });
  await using client = await server.client();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nonly a part");
  await reading.opened;
  client.socket.resetAndDestroy();
  await failed.opened;
  await server.drain();
  assert.deepEqual(server.logged, []);
});

test("a client that resets in the middle of a response cancels its stream, and nothing is left", async () => {
  const cancelled = gate();
  await using server = await Listening.open(
    () =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(Buffer.alloc(1_024, "x")),
          cancel: () => cancelled.open(),
        }),
      ),
  );
  await using client = await server.client();
  client.get("/");
  await client.until("xxx");
  client.socket.resetAndDestroy();
  await cancelled.opened;
  await server.drain();
  assert.deepEqual(server.logged, []);
});

test("a client that leaves a stream while nothing comes is nothing to log", async () => {
  const cancelled = gate();
  await using server = await Listening.open(
    () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(Buffer.from("first")),
          cancel: () => cancelled.open(),
        }),
      ),
  );
  await using client = await server.client();
  client.get("/");
  await client.until("first");
  client.socket.destroy();
  await cancelled.opened;
  await server.drain();
  assert.deepEqual(server.logged, []);
});

test("a client that leaves before its answer loses only its own", async () => {
  const arrived = gate();
  const answer = gate();
  await using server = await Listening.open(async () => {
    arrived.open();
    await answer.opened;
    return new Response("answer");
  });
  await using leaver = await server.client();
  await using stayer = await server.client();
  leaver.get("/");
  stayer.get("/");
  await arrived.opened;
  leaver.socket.resetAndDestroy();
  answer.open();
  await stayer.until("answer");
  assert.deepEqual(server.logged, []);
});

test("an error that fetch throws or rejects with is a 500 that says nothing, with the error in the log", async () => {
  const thrown = new Error("secret thrown");
  const rejected = new Error("secret rejected");
  await using server = await Listening.open((request) => {
    if (request.url.endsWith("/throws")) throw thrown;
    return Promise.reject(rejected);
  });
  await using client = await server.client();
  client.get("/throws");
  await client.until("500");
  client.get("/rejects");
  await client.until("500 Internal", 2);
  assert.match(client.received, /^HTTP\/1\.1 500 [^]*application\/problem\+json/);
  assert.doesNotMatch(client.received, /secret/);
  assert.deepEqual(
    server.logged.map(({ error }) => error),
    [thrown, rejected],
  );
});

for (const asynchronous of [false, true]) {
  test(`a header that cannot be sent is a 500, with the error in the log (${asynchronous ? "promise" : "at once"})`, async () => {
    const bad = (): Response => new Response("body", { headers: { "x-secret": "line\nbreak" } });
    await using server = await Listening.open(() => (asynchronous ? Promise.resolve().then(bad) : bad()));
    await using client = await server.client();
    client.get("/");
    await client.closed;
    assert.match(client.received, /^HTTP\/1\.1 500 /);
    assert.doesNotMatch(client.received, /secret|body/);
    assert.equal(server.logged.length, 1);
    assert.equal(codeOf(server.logged[0]?.error), "ERR_INVALID_CHAR");
  });
}

test("a stream that fails cuts the response short, so that the client can tell, with the error in the log", async () => {
  const fault = new Error("the source failed");
  await using server = await Listening.open(
    () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            controller.enqueue(Buffer.from("part"));
            controller.error(fault);
          },
        }),
      ),
  );
  await using client = await server.client();
  client.get("/");
  await client.closed;
  assert.doesNotMatch(client.received, /0\r\n\r\n$/);
  assert.deepEqual(
    server.logged.map(({ error }) => error),
    [fault],
  );
  await server.drain();
});

test("nothing is printed to the console, whatever fails", async (context) => {
  const printed = [context.mock.method(console, "error"), context.mock.method(console, "info")];
  await using server = await Listening.open((request) => {
    if (request.url.endsWith("/header")) return Promise.resolve(new Response(null, { headers: { a: "\n" } }));
    return new Response(new ReadableStream({ start: (controller) => controller.error(new Error("failed")) }));
  });
  for (const path of ["/header", "/stream"]) {
    await using client = await server.client();
    client.get(path);
    await client.closed;
  }
  assert.equal(server.logged.length, 2);
  for (const { mock } of printed) assert.equal(mock.callCount(), 0);
});

test("a streamed response is sent as it comes, and ends whole", async () => {
  const next = gate();
  await using server = await Listening.open(
    () =>
      new Response(
        (async function* () {
          yield Buffer.from("one,");
          await next.opened;
          yield Buffer.from("two");
        })(),
        { status: 201, headers: { "x-kind": "stream" } },
      ),
  );
  await using client = await server.client();
  client.get("/");
  await client.until("one,");
  next.open();
  await client.until("0\r\n\r\n");
  assert.match(client.received, /^HTTP\/1\.1 201 [^]*x-kind: stream[^]*two/);
});

test("a request with a body that nobody reads leaves its connection usable", async () => {
  await using server = await Listening.open(ok);
  await using client = await server.client();
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n${"x".repeat(10_000)}`);
  await client.until("ok");
  client.get("/");
  await client.until("ok", 2);
});

test("a head that takes longer than its limit is answered with 408", async () => {
  await using server = await Listening.open(ok, { headersTimeout: 50 });
  await using client = await server.client();
  client.send("GET / HTTP/1.1\r\n");
  await client.closed;
  assert.match(client.received, /^HTTP\/1\.1 408 [^]*Connection: close/);
});

test("an idle connection is told its limit", async () => {
  await using server = await Listening.open(ok, { keepAliveTimeout: 7_000 });
  await using client = await server.client();
  client.get("/");
  await client.until("ok");
  assert.match(client.received, /Keep-Alive: timeout=7/);
});
