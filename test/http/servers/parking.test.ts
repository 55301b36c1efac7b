import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";

import { type Fetch, type Listener, nodeListener } from "livespan/http";
import type { Log } from "livespan/kernel";
import { WebSocket } from "ws";

import { handshake } from "./conversation.ts";
import { Client, gate, HandClock } from "./listening.ts";

/** A listener that outlives what is attached to it. */
async function standing() {
  const clock = new HandClock();
  const faults: unknown[] = [];
  const log: Log = (_level, _message, fields) => void faults.push(fields?.error);
  const listener = nodeListener({ host: "127.0.0.1", clock, log });
  await listener.open();
  const url = listener.address!.url.replace("http", "ws");
  return { clock, faults, listener, url, [Symbol.asyncDispose]: async () => void (await listener.abort(undefined)) };
}

const pulse = { text: "still here", every: 1_000 };

/** Greets and echoes by its name, and leaves its sockets to the program that follows. */
function program(name: string, asked: Request[] = []): Fetch {
  return (request, { upgrade, incoming }) => {
    asked.push(request);
    const head = { url: incoming!.url!, headers: incoming!.rawHeaders };
    return upgrade!.accept(
      async (socket, signal) => {
        signal.addEventListener("abort", () => socket.handOn(head, pulse), { once: true });
        void socket.send(`${socket.isHandedOn ? "again" : "hello"}, ${name}`);
        for await (const message of socket) void socket.send(`${name}: ${String(message)}`);
      },
      { finishes: true, detached: true },
    );
  };
}

/** A client with all that it is told, in order. */
async function peerOf(url: string, headers: Record<string, string> = {}) {
  const socket = new WebSocket(url, { headers });
  const heard: string[] = [];
  const closes: number[] = [];
  let wake = Promise.withResolvers<void>();
  const news = (): void => (wake.resolve(), void (wake = Promise.withResolvers<void>()));
  socket.on("message", (data: Buffer) => (heard.push(data.toString()), news()));
  socket.on("close", (code) => (closes.push(code), news()));
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await wake.promise;
  };
  await once(socket, "open");
  return { socket, heard, closes, until, hears: (text: string) => until(() => heard.includes(text)) };
}

async function attached(listener: Listener, fetch: Fetch) {
  const intake = listener.attach(fetch);
  await intake.open();
  return { intake, end: async () => (await intake.close(), await intake.drained()) };
}

test("a socket outlives twenty programs that hand it on, and each is asked as for a new one", async () => {
  await using server = await standing();
  const asked: Request[] = [];
  let now = await attached(server.listener, program("0", asked));
  const peer = await peerOf(`${server.url}/room?of=mine`, { cookie: "a=b; c=d", origin: "http://a.example" });
  await peer.hears("hello, 0");
  for (let n = 1; n <= 20; n++) {
    await now.end();
    now = await attached(server.listener, program(String(n), asked));
    await peer.hears(`again, ${n}`);
    peer.socket.send("x");
    await peer.hears(`${n}: x`);
  }
  assert.deepEqual([peer.closes, peer.socket.readyState], [[], WebSocket.OPEN]);
  assert.equal(asked.length, 21);
  for (const { method, url, headers } of asked) {
    assert.deepEqual([method, new URL(url).pathname, new URL(url).search], ["GET", "/room", "?of=mine"]);
    assert.deepEqual([headers.get("cookie"), headers.get("origin")], ["a=b; c=d", "http://a.example"]);
  }
  await now.end();
  assert.deepEqual(server.faults, []);
});

test("what the peer says between two programs is dropped, and it hears a pulse meanwhile", async () => {
  await using server = await standing();
  const first = await attached(server.listener, program("first"));
  const peer = await peerOf(server.url);
  await peer.hears("hello, first");
  await first.end();
  peer.socket.send("nobody hears this");
  const echoed = once(peer.socket, "pong");
  peer.socket.ping(); // behind it: answered by the transport, so the message has been read
  await echoed;
  server.clock.advance(1_000);
  server.clock.advance(1_000);
  await peer.until(() => peer.heard.filter((text) => text === pulse.text).length === 2);
  await attached(server.listener, program("second"));
  peer.socket.send("x");
  await peer.hears("second: x");
  assert.deepEqual(peer.heard, ["hello, first", pulse.text, pulse.text, "again, second", "second: x"]);
  assert.equal(server.clock.pending, 0);
});

test("what has the socket in hand finishes on the program that began it", async () => {
  await using server = await standing();
  const [begun, finish] = [gate(), gate()];
  const first = await attached(server.listener, (_, { upgrade, incoming }) =>
    upgrade!.accept(
      async (socket) => {
        begun.open();
        await finish.opened;
        await socket.send("done by the first");
        socket.handOn({ url: "/", headers: incoming!.rawHeaders }, pulse);
      },
      { finishes: true },
    ),
  );
  const peer = await peerOf(server.url);
  await begun.opened;
  const ended = first.end();
  finish.open();
  await ended;
  await attached(server.listener, program("second"));
  await peer.hears("again, second");
  assert.deepEqual(peer.heard, ["done by the first", "again, second"]);
});

