import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import type { Duplex } from "node:stream";

import { type Companion, nodeListener } from "livespan/http";

import { HandClock } from "./listening.ts";

/** A listener with a companion under /beside/, which answers by the path and keeps what it upgrades open. */
async function accompanied() {
  const taken: Duplex[] = [];
  const companion: Companion = {
    wants: (url) => url.startsWith("/beside/"),
    answer: ({ url }, reply) => void reply.end(`beside: ${url}`),
    upgrade(_request, socket) {
      taken.push(socket);
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    },
  };
  const listener = nodeListener({ host: "127.0.0.1", clock: new HandClock(), log: () => {}, companion });
  await listener.open();
  const { url, port } = listener.address!;
  const text = async (path: string): Promise<string> => (await fetch(url + path)).text();
  return { listener, taken, port, text, [Symbol.asyncDispose]: async () => void (await listener.abort(undefined)) };
}

const handshake = "GET /beside/socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

test("a companion answers its own paths, with no program, with one, and with the next", async () => {
  await using t = await accompanied();
  assert.equal(await t.text("/beside/a"), "beside: /beside/a");
  for (const name of ["first", "second"]) {
    const program = t.listener.attach(() => new Response(name));
    await program.open();
    assert.equal(await t.text("/beside/b?c"), "beside: /beside/b?c");
    assert.equal(await t.text("/besides/"), name);
    await program.close();
    await program.drained();
    assert.equal(await t.text("/beside/d"), "beside: /beside/d");
  }
});

test("what a companion upgrades is no program's to drain, and is cut when the listener closes", async () => {
  await using t = await accompanied();
  const program = t.listener.attach(() => new Response("program"));
  await program.open();
  const client = connect(t.port, "127.0.0.1");
  client.write(handshake);
  const [head] = (await once(client, "data")) as [Buffer];
  assert.match(head.toString(), /^HTTP\/1\.1 101 /);

  await program.close();
  await program.drained();
  t.taken[0]!.write("still here");
  assert.equal(String(((await once(client, "data")) as [Buffer])[0]), "still here");

  const closed = once(client, "close");
  await t.listener.close();
  await t.listener.drained();
  await closed;
});
