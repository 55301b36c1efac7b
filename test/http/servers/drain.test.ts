import assert from "node:assert/strict";
import { Agent, get } from "node:http";
import { test } from "node:test";

import { Client, gate, Listening, pipelined } from "./listening.ts";

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

test("an idle keep-alive socket is closed at the stop, by no timer", async () => {
  await using server = await Listening.open(() => text("ok"), { keepAliveTimeout: 600_000 });
  await using client = await server.client();
  client.get("/");
  await client.until("ok");
  await server.drain();
  await client.closed;
});

test("after close new connections are refused, and the port is free", async () => {
  await using server = await Listening.open(() => text("ok"));
  const { port } = server;
  await server.drain();
  await assert.rejects(Client.connect(port), { code: "ECONNREFUSED" });
  await using again = await Listening.open(() => text("ok"), { port });
  assert.equal(again.port, port);
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
