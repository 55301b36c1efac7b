import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, get } from "node:http";
import { test } from "node:test";

import { Client, gate, Listening } from "./listening.ts";

const text = (body: string): Response => new Response(body, { headers: { "content-type": "text/plain" } });

/** Answers /slow when `answer` opens, everything else at once; `arrived` opens with the last of `expected` slow ones. */
function slow(expected = 1) {
  const arrived = gate();
  const answer = gate();
  const fetch = async (request: Request): Promise<Response> => {
    if (!request.url.endsWith("/slow")) return text("quick");
    if (--expected === 0) arrived.open();
    await answer.opened;
    return text("slow answer");
  };
  return { arrived, answer, fetch };
}

test("30: during the lame duck a new request on a new connection succeeds and carries Connection: close", async () => {
  await using server = await Listening.open(() => text("served"));
  await using before = await server.client();
  before.get("/");
  await before.until("served");
  assert.match(before.received, /Connection: keep-alive/);
  server.intake.lameDuck?.();
  await using client = await server.client();
  client.get("/");
  await client.closed;
  assert.match(client.received, /^HTTP\/1\.1 200 OK[^]*Connection: close[^]*served$/);
  before.get("/again");
  await before.closed;
  assert.match(before.received, /served[^]*HTTP\/1\.1 200 OK[^]*Connection: close[^]*served$/);
});

test("31, 32: a request in flight at stop completes with its status, says close, and its socket closes with it", async () => {
  const { arrived, answer, fetch } = slow();
  await using server = await Listening.open(fetch, { keepAliveTimeout: 60_000 });
  await using client = await server.client();
  client.get("/slow");
  await arrived.opened;
  await server.intake.close();
  let drained = false;
  const draining = server.intake.drained().then(() => (drained = true));
  // A turn of the loop in which a drain that does not wait would have settled.
  await new Promise(setImmediate);
  assert.equal(drained, false);
  answer.open();
  await client.closed;
  await draining;
  assert.match(client.received, /^HTTP\/1\.1 200 OK[^]*Connection: close[^]*slow answer$/);
});

test("33: a streaming response whose headers were already sent completes, then its socket closes", async () => {
  const rest = gate();
  await using server = await Listening.open(
    () =>
      new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue(Buffer.from("first,"));
            await rest.opened;
            controller.enqueue(Buffer.from("second"));
            controller.close();
          },
        }),
      ),
    { keepAliveTimeout: 60_000 },
  );
  await using client = await server.client();
  client.get("/");
  await client.until("first,");
  await server.intake.close();
  rest.open();
  await client.closed;
  await server.intake.drained();
  assert.match(client.received, /first,[^]*second\r\n0\r\n\r\n$/);
});

const pipelined = ["/1/slow", "/2/slow", "/3/slow"].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join("");

test("requests that were pipelined before the stop are all answered, and only the last says close", async () => {
  const { arrived, answer, fetch } = slow(3);
  await using server = await Listening.open(fetch);
  await using client = await server.client();
  client.send(pipelined);
  await arrived.opened;
  await server.intake.close();
  answer.open();
  await client.closed;
  await server.intake.drained();
  assert.equal(client.received.match(/HTTP\/1\.1 200 OK/g)?.length, 3);
  assert.equal(client.received.match(/Connection: close/g)?.length, 1);
  assert.match(client.received, /slow answer[^]*slow answer[^]*Connection: close[^]*slow answer$/);
});

test("pipelined answers that were made before the stop are sent too, then the socket closes", async () => {
  const { arrived, answer, fetch } = slow();
  await using server = await Listening.open(fetch, { keepAliveTimeout: 60_000 });
  await using client = await server.client();
  client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n");
  await arrived.opened;
  await using probe = await server.client();
  probe.get("/");
  await probe.until("quick");
  await server.intake.close();
  answer.open();
  await client.closed;
  assert.match(client.received, /slow answer[^]*quick$/);
});

test("a request pipelined during the lame duck takes the close from the one in front of it", async () => {
  const { arrived, answer, fetch } = slow();
  await using server = await Listening.open(fetch);
  await using client = await server.client();
  client.get("/slow");
  await arrived.opened;
  server.intake.lameDuck?.();
  client.get("/second");
  await using other = await server.client();
  other.get("/");
  await other.closed;
  answer.open();
  await client.closed;
  assert.match(client.received, /slow answer[^]*Connection: close[^]*quick$/);
  assert.equal(client.received.match(/Connection: close/g)?.length, 1);
});

