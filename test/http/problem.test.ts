import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { HTTPException } from "hono/http-exception";
import { compile, Routes } from "livespan/http";
import { z } from "zod";
import { ask, listen, sendJson, TestHost } from "./host.ts";

test("an unknown path is a 404", async () => {
  const { status, type, body } = await ask(
    compile(
      new Routes().get("/a", () => 1),
      new TestHost(),
    ),
    "/b?x=1",
  );
  assert.deepEqual([status, type], [404, "application/problem+json"]);
  assert.deepEqual(body, { type: "about:blank", title: "Not Found", status: 404, detail: "There is nothing at /b." });
});

test("a known path with another method is a 405 that says which it has", async () => {
  const routes = new Routes()
    .use(async (_c, next) => next())
    .get("/items/:id", () => 1)
    .put("/items/:id", () => 2)
    .on("PURGE", "/items/:id", () => 3)
    .all("/any", ({ request }) => request.method);
  const hono = compile(routes, new TestHost());
  const { status, headers, body } = await ask(hono, "/items/4", { method: "POST" });
  assert.deepEqual([status, headers.get("allow")], [405, "GET, HEAD, PURGE, PUT"]);
  assert.equal(body.detail, "/items/4 has GET, HEAD, PURGE, PUT.");
  assert.equal((await ask(hono, "/items/4", { method: "PURGE" })).body, 3);
  assert.equal((await ask(hono, "/items/4", { method: "HEAD" })).status, 200);
  assert.equal((await ask(hono, "/any", { method: "DELETE" })).body, "DELETE");
});

test("HEAD on a path without GET is a 405", async () => {
  const { status, headers } = await ask(
    compile(
      new Routes().post("/a", () => 1),
      new TestHost(),
    ),
    "/a",
    { method: "HEAD" },
  );
  assert.deepEqual([status, headers.get("allow")], [405, "POST"]);
});

test("an error in a handler is a 500 that carries an id and nothing else; the log has the rest", async () => {
  const host = new TestHost();
  const failure = new Error("password is hunter2");
  const routes = new Routes()
    .get("/sync", () => {
      throw failure;
    })
    .get("/async", async () => {
      throw failure;
    });
  const hono = compile(routes, host);
  for (const path of ["/sync", "/async"]) {
    const { status, body } = await ask(hono, path);
    assert.equal(status, 500);
    assert.deepEqual(body, { type: "about:blank", title: "Internal Server Error", status: 500, id: body.id });
    const line = host.lines.pop();
    assert.deepEqual(line, { level: "error", message: `GET ${path} failed.`, fields: { id: body.id, error: failure } });
  }
});

test("something thrown that is not an error is a 500 too, from handlers and middleware", async () => {
  const host = new TestHost();
  const routes = new Routes()
    .use("/guarded/*", async () => Promise.reject({ not: "an error" }))
    .get("/guarded/x", () => 1)
    .get("/bare", async () => Promise.reject("just text"));
  const hono = compile(routes, host);
  for (const [path, said] of [
    ["/bare", "just text"],
    ["/guarded/x", '{"not":"an error"}'],
  ] as const) {
    assert.equal((await ask(hono, path)).status, 500);
    const error = host.lines.pop()?.fields["error"] as Error & { code: string };
    assert.equal(error.code, "THROWN_NOT_ERROR");
    assert.ok(error.message.includes(said), error.message);
  }
});

test("Hono's HTTPException is a problem, or the response that it was given", async () => {
  const host = new TestHost();
  const routes = new Routes()
    .get("/plain", () => {
      throw new HTTPException(403, { message: "not yours" });
    })
    .get("/own", () => {
      throw new HTTPException(401, { res: new Response("log in", { headers: { "www-authenticate": "Basic" } }) });
    });
  const hono = compile(routes, host);
  assert.deepEqual((await ask(hono, "/plain")).body, {
    type: "about:blank",
    title: "Forbidden",
    status: 403,
    detail: "not yours",
  });
  const own = await ask(hono, "/own");
  assert.deepEqual([own.status, own.body, own.headers.get("www-authenticate")], [401, "log in", "Basic"]);
  assert.deepEqual(host.lines, []);
});

