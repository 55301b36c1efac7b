import assert from "node:assert/strict";
import { once } from "node:events";
import { suite, test } from "node:test";
import { WebSocket } from "ws";
import { Client } from "../http/servers/listening.ts";
import { ask, Program } from "../programs/program.ts";

const db = { lifespans: { db: {} } };
const portOf = (url: string): number => Number(new URL(url).port);

suite("drain", { concurrency: 4 }, () => {
  test("28, 29, 30: in the lame duck it is live, not ready, and serves new connections with Connection: close", async () => {
    await using program = Program.serve(db, { budgets: { lameDuck: 60_000 } });
    const url = await program.url();
    program.kill("SIGTERM");
    await program.until("stopping: SIGTERM");
    const [hello, ready, live] = await Promise.all([ask(`${url}/hello`), ask(`${url}/readyz`), ask(`${url}/livez`)]);
    assert.deepEqual([hello.status, ready.status, live.status], [200, 503, 200]);
    await using client = await Client.connect(portOf(url));
    client.get("/hello");
    await client.closed;
    assert.match(client.received, /^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n/i);
    // A second signal skips the rest of it.
    assert.deepEqual(await program.stop("SIGINT"), { code: 130, signal: null });
    assert.deepEqual(program.lines, ["db+", "db-"]);
  });

  test("in production the lame duck is 5 s, unless the app says otherwise, and none on SIGINT", async () => {
    await using production = Program.serve(db, {}, { env: { NODE_ENV: "production" } });
    await using own = Program.serve({ ...db, budgets: { lameDuck: 0 } }, {}, { env: { NODE_ENV: "production" } });
    await using interrupted = Program.serve(db, {}, { env: { NODE_ENV: "production" } });
    await Promise.all([production.url(), own.url(), interrupted.url()]);
    production.kill("SIGTERM");
    await production.until("stopping: SIGTERM; listening for 5.0 s more");
    assert.deepEqual(await production.stop("SIGINT"), { code: 130, signal: null });
    for (const [program, signal] of [
      [own, "SIGTERM"],
      [interrupted, "SIGINT"],
    ] as const) {
      assert.deepEqual(await program.stop(signal), { code: 0, signal: null });
      assert.doesNotMatch(program.err, /listening for/);
    }
  });

  test("31, 32: a request in flight completes, its connection ends with it, and only then lifespans go down", async () => {
    await using program = Program.serve(db);
    await using client = await Client.connect(portOf(await program.url()));
    client.get("/finish");
    await program.until("finish+");
    const ended = program.stop();
    await client.closed;
    assert.match(client.received, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n\{"finished":true\}$/);
    assert.deepEqual(await ended, { code: 0, signal: null });
    assert.deepEqual(program.lines, ["db+", "finish+", "finish-", "db-"]);
  });

  test("work for after the response is finished before lifespans go down", async () => {
    await using program = Program.serve(db);
    assert.equal((await ask(`${await program.url()}/after`)).status, 204);
    await program.until("after+");
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.deepEqual(program.lines, ["db+", "after+", "after-", "db-"]);
  });

  test("an idle keep-alive connection does not delay the stop", async () => {
    await using program = Program.serve(db);
    await using client = await Client.connect(portOf(await program.url()));
    client.get("/hello");
    await client.until('{"hello":true}');
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.match(program.err, /stopped cleanly/);
  });

  test("36: a handler that ends when its signal fires is cut off at the drain budget, and nothing was left: exit 0", async () => {
    await using program = Program.serve(db, { budgets: { drain: 100 } });
    await using client = await Client.connect(portOf(await program.url()));
    client.get("/obedient");
    await program.until("obedient+");
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.deepEqual(program.lines, ["db+", "obedient+", "obedient-", "db-"]);
    assert.match(program.err, /stopped with work cut off .*\n {2}intake http: aborted .*\(1 in-flight\)/);
  });

  test("36: a handler that never answers hears its signal first, and is left behind: exit 75", async () => {
    await using program = Program.serve(db, { budgets: { drain: 100, tasks: 100 } });
    await using client = await Client.connect(portOf(await program.url()));
    client.get("/deaf");
    await program.until("deaf+");
    assert.deepEqual(await program.stop(), { code: 75, signal: null });
    await client.closed;
    assert.deepEqual(program.lines, ["db+", "deaf+", "deaf heard", "db-"]);
    assert.match(program.err, /stopped incompletely .*\n {2}intake http: abandoned after/);
  });

  test("37: a WebSocket is closed with 1012, and its handler ends before lifespans go down", async () => {
    await using program = Program.serve(db);
    const socket = new WebSocket(`${(await program.url()).replace("http", "ws")}/socket`);
    await once(socket, "message");
    const closed = once(socket, "close");
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.equal((await closed)[0], 1012);
    assert.deepEqual(program.lines, ["db+", "socket- 1012", "db-"]);
  });

  test("37: a WebSocket that does not answer the close is cut at the budget", async () => {
    await using program = Program.serve(db, { budgets: { drain: 200 } });
    const url = await program.url();
    await using client = await Client.connect(portOf(url));
    const handshake = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"];
    const head = [...handshake, "Host: localhost", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
    client.send(`GET /socket HTTP/1.1\r\n${head.join("\r\n")}\r\n\r\n`);
    await client.until("hello");
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    await client.closed;
    assert.deepEqual(program.lines, ["db+", "socket- 1006", "db-"]);
    assert.match(program.err, /\(1 upgraded\)/);
  });

  test("an event stream is told at once, and ends", async () => {
    await using program = Program.serve(db);
    await using client = await Client.connect(portOf(await program.url()));
    client.get("/events");
    await client.until("data: hello");
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    await client.closed;
    assert.match(client.received, /\r\n0\r\n\r\n$/, "the stream's end is a proper one");
    assert.deepEqual(program.lines, ["db+", "events-", "db-"]);
  });
});

suite("bad clients at a stop", { concurrency: 4 }, () => {
  test("34: a connection that never sent a byte does not delay it beyond its own second", async () => {
    await using program = Program.serve(db, { strayTimeout: 100 });
    await using client = await Client.connect(portOf(await program.url()));
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    await client.closed;
    assert.match(program.err, /stopped cleanly/);
  });

  test("35: neither does half a request", async () => {
    await using program = Program.serve(db, { strayTimeout: 100 });
    await using client = await Client.connect(portOf(await program.url()));
    client.send("GET /hello HTTP/1.1\r\nHost: loc");
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    await client.closed;
    assert.equal(client.received, "");
  });

  test("a request of which the rest comes after the signal is served", async () => {
    await using program = Program.serve(db, { strayTimeout: 60_000 });
    await using client = await Client.connect(portOf(await program.url()));
    client.send("GET /hello HTTP/1.1\r\nHost: loc");
    await using first = await Client.connect(portOf(await program.url()));
    first.get("/hello");
    // Answered after the half request has been read, since that was sent before.
    await first.until("hello");
    program.kill("SIGTERM");
    await program.until("stopping: SIGTERM");
    client.send("alhost\r\n\r\n");
    await client.closed;
    assert.match(client.received, /^HTTP\/1\.1 200 OK/);
    assert.deepEqual(await program.end(), { code: 0, signal: null });
  });

  test("a slow client gets its whole answer, though that was handed over before the signal", async () => {
    await using program = Program.serve(db);
    await using client = await Client.connect(portOf(await program.url()));
    client.get("/large");
    await client.until("200 OK");
    client.socket.pause();
    program.kill("SIGTERM");
    const url = await program.url();
    const answers = (): Promise<boolean> =>
      ask(`${url}/hello`).then(
        () => true,
        () => false,
      );
    // Once nobody is let in any more, idle connections have been closed; this one is not idle.
    while (await answers());
    client.socket.resume();
    await client.closed;
    assert.equal(client.received.length - client.received.indexOf("\r\n\r\n") - 4, 24 * 1024 * 1024);
    assert.deepEqual(await program.end(), { code: 0, signal: null });
  });

  test("a client that stops reading its answer is cut off at the drain budget", async () => {
    await using program = Program.serve(db, { budgets: { drain: 200 } });
    await using client = await Client.connect(portOf(await program.url()));
    client.get("/large");
    await client.until("200 OK");
    client.socket.pause();
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.match(program.err, /\(1 in-flight\)/);
    assert.deepEqual(program.lines, ["db+", "db-"]);
  });

  test("a client that resets its connection during an upgrade leaves nothing", async () => {
    await using program = Program.serve(db);
    const port = portOf(await program.url());
    await using client = await Client.connect(port);
    const handshake = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"];
    const head = [...handshake, "Host: localhost", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
    client.send(`GET /socket HTTP/1.1\r\n${head.join("\r\n")}\r\n\r\n`);
    client.socket.resetAndDestroy();
    assert.equal((await ask(`http://127.0.0.1:${port}/hello`)).status, 200);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.doesNotMatch(program.err, /error/);
  });
});
