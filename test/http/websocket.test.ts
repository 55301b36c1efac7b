import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { cors } from "hono/cors";
import { compile, problem, Routes } from "livespan/http";
import { WebSocket } from "ws";
import { z } from "zod";
import { ask, TestHost } from "./host.ts";
import { Listening } from "./servers/listening.ts";

const listen = (routes: Routes, host = new TestHost()): Promise<Listening> =>
  Listening.open(compile(routes, host).fetch);
const dial = (server: Listening, path: string, headers: Record<string, string> = {}): WebSocket =>
  new WebSocket(server.url.replace("http", "ws") + path, { headers });

/** The status and body of a handshake that was refused. */
async function refusal(socket: WebSocket): Promise<{ readonly status: number | undefined; readonly body: string }> {
  const [, response] = await once(socket, "unexpected-response");
  let body = "";
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, body };
}

test("a socket has its request's parameters, checked query, and its own copy of the state", async () => {
  const host = new TestHost(Object.freeze({ greeting: "hello" }));
  const options = { query: z.object({ n: z.coerce.number() }) };
  const routes = new Routes<{ readonly greeting: string }>()
    .use(cors())
    .ws("/rooms/:room", options, async ({ socket, params, query, lifespan }) => {
      for await (const message of socket)
        await socket.send([lifespan.greeting, params.room, query.n + 1, message].join(" "));
    });
  await using server = await listen(routes, host);
  const socket = dial(server, "/rooms/blue?n=1");
  await once(socket, "open");
  socket.send("world");
  const [message] = await once(socket, "message");
  assert.equal(String(message), "hello blue 2 world");
  socket.close(4000, "done");
  await once(socket, "close");
  assert.deepEqual(host.lines, []);
});

test("the socket closes when the handler returns, and work for after it runs then", async () => {
  const host = new TestHost();
  const ran = Promise.withResolvers<string>();
  const routes = new Routes().ws("/w", async ({ socket, after }) => {
    after(async () => ran.resolve((await socket.closed).reason));
    await socket.send("bye");
    socket.close(4001, "enough");
  });
  await using server = await listen(routes, host);
  const socket = dial(server, "/w");
  const [code] = await once(socket, "close");
  assert.equal(code, 4001);
  assert.equal(await ran.promise, "enough");
  assert.equal(await host.owned[0]?.ended, "ended");
});

test("middleware and schemas refuse before the upgrade, as plain HTTP", async () => {
  const routes = new Routes()
    .use(async (c, next) => {
      if (c.req.header("x-key") !== "open") throw problem(401, "no key");
      await next();
    })
    .ws("/w", { query: z.object({ n: z.coerce.number() }) }, () => assert.fail("ran"));
  await using server = await listen(routes);
  const unauthorised = await refusal(dial(server, "/w?n=1"));
  assert.deepEqual([unauthorised.status, JSON.parse(unauthorised.body).detail], [401, "no key"]);
  const invalid = await refusal(dial(server, "/w?n=x", { "x-key": "open" }));
  assert.deepEqual([invalid.status, JSON.parse(invalid.body).errors[0].path], [422, ["n"]]);
  assert.equal((await refusal(dial(server, "/none", { "x-key": "open" }))).status, 404);
});

test("a plain request to a WebSocket route is a 426", async () => {
  const hono = compile(
    new Routes().ws("/w", () => assert.fail("ran")),
    new TestHost(),
  );
  const { status, headers, body } = await ask(hono, "/w");
  assert.deepEqual([status, headers.get("upgrade"), body.detail], [426, "websocket", "This route is a WebSocket."]);
});

test("a WebSocket request to a plain route is answered as plain HTTP", async () => {
  await using server = await listen(new Routes().get("/plain", () => ({ plain: true })));
  assert.deepEqual(await refusal(dial(server, "/plain")), { status: 200, body: '{"plain":true}' });
});

test("a handler that fails closes its socket with 1011", async () => {
  const routes = new Routes().ws("/w", async () => {
    throw new Error("in the handler");
  });
  await using server = await listen(routes);
  const [code] = await once(dial(server, "/w"), "close");
  assert.equal(code, 1011);
  assert.match(String(server.logged[0]?.error), /in the handler/);
});

test("the signal fires when the peer leaves, and at drain, when the peer is told 1012", async () => {
  const reasons: unknown[] = [];
  const opened: PromiseWithResolvers<void>[] = [Promise.withResolvers(), Promise.withResolvers()];
  const ended: PromiseWithResolvers<void>[] = [Promise.withResolvers(), Promise.withResolvers()];
  let count = 0;
  const routes = new Routes().ws("/w", async ({ signal }) => {
    const n = count++;
    opened[n]!.resolve();
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    reasons.push(signal.reason);
    ended[n]!.resolve();
  });
  await using server = await listen(routes);
  const first = dial(server, "/w");
  await Promise.all([once(first, "open"), opened[0]!.promise]);
  first.terminate();
  await ended[0]!.promise;
  const second = dial(server, "/w");
  await opened[1]!.promise;
  const drained = server.drain();
  const [code] = await once(second, "close");
  await ended[1]!.promise;
  await drained;
  assert.equal(code, 1012);
  assert.equal(reasons.length, 2);
});
