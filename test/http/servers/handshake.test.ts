import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";

import { WebSocket } from "ws";

import { closeOf, connect, echo, handshake, sockets } from "./conversation.ts";
import { gate, Listening } from "./listening.ts";

test("38: an upgrade after the lame duck is refused with 503 unasked, one during it is not", async () => {
  let asked = 0;
  await using server = await Listening.open((request, env) => {
    asked++;
    return sockets(echo)(request, env);
  });
  await using late = await server.client();
  late.send("GET / HTTP/1.1\r\n");
  server.intake.lameDuck?.();
  const socket = await connect(server);
  const closed = closeOf(socket);
  await server.intake.close();
  late.send(handshake().slice("GET / HTTP/1.1\r\n".length));
  await late.closed;
  assert.match(late.received, /^HTTP\/1\.1 503 /);
  assert.match(late.received, /Connection: close/);
  assert.match(late.received, /application\/problem\+json/);
  assert.equal((await closed).code, 1012);
  await server.intake.drained();
  assert.equal(asked, 1);
});

test("38: a handshake that is pending at stop gets 503", async () => {
  const arrived = gate();
  const decide = gate();
  await using server = await Listening.open(async (_, { upgrade }) => {
    arrived.open();
    await decide.opened;
    return upgrade!.accept(echo);
  });
  await using client = await server.client();
  client.send(handshake());
  await arrived.opened;
  await server.intake.close();
  decide.open();
  await client.closed;
  await server.intake.drained();
  assert.match(client.received, /^HTTP\/1\.1 503 /);
  assert.match(client.received, /Connection: close/);
});

test("an upgrade that no route accepts gets what fetch answered, as plain HTTP, and the connection ends", async () => {
  await using server = await Listening.open(sockets(echo));
  await using client = await server.client();
  client.send(handshake("/http"));
  await client.closed;
  assert.match(client.received, /^HTTP\/1\.1 426 [^]*Connection: close[^]*plain$/);
});

for (const status of [200, 403]) {
  test(`an answer of ${status} in place of the acceptance is written as plain HTTP, and the handler never runs`, async () => {
    await using server = await Listening.open((_, { upgrade }) => {
      upgrade!.accept(() => assert.fail("it was not accepted after all"));
      return new Response("from a middleware", { status });
    });
    await using client = await server.client();
    client.send(handshake());
    await client.closed;
    assert.match(client.received, new RegExp(`^HTTP/1\\.1 ${status} [^]*from a middleware$`));
  });
}

test("an error before the upgrade is a 500, and goes to the log", async () => {
  const fault = new Error("the route failed");
  await using server = await Listening.open(() => Promise.reject(fault));
  await using client = await server.client();
  client.send(handshake());
  await client.closed;
  assert.match(client.received, /^HTTP\/1\.1 500 /);
  assert.deepEqual(
    server.logged.map(({ error }) => error),
    [fault],
  );
});

test("headers of the accepting response reach the client; those of the handshake itself are kept out", async () => {
  await using server = await Listening.open((_, { upgrade }) => {
    const response = upgrade!.accept(echo);
    return new Response(null, {
      headers: [
        ...response.headers,
        ["x-trace", "t1"],
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
        ["sec-websocket-accept", "spoilt"],
      ],
    });
  });
  await using client = await server.client();
  client.send(handshake());
  await client.until("\r\n\r\n");
  assert.match(client.received, /^HTTP\/1\.1 101 [^]*x-trace: t1\r\n/);
  assert.equal(client.received.match(/set-cookie/g)?.length, 2);
  assert.doesNotMatch(client.received, /spoilt/);
});

for (const [name, headers] of [
  ["without a key", { "Sec-WebSocket-Key": "" }],
  ["with a key of the wrong length", { "Sec-WebSocket-Key": "c2hvcnQ=" }],
  ["of an unknown version", { "Sec-WebSocket-Version": "99" }],
] as const) {
  test(`a handshake ${name} is a 400 and never reaches the handler`, async () => {
    let ran = false;
    await using server = await Listening.open(
      sockets(async () => {
        ran = true;
      }),
    );
    await using client = await server.client();
    client.send(handshake("/", headers));
    await client.closed;
    assert.match(client.received, /^HTTP\/1\.1 400 /);
    assert.equal(ran, false);
    await server.drain();
  });
}

test("an upgrade to another protocol, such as h2c, is answered as the plain request that it also is", async () => {
  await using server = await Listening.open(async (request) => new Response(`plain ${await request.text()}`));
  await using client = await server.client();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 4\r\n\r\nbody");
  await client.until("plain body");
  assert.match(client.received, /^HTTP\/1\.1 200 OK/);
});

test("a handshake that is pipelined behind an unanswered request is cut", async () => {
  const arrived = gate();
  await using server = await Listening.open(async (request) => {
    arrived.open();
    return new Promise((resolve) => request.signal.addEventListener("abort", () => resolve(new Response("late"))));
  });
  await using client = await server.client();
  client.get("/slow");
  await arrived.opened;
  client.send(handshake());
  await client.closed;
  assert.equal(client.received, "");
});

test("a client that resets while its handshake is pending leaves nothing behind", async () => {
  const arrived = gate();
  const left = gate();
  await using server = await Listening.open(async (request, { upgrade }) => {
    request.signal.addEventListener("abort", () => left.open());
    arrived.open();
    await left.opened;
    return upgrade!.accept(() => assert.fail("a socket that is gone must not be served"));
  });
  await using client = await server.client();
  client.send(handshake());
  await arrived.opened;
  client.socket.resetAndDestroy();
  await left.opened;
  await server.drain();
  assert.deepEqual(server.logged, []);
});

test("a subprotocol that the client offers is agreed on and told to the handler", async () => {
  await using server = await Listening.open(sockets(async (socket) => socket.send(`speaks ${socket.protocol}`)));
  const socket = new WebSocket(server.url.replace("http", "ws"), ["chat.v2", "chat.v1"]);
  const [message] = await once(socket, "message");
  assert.equal(socket.protocol, "chat.v2");
  assert.equal(String(message), "speaks chat.v2");
});

test("the response object of an accepted upgrade closes when the socket does", async () => {
  const order: string[] = [];
  const closed = gate();
  await using server = await Listening.open((_, { upgrade, outgoing }) => {
    outgoing!.on("close", () => {
      order.push("close");
      closed.open();
    });
    return upgrade!.accept(async (socket) => {
      await socket.send("open");
      order.push("open");
      await socket.closed;
    });
  });
  const socket = await connect(server);
  socket.close();
  await closed.opened;
  assert.deepEqual(order, ["open", "close"]);
});