test("an end asked for by the app is a 503 and no error", async () => {
  const host = new TestHost();
  const routes = new Routes().get(
    "/waits",
    ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
  );
  const answer = ask(compile(routes, host), "/waits");
  host.abort.abort(new Error("the budget is spent"));
  assert.equal((await answer).status, 503);
  assert.deepEqual(host.lines, []);
});

const small = z.object({ text: z.string() });
const limited = () =>
  new Routes()
    .post("/checked", { body: small }, ({ body }) => body.text.length)
    .post("/raw", async ({ request }) => (await request.text()).length)
    .post("/large", { bodyLimit: Infinity }, async ({ request }) => (await request.text()).length)
    .post("/larger", { body: small, bodyLimit: 500 }, ({ body }) => body.text.length);

/** Sends a body in chunks, so that its length is not known before. */
async function chunked(
  port: number,
  path: string,
  chunks: readonly string[],
  agent: Agent,
): Promise<[IncomingMessage, string]> {
  const headers = { "content-type": "application/json" };
  const request = httpRequest({ host: "127.0.0.1", port, path, method: "POST", agent, headers });
  for (const chunk of chunks) request.write(chunk);
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return [response, await text(response)];
}

test("a body over the limit is a 413, by its length and by counting; the connection lives on", async () => {
  await using served = await listen(limited(), new TestHost({}, 100));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    for (const path of ["/checked", "/raw"]) {
      const known = await fetch(served.url + path, sendJson({ text: "x".repeat(200) }));
      assert.deepEqual([known.status, known.headers.get("content-type")], [413, "application/problem+json"], path);
      assert.match(((await known.json()) as { detail: string }).detail, /100 bytes/);
      const [counted, body] = await chunked(served.port, path, ['{"text":"', "x".repeat(200), '"}'], agent);
      assert.equal(counted.statusCode, 413, path);
      assert.equal(JSON.parse(body).status, 413);
      const [fits] = await chunked(served.port, path, ['{"text":"', "x", '"}'], agent);
      assert.equal(fits.statusCode, 200, path);
    }
    const [large, length] = await chunked(served.port, "/large", ["x".repeat(5_000), "y"], agent);
    assert.deepEqual([large.statusCode, length], [200, "5001"]);
    assert.equal((await fetch(`${served.url}/larger`, sendJson({ text: "x".repeat(200) }))).status, 200);
  } finally {
    agent.destroy();
  }
});

test("the request can be looked at beside a checked body, whatever way that came", async () => {
  const routes = new Routes().post("/b", { body: small }, ({ body, request }) => [
    body.text,
    request.method,
    request.bodyUsed,
  ]);
  await using served = await listen(routes, new TestHost());
  const agent = new Agent({ keepAlive: true });
  try {
    const [counted, answer] = await chunked(served.port, "/b", ['{"text":', '"x"}'], agent);
    assert.deepEqual([counted.statusCode, JSON.parse(answer)], [200, ["x", "POST", true]]);
    const known = await fetch(`${served.url}/b`, sendJson({ text: "x" }));
    assert.deepEqual(await known.json(), ["x", "POST", true]);
  } finally {
    agent.destroy();
  }
});

test("a body refused before it is read does not spoil the next request on the connection", async () => {
  await using served = await listen(limited(), new TestHost({}, 100));
  const socket = connect(served.port, "127.0.0.1");
  const post = (body: string, more: readonly string[] = []): string =>
    [
      "POST /checked HTTP/1.1",
      "Host: x",
      "Content-Type: application/json",
      ...more,
      `Content-Length: ${body.length}`,
      "",
      body,
    ].join("\r\n");
  socket.write(post("x".repeat(150)) + post('{"text":"x"}', ["Connection: close"]));
  const answers = await text(socket);
  assert.deepEqual(answers.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 413", "HTTP/1.1 200"]);
});

test("a client that leaves in the middle of its body is no error", async () => {
  const host = new TestHost();
  await using served = await listen(limited(), host);
  const socket = connect(served.port, "127.0.0.1");
  socket.write("POST /checked HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{");
  await once(socket, "connect");
  socket.resetAndDestroy();
  // The next answer comes after the server has seen the reset.
  assert.equal((await fetch(`${served.url}/checked`, sendJson({ text: "x" }))).status, 200);
  assert.deepEqual(host.lines, []);
});
