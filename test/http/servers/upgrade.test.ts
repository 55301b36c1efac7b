import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";

import type { Fetch, Socket, SocketClose } from "livespan/http";
import { WebSocket } from "ws";

import { codeOf, gate, Listening } from "./listening.ts";

type Run = (socket: Socket, signal: AbortSignal) => Promise<void>;

/** Serves WebSockets on every path but /http. */
const sockets =
  (run: Run): Fetch =>
  (request, { upgrade }) =>
    upgrade === undefined || request.url.endsWith("/http")
      ? new Response("plain", { status: 426 })
      : upgrade.accept(run);

const echo: Run = async (socket) => {
  for await (const message of socket) await socket.send(message);
};

/** A handshake whose headers can be spoilt. */
const handshake = (path = "/", headers: Readonly<Record<string, string>> = {}): string => {
  const all = {
    Host: "localhost",
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    ...headers,
  };
  return `GET ${path} HTTP/1.1\r\n${Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`;
};

async function connect(server: Listening, protocols: string[] = []): Promise<WebSocket> {
  const socket = new WebSocket(server.url.replace("http", "ws"), protocols);
  await once(socket, "open");
  return socket;
}

const closeOf = async (socket: WebSocket): Promise<SocketClose> => {
  const [code, reason] = await once(socket, "close");
  return { code, reason: String(reason) };
};

test("messages go both ways in order, text as strings and binary as bytes", async () => {
  await using server = await Listening.open(sockets(echo));
  const socket = await connect(server);
  const received: unknown[] = [];
  const all = new Promise<void>((resolve) => {
    socket.on("message", (data, isBinary) => {
      received.push(Buffer.isBuffer(data) && !isBinary ? data.toString() : data);
      if (received.length === 52) resolve();
    });
  });
  const sent = Array.from({ length: 50 }, (_, n) => `message ${n}`);
  for (const message of sent) socket.send(message);
  socket.send(Buffer.from([1, 2, 3]));
  socket.send("");
  await all;
  assert.deepEqual(received, [...sent, Buffer.from([1, 2, 3]), ""]);
  socket.close();
  await once(socket, "close");
});

test("37: at stop the signal fires, open WebSockets get 1012, and handler and closing handshake are awaited", async () => {
  const finish = gate();
  const order: string[] = [];
  const ended = gate();
  await using server = await Listening.open(
    sockets(async (socket, signal) => {
      signal.addEventListener("abort", () => order.push(`signal ${signal.reason.code}`));
      for await (const _message of socket);
      order.push(`closed ${(await socket.closed).code}`);
      ended.open();
      await finish.opened;
      order.push("handler");
    }),
  );
  const socket = await connect(server);
  const closed = closeOf(socket);
  await server.intake.close();
  const draining = server.intake.drained().then(() => order.push("drained"));
  assert.deepEqual(await closed, { code: 1012, reason: "service restart" });
  await ended.opened;
  await new Promise(setImmediate);
  finish.open();
  await draining;
  assert.deepEqual(order, ["signal STOPPING", "closed 1012", "handler", "drained"]);
});

test("37: what the handler sends when the signal fires goes out before the close", async () => {
  await using server = await Listening.open(
    sockets(async (socket, signal) => {
      signal.addEventListener("abort", () => void socket.send("goodbye"));
      await socket.closed;
    }),
  );
  const socket = await connect(server);
  const last = once(socket, "message");
  const closed = closeOf(socket);
  await server.drain();
  assert.equal(String((await last)[0]), "goodbye");
  assert.equal((await closed).code, 1012);
});

test("37: a peer that does not answer the close is cut at the WebSocket limit", async () => {
  await using server = await Listening.open(sockets(echo), { wsCloseTimeout: 50 });
  await using client = await server.client();
  client.send(handshake());
  await client.until("101 Switching Protocols");
  await server.drain();
  await client.closed;
});

test("37: a peer that does not answer the close is destroyed by abort, and counted", async () => {
  await using server = await Listening.open(sockets(echo));
  await using client = await server.client();
  client.send(handshake());
  await client.until("101 Switching Protocols");
  await server.intake.close();
  assert.deepEqual(await server.intake.abort(new Error("budget")), [{ kind: "upgraded", count: 1 }]);
  await client.closed;
});

test("37: a peer with more unread messages than are let wait still completes the closing handshake", async () => {
  const arrived = gate();
  await using server = await Listening.open(
    sockets(async (socket) => {
      await socket[Symbol.asyncIterator]().next();
      arrived.open();
      await socket.closed;
    }),
    { wsCloseTimeout: 600_000 },
  );
  const socket = await connect(server);
  for (let n = 0; n < 2_000; n++) socket.send("x".repeat(1_000));
  await arrived.opened;
  const closed = closeOf(socket);
  await server.drain();
  assert.equal((await closed).code, 1012);
});

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

test("a client that resets an open WebSocket ends its handler: signal, iteration and closed", async () => {
  const done = gate();
  let seen: SocketClose | undefined;
  await using server = await Listening.open(
    sockets(async (socket, signal) => {
      for await (const _message of socket);
      seen = await socket.closed;
      assert.equal(signal.aborted, true);
      done.open();
    }),
  );
  await using client = await server.client();
  client.send(handshake());
  await client.until("101");
  client.socket.resetAndDestroy();
  await done.opened;
  assert.equal(seen?.code, 1006);
  assert.deepEqual(server.logged, []);
});

