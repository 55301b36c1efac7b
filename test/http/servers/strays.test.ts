import assert from "node:assert/strict";
import { test } from "node:test";

import { Listening } from "./listening.ts";

const text = (body: string): Response => new Response(body, { headers: { "content-type": "text/plain" } });

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