const refusals: readonly (readonly [name: string, fetch: Fetch])[] = [
  ["answers otherwise", () => new Response("no such thing", { status: 404 })],
  ["fails", () => Promise.reject(new Error("broken"))],
  ["has nothing to serve for now", () => new Response("no", { status: 503 })],
];
for (const [name, fetch] of refusals) {
  test(`a socket whose next program ${name} is closed with 1012`, async () => {
    await using server = await standing();
    const first = await attached(server.listener, program("first"));
    const peer = await peerOf(server.url);
    await peer.hears("hello, first");
    await first.end();
    const next = await attached(server.listener, fetch);
    await peer.until(() => peer.closes.length > 0);
    assert.deepEqual(peer.closes, [1012]);
    await next.end();
    assert.equal(server.faults.length, name === "fails" ? 1 : 0);
  });
}

test("a program that says 503 with retry-after leaves it to the one after", async () => {
  await using server = await standing();
  const first = await attached(server.listener, program("first"));
  const peer = await peerOf(server.url);
  await peer.hears("hello, first");
  await first.end();
  const sorry = await attached(
    server.listener,
    () => new Response("later", { status: 503, headers: { "retry-after": "1" } }),
  );
  await sorry.end();
  await attached(server.listener, program("third"));
  await peer.hears("again, third");
  assert.deepEqual(peer.closes, []);
});

test("a program that is replaced while it is being asked leaves it to the one after", async () => {
  await using server = await standing();
  const first = await attached(server.listener, program("first"));
  const peer = await peerOf(server.url);
  await peer.hears("hello, first");
  await first.end();
  const [asked, decide] = [gate(), gate()];
  const slow = await attached(server.listener, async (request, env) => {
    asked.open();
    await decide.opened;
    return program("slow")(request, env);
  });
  await asked.opened;
  const ended = slow.end();
  decide.open();
  await ended;
  await attached(server.listener, program("third"));
  await peer.hears("again, third");
  assert.deepEqual(peer.heard, ["hello, first", "again, third"]);
});

test("a program that is there before the one before has drained is asked when it has", async () => {
  await using server = await standing();
  const first = await attached(server.listener, program("first"));
  const peer = await peerOf(server.url);
  await peer.hears("hello, first");
  const ended = first.end();
  const second = server.listener.attach(program("second"));
  await Promise.all([second.open(), second.close()]);
  await attached(server.listener, program("third"));
  await ended;
  await peer.hears("again, third");
  assert.deepEqual(peer.heard, ["hello, first", "again, third"]);
});

test("a peer that leaves while it waits is forgotten", async () => {
  await using server = await standing();
  const first = await attached(server.listener, program("first"));
  const peer = await peerOf(server.url);
  await peer.hears("hello, first");
  await first.end();
  peer.socket.close();
  await peer.until(() => peer.closes.length > 0);
  const asked: Request[] = [];
  const second = await attached(server.listener, program("second", asked));
  await second.end();
  assert.deepEqual([asked, server.clock.pending], [[], 0]);
});

test("a peer that is about to leave is not asked for", async () => {
  await using server = await standing();
  const first = await attached(server.listener, program("first"));
  await using peer = await Client.connect(server.listener.address!.port);
  peer.send(handshake());
  await peer.until("hello, first");
  await first.end();
  peer.send("\x88\x80\0\0\0\0"); // a closing frame; its connection stays open
  await peer.until("\x88\x00");
  const asked: Request[] = [];
  await attached(server.listener, program("second", asked));
  assert.deepEqual(asked, []);
});

test("a listener that closes ends those that wait with 1012", async () => {
  await using server = await standing();
  const first = await attached(server.listener, program("first"));
  const peer = await peerOf(server.url);
  await peer.hears("hello, first");
  await first.end();
  await server.listener.close();
  await server.listener.drained();
  await peer.until(() => peer.closes.length > 0);
  assert.deepEqual([peer.closes, server.clock.pending], [[1012], 0]);
});

test("a program that stops with its listener hands nothing on", async () => {
  const clock = new HandClock();
  const listener = nodeListener({ host: "127.0.0.1", clock, log: () => {} });
  const intake = listener.intake(program("only"));
  await intake.open();
  const peer = await peerOf(listener.address!.url.replace("http", "ws"));
  await peer.hears("hello, only");
  await intake.close();
  await intake.drained();
  await peer.until(() => peer.closes.length > 0);
  assert.deepEqual(peer.closes, [1012]);
});