test("a message over the limit closes the socket with 1009", async () => {
  await using server = await Listening.open(sockets(echo), { wsMaxPayload: 1_024 });
  const socket = await connect(server);
  const closed = closeOf(socket);
  socket.send("x".repeat(1_025));
  assert.equal((await closed).code, 1009);
  await server.drain();
  assert.deepEqual(server.logged, []);
});

test("a message of exactly the default limit, 64 KiB, passes", async () => {
  await using server = await Listening.open(sockets(echo));
  const socket = await connect(server);
  const back = once(socket, "message");
  socket.send("x".repeat(64 * 1024));
  assert.equal((await back)[0].length, 64 * 1024);
  socket.terminate();
});

test("bytes that are no WebSocket frame close the socket with 1002", async () => {
  await using server = await Listening.open(sockets(echo));
  await using client = await server.client();
  client.send(handshake());
  await client.until("\r\n\r\n");
  client.send("\xff\xff\xff\xff");
  await client.closed;
  // A close frame (0x88) of two bytes: 0x03ea is 1002.
  assert.ok(client.received.endsWith("\x88\x02\x03\xea"));
});

test("a handler that does not read holds its peer back, and loses nothing", async () => {
  const read = gate();
  const total = 512;
  const count = Promise.withResolvers<number>();
  await using server = await Listening.open(
    sockets(async (socket) => {
      await read.opened;
      let messages = 0;
      for await (const _message of socket) if (++messages === total) break;
      count.resolve(messages);
    }),
  );
  const socket = await connect(server);
  let last = false;
  const message = Buffer.alloc(64 * 1024);
  for (let n = 1; n < total; n++) socket.send(message);
  const sent = new Promise<void>((resolve) => socket.send(message, () => resolve(void (last = true))));
  // 32 MiB that are not held back cross the loopback in a tenth of this; they fit in no buffer of the kernel's.
  await Promise.race([sent, new Promise((resolve) => setTimeout(resolve, 300))]);
  assert.equal(last, false);
  read.open();
  assert.equal(await count.promise, total);
});

test("a send settles when it is flushed: one to a peer that does not read waits, and is rejected when the peer is cut", async () => {
  const stuck = gate();
  const outcome = Promise.withResolvers<unknown>();
  await using server = await Listening.open(
    sockets(async (socket) => {
      await socket.send("flushed");
      const sending = socket.send("x".repeat(32 * 1024 * 1024));
      stuck.open();
      outcome.resolve(await sending.catch((error: unknown) => error));
    }),
  );
  await using client = await server.client();
  client.send(handshake());
  await client.until("flushed");
  client.socket.pause();
  await stuck.opened;
  await server.intake.close();
  await server.intake.abort(new Error("budget"));
  assert.equal(codeOf(await outcome.promise), "SOCKET_CLOSED");
});

test("a message to a socket that has closed is rejected with a code; unawaited, it harms nobody", async () => {
  const outcome = Promise.withResolvers<unknown>();
  await using server = await Listening.open(
    sockets(async (socket) => {
      await socket.closed;
      void socket.send("not awaited");
      outcome.resolve(await socket.send("awaited").catch((error: unknown) => error));
    }),
  );
  const socket = await connect(server);
  socket.close();
  assert.equal(codeOf(await outcome.promise), "SOCKET_CLOSED");
});

test("a handler that returns closes with 1000; one that throws with 1011, and its error is logged", async () => {
  const fault = new Error("the handler failed");
  await using server = await Listening.open(
    sockets(async (socket) => {
      for await (const message of socket) {
        if (message === "throw") throw fault;
        return;
      }
    }),
  );
  const good = await connect(server);
  const bad = await connect(server);
  const closed = Promise.all([closeOf(good), closeOf(bad)]);
  good.send("return");
  bad.send("throw");
  assert.deepEqual(
    (await closed).map(({ code }) => code),
    [1000, 1011],
  );
  assert.deepEqual(
    server.logged.map(({ error }) => error),
    [fault],
  );
});

test("the handler closes with its own code and reason, and reads what the peer said", async () => {
  const seen = Promise.withResolvers<SocketClose>();
  await using server = await Listening.open(
    sockets(async (socket) => {
      socket.close(4_001, "enough");
      seen.resolve(await socket.closed);
    }),
  );
  const socket = new WebSocket(server.url.replace("http", "ws"));
  assert.deepEqual(await closeOf(socket), { code: 4_001, reason: "enough" });
  assert.deepEqual(await seen.promise, { code: 4_001, reason: "enough" });
});

test("a subprotocol that the client offers is agreed on and told to the handler", async () => {
  await using server = await Listening.open(sockets(async (socket) => socket.send(`speaks ${socket.protocol}`)));
  const socket = new WebSocket(server.url.replace("http", "ws"), ["chat.v2", "chat.v1"]);
  const [message] = await once(socket, "message");
  assert.equal(socket.protocol, "chat.v2");
  assert.equal(String(message), "speaks chat.v2");
});

test("what is read by hand first and iterated later misses no message", async () => {
  const seen = Promise.withResolvers<unknown[]>();
  await using server = await Listening.open(
    sockets(async (socket) => {
      const all: unknown[] = [(await socket[Symbol.asyncIterator]().next()).value];
      for await (const message of socket) {
        all.push(message);
        break;
      }
      for await (const message of socket) all.push(message);
      seen.resolve(all);
    }),
  );
  const socket = await connect(server);
  for (const message of ["1", "2", "3", "4"]) socket.send(message);
  socket.close();
  assert.deepEqual(await seen.promise, ["1", "2", "3", "4"]);
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