test("what is pipelined behind an answer that already said close is not begun", async () => {
  const rest = gate();
  const asked: string[] = [];
  await using server = await Listening.open((request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    if (pathname !== "/stream") return text("quick");
    return new Response(
      new ReadableStream({
        async start(controller) {
          controller.enqueue(Buffer.from("begun,"));
          await rest.opened;
          controller.close();
        },
      }),
    );
  });
  server.intake.lameDuck?.();
  await using client = await server.client();
  client.get("/stream");
  await client.until("begun,");
  client.get("/behind");
  await using probe = await server.client();
  probe.get("/probe");
  await probe.closed;
  rest.open();
  await client.closed;
  await server.drain();
  assert.deepEqual(asked, ["/stream", "/probe"]);
});

test("an idle keep-alive socket is closed within 0.1 s of the stop", async () => {
  await using server = await Listening.open(() => text("ok"), { keepAliveTimeout: 60_000 });
  await using client = await server.client();
  client.get("/");
  await client.until("ok");
  const begun = performance.now();
  await server.drain();
  await client.closed;
  assert.ok(performance.now() - begun < 100);
});

test("after close new connections are refused, and the port is free", async () => {
  await using server = await Listening.open(() => text("ok"));
  const { port } = server;
  await server.drain();
  await assert.rejects(Client.connect(port), { code: "ECONNREFUSED" });
  await using again = await Listening.open(() => text("ok"), { port });
  assert.equal(again.port, port);
});

test("34: a socket that never sent a byte is closed at its own limit, not at the drain's", async () => {
  await using server = await Listening.open(() => text("ok"), { strayTimeout: 500 });
  await using client = await server.client();
  await using probe = await server.client();
  probe.get("/");
  await probe.until("ok");
  server.clock.advance(300);
  await server.intake.close();
  assert.equal(client.socket.closed, false);
  server.clock.advance(200);
  await client.closed;
  await server.intake.drained();
  assert.equal(server.clock.pending, 0);
});

test("34: a socket that has been silent for longer than its limit is closed at once", async () => {
  await using server = await Listening.open(() => text("ok"), { strayTimeout: 500 });
  await using client = await server.client();
  await using probe = await server.client();
  probe.get("/");
  await probe.until("ok");
  server.clock.advance(500);
  await server.drain();
  await client.closed;
  assert.equal(client.received, "");
});

test("35: a half-sent request is closed at its limit after the stop", async () => {
  await using server = await Listening.open(() => text("ok"), { strayTimeout: 500 });
  await using client = await server.client();
  client.get("/");
  await client.until("ok");
  client.send("GET /half HTTP/1.1\r\nHost: a\r\n");
  await using probe = await server.client();
  probe.get("/");
  await probe.until("ok");
  server.clock.advance(10_000);
  await server.intake.close();
  server.clock.advance(499);
  assert.equal(client.socket.closed, false);
  server.clock.advance(1);
  await client.closed;
  await server.intake.drained();
});

test("35: a half-sent request that comes whole within its limit is answered", async () => {
  await using server = await Listening.open(() => text("whole"), { strayTimeout: 500 });
  await using client = await server.client();
  client.send("GET /half HTTP/1.1\r\nHost: a\r\n");
  await using probe = await server.client();
  probe.get("/");
  await probe.until("whole");
  await server.intake.close();
  client.send("\r\n");
  await client.closed;
  await server.intake.drained();
  assert.match(client.received, /^HTTP\/1\.1 200 OK[^]*Connection: close[^]*whole$/);
});

test("34, 35: abort cuts what never sent and what is half sent, and counts them by kind", async () => {
  await using server = await Listening.open(() => text("ok"));
  await using silent = await server.client();
  await using silentToo = await server.client();
  await using half = await server.client();
  half.send("GET /half HTTP/1.1\r\n");
  await using probe = await server.client();
  probe.get("/");
  await probe.until("ok");
  await server.intake.close();
  const left = await server.intake.abort(new Error("budget"));
  await Promise.all([silent.closed, silentToo.closed, half.closed]);
  assert.deepEqual(
    new Map(left.map(({ kind, count }) => [kind, count])),
    new Map([
      ["never-sent", 2],
      ["partial-request", 1],
    ]),
  );
  assert.equal(server.clock.pending, 0);
});

