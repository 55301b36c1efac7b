import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";

import { gate, Listening, pipelined } from "./listening.ts";

const text = (body: string): Response => new Response(body, { headers: { "content-type": "text/plain" } });

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
