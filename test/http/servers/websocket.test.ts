import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";

import type { SocketClose } from "livespan/http";
import { WebSocket } from "ws";

import { closeOf, connect, echo, handshake, sockets } from "./conversation.ts";
import { codeOf, gate, Listening } from "./listening.ts";

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

test("37: a handler that finishes by itself still reads and answers while the server drains, and the peer gets 1012", async () => {
  const begun = gate();
  await using server = await Listening.open(
    sockets(
      async (socket, signal) => {
        signal.addEventListener("abort", () => begun.open());
        for await (const message of socket) {
          await socket.send(`${signal.aborted ? "late" : "early"} ${String(message)}`);
          if (signal.aborted) return;
        }
      },
      { finishes: true },
    ),
  );
  const socket = await connect(server);
  const received: string[] = [];
  socket.on("message", (data: Buffer) => received.push(data.toString()));
  socket.send("one");
  await once(socket, "message");
  const closed = closeOf(socket);
  const drained = server.drain();
  await begun.opened;
  socket.send("two");
  assert.deepEqual(await closed, { code: 1012, reason: "service restart" });
  await drained;
  assert.deepEqual(received, ["early one", "late two"]);
});

test("37: a handler that says it finishes and does not is cut by abort, and counted", async () => {
  await using server = await Listening.open(sockets(async (socket) => void (await socket.closed), { finishes: true }));
  const closed = closeOf(await connect(server));
  await server.intake.close();
  assert.deepEqual(await server.intake.abort(new Error("enough")), [{ kind: "upgraded", count: 1 }]);
  assert.equal((await closed).code, 1006);
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