test("36: a handler that never answers is aborted: request.signal fires, abort awaits the handler, then it is counted", async () => {
  const arrived = gate();
  const order: string[] = [];
  await using server = await Listening.open(async (request) => {
    arrived.open();
    await once(request.signal, "abort");
    order.push("signal");
    await new Promise(setImmediate);
    order.push("cleaned up");
    return text("too late");
  });
  await using client = await server.client();
  client.get("/stuck?token=secret");
  await arrived.opened;
  await server.intake.close();
  const left = await server.intake.abort(new Error("budget"));
  order.push("aborted");
  await client.closed;
  assert.deepEqual(order, ["signal", "cleaned up", "aborted"]);
  assert.deepEqual(left, [{ kind: "in-flight", count: 1 }]);
  assert.deepEqual(
    server.logged.map(({ level, requests }) => [level, requests]),
    [["warn", ["GET /stuck"]]],
  );
  assert.equal(client.received, "");
});

test("36: a handler that heeds the app's own signal still gets its answer out before its socket is cut", async () => {
  const arrived = gate();
  const app = new AbortController();
  await using server = await Listening.open(async () => {
    arrived.open();
    await once(app.signal, "abort");
    // The way back through a router and its middleware takes this many steps and more.
    for (let step = 0; step < 100; step++) await Promise.resolve();
    return new Response("ended early", { status: 503 });
  });
  await using client = await server.client();
  client.get("/");
  await arrived.opened;
  await server.intake.close();
  app.abort();
  await server.intake.abort(app.signal.reason);
  await client.closed;
  assert.match(client.received, /^HTTP\/1\.1 503 [^]*ended early$/);
});

test("a handler whose client has left is awaited by the drain", async () => {
  const arrived = gate();
  const left = gate();
  const finish = gate();
  await using server = await Listening.open(async (request) => {
    request.signal.addEventListener("abort", () => left.open());
    arrived.open();
    await finish.opened;
    return text("nobody reads this");
  });
  const client = await server.client();
  client.get("/");
  await arrived.opened;
  client.socket.resetAndDestroy();
  await left.opened;
  await server.intake.close();
  let drained = false;
  const draining = server.intake.drained().then(() => (drained = true));
  await new Promise(setImmediate);
  assert.equal(drained, false);
  finish.open();
  await draining;
  assert.deepEqual(server.logged, []);
});

test("pipelined handlers whose client resets all see their signal and are awaited", async () => {
  const arrived = gate();
  let inside = 0;
  let ended = 0;
  await using server = await Listening.open(async (request) => {
    if (++inside === 3) arrived.open();
    await once(request.signal, "abort");
    ended++;
    return text("late");
  });
  const client = await server.client();
  client.send(pipelined);
  await arrived.opened;
  client.socket.resetAndDestroy();
  await server.drain();
  assert.equal(ended, 3);
});

test("the cancelling of a stream whose client has left is awaited by the drain", async () => {
  const cancelling = gate();
  const cleaned = gate();
  await using server = await Listening.open(
    () =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(Buffer.from("more")),
          async cancel() {
            cancelling.open();
            await cleaned.opened;
          },
        }),
      ),
  );
  const client = await server.client();
  client.get("/");
  await client.until("more");
  client.socket.destroy();
  await cancelling.opened;
  await server.intake.close();
  let drained = false;
  const draining = server.intake.drained().then(() => (drained = true));
  await new Promise(setImmediate);
  assert.equal(drained, false);
  cleaned.open();
  await draining;
});

test("a client that stops reading its response does not outlast abort", async () => {
  await using server = await Listening.open(() => text("x".repeat(32 * 1024 * 1024)));
  await using client = await server.client();
  client.get("/");
  await client.until("HTTP/1.1 200");
  client.socket.pause();
  await server.intake.close();
  const left = await server.intake.abort(new Error("budget"));
  assert.deepEqual(left, [{ kind: "in-flight", count: 1 }]);
});

test("a keep-alive agent that goes on asking during the lame duck and the stop never sees a failed request", async () => {
  await using server = await Listening.open(() => text("ok"));
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const ask = (): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      get(`${server.url}/`, { agent }, (response) => {
        response.resume().on("end", () => resolve(response.statusCode));
      }).on("error", reject);
    });
  assert.deepEqual(
    await Promise.all(Array.from({ length: 40 }, ask)),
    Array.from({ length: 40 }, () => 200),
  );
  server.intake.lameDuck?.();
  const during = Promise.all(Array.from({ length: 40 }, ask));
  assert.deepEqual(
    await during,
    Array.from({ length: 40 }, () => 200),
  );
  await server.drain();
  agent.destroy();
});

test("close and abort may be called more than once", async () => {
  await using server = await Listening.open(() => text("ok"));
  await Promise.all([server.intake.close(), server.intake.close()]);
  await server.intake.drained();
  assert.deepEqual(await server.intake.abort(new Error("again")), []);
});
