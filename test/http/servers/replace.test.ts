import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";

import { type Fetch, nodeListener } from "livespan/http";
import { WebSocket } from "ws";

import { Client, gate, HandClock } from "./listening.ts";

/** A listener that outlives what is attached to it. */
async function standing(options: { holdTimeout?: number } = {}) {
  const clock = new HandClock();
  const listener = nodeListener({ host: "127.0.0.1", ...options, clock, log: () => {} });
  await listener.open();
  const { port, url } = listener.address!;
  return { clock, listener, port, url, [Symbol.asyncDispose]: async () => void (await listener.abort(undefined)) };
}

const handshake =
  "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

const says =
  (what: string): Fetch =>
  () =>
    new Response(what);

test("a connection outlives the program that answered on it", async () => {
  await using server = await standing();
  const first = server.listener.attach(says("first"));
  await first.open();
  await using client = await Client.connect(server.port);
  client.get("/");
  await client.until("first");
  await first.close();
  await first.drained();
  await server.listener.attach(says("second")).open();
  client.get("/");
  await client.until("second");
  assert.doesNotMatch(client.received, /Connection: close/);
});

test("a request that comes between two programs waits and gets the new one", async () => {
  await using server = await standing();
  const first = server.listener.attach(says("first"));
  await first.open();
  await first.close();
  await using client = await Client.connect(server.port);
  client.get("/");
  await until(() => server.clock.pending === 1);
  await server.listener.attach(says("second")).open();
  await client.until("second");
  assert.equal(server.clock.pending, 0);
});

test("a request in flight is finished by the program that took it, while its successor answers new ones", async () => {
  await using server = await standing();
  const arrived = gate();
  const answer = gate();
  const first = server.listener.attach(async () => {
    arrived.open();
    await answer.opened;
    return new Response("from the first");
  });
  await first.open();
  await using early = await Client.connect(server.port);
  early.get("/");
  await arrived.opened;
  await first.close();
  await server.listener.attach(says("second")).open();
  await using late = await Client.connect(server.port);
  late.get("/");
  await late.until("second");
  let drained = false;
  const draining = first.drained().then(() => (drained = true));
  await new Promise(setImmediate);
  assert.equal(drained, false);
  answer.open();
  await early.until("from the first");
  await draining;
});

test("abort of an attached program cuts what it has in hand and leaves the listener open", async () => {
  await using server = await standing();
  const arrived = gate();
  const first = server.listener.attach(async (request) => {
    arrived.open();
    return new Promise((resolve) => request.signal.addEventListener("abort", () => resolve(new Response("late"))));
  });
  await first.open();
  await using stuck = await Client.connect(server.port);
  stuck.get("/");
  await arrived.opened;
  await using idle = await Client.connect(server.port);
  await first.close();
  assert.deepEqual(await first.abort(undefined), [{ kind: "in-flight", count: 1 }]);
  await stuck.closed;
  await server.listener.attach(says("second")).open();
  idle.get("/");
  await idle.until("second");
});

test("hold makes requests wait, each no longer than its limit", async () => {
  await using server = await standing({ holdTimeout: 1_000 });
  await server.listener.attach(says("first")).open();
  server.listener.hold();
  await using one = await Client.connect(server.port);
  one.get("/");
  await until(() => server.clock.pending === 1);
  server.clock.advance(600);
  await using two = await Client.connect(server.port);
  two.get("/");
  await until(() => server.clock.pending === 2);
  server.clock.advance(400);
  await one.closed;
  assert.match(one.received, /^HTTP\/1\.1 503 [^]*application\/problem\+json[^]*Connection: close/);
  await server.listener.attach(says("second")).open();
  await two.until("second");
});

test("a request that has waited may take as long as any other to be answered", async () => {
  await using server = await standing({ holdTimeout: 1_000 });
  await using client = await Client.connect(server.port);
  client.get("/");
  await until(() => server.clock.pending === 1);
  const answer = gate();
  const program = server.listener.attach(async () => {
    await answer.opened;
    return new Response("answered");
  });
  await program.open();
  server.clock.advance(10_000);
  answer.open();
  await client.until("answered");
  assert.match(client.received, /^HTTP\/1\.1 200 /);
});

test("a request that waits is forgotten when its client leaves", async () => {
  await using server = await standing();
  const client = await Client.connect(server.port);
  client.get("/");
  await until(() => server.clock.pending === 1);
  client.socket.destroy();
  await until(() => server.clock.pending === 0);
  let served = 0;
  await server.listener
    .attach(() => {
      served++;
      return new Response("nobody");
    })
    .open();
  assert.equal(served, 0);
});

test("requests that wait when the listener closes get a 503", async () => {
  await using server = await standing();
  await using client = await Client.connect(server.port);
  client.get("/");
  await until(() => server.clock.pending === 1);
  await server.listener.close();
  await client.closed;
  await server.listener.drained();
  assert.match(client.received, /^HTTP\/1\.1 503 /);
  assert.equal(server.clock.pending, 0);
});

test("a handshake that comes between two programs waits too; a replaced program closes its WebSockets with 1012", async () => {
  await using server = await standing();
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/`);
  await until(() => server.clock.pending === 1);
  const first = server.listener.attach((_, { upgrade }) =>
    upgrade!.accept(async (open) => {
      await open.send("hello");
      for await (const _message of open);
    }),
  );
  await first.open();
  await new Promise((resolve) => socket.once("message", resolve));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await first.close();
  await first.drained();
  assert.equal(await closed, 1012);
});

test("a program is not drained before its WebSockets' peers have answered the close", async () => {
  await using server = await standing();
  const first = server.listener.attach((_, { upgrade }) =>
    upgrade!.accept(async (_socket, signal) => void (await once(signal, "abort"))),
  );
  await first.open();
  await using mute = await Client.connect(server.port);
  mute.send(handshake);
  await mute.until("101 Switching Protocols");
  await first.close();
  let drained = false;
  const draining = first.drained().then(() => (drained = true));
  await mute.until("service restart");
  await new Promise(setImmediate);
  assert.equal(drained, false);
  mute.socket.destroy();
  await draining;
});

test("abort of an attached program cuts its WebSockets, and only those", async () => {
  await using server = await standing();
  const first = server.listener.attach((_, { upgrade }) =>
    upgrade!.accept(async (socket) => void (await socket.closed)),
  );
  await first.open();
  await using mute = await Client.connect(server.port);
  mute.send(handshake);
  await mute.until("101 Switching Protocols");
  await using idle = await Client.connect(server.port);
  await first.close();
  assert.deepEqual(await first.abort(undefined), [{ kind: "upgraded", count: 1 }]);
  await mute.closed;
  await server.listener.attach(says("second")).open();
  idle.get("/");
  await idle.until("second");
});

test("a hundred programs in turn leave nothing on the listener", async () => {
  await using server = await standing();
  await using client = await Client.connect(server.port);
  for (let n = 0; n < 100; n++) {
    const program = server.listener.attach(says(`program ${n};`));
    await program.open();
    client.get("/");
    await client.until(`program ${n};`);
    await program.close();
    await program.drained();
  }
  assert.equal(client.socket.closed, false);
  assert.equal(server.clock.pending, 0);
});

/** Looks once each turn of the loop; the runner's own time limit ends a wait for what never comes. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}
