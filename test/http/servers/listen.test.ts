import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";

import { type ListenOptions, nodeListener } from "livespan/http";

import { HandClock, Listening } from "./listening.ts";

const make = (options: ListenOptions) => nodeListener({ ...options, clock: new HandClock(), log: () => {} });
const ok = (): Response => new Response("ok");

test("a listener says where it is bound, and only once it is", async () => {
  const listener = make({ host: "127.0.0.1" });
  const before = listener.address;
  assert.equal(before, undefined);
  await listener.open();
  const { address } = listener;
  assert.equal(address?.host, "127.0.0.1");
  assert.ok(address.port > 0);
  assert.equal(address.url, `http://127.0.0.1:${address.port}`);
  await listener.abort(undefined);
});

test("without a host it listens on every address, and its URL can be opened on this machine", async () => {
  const listener = make({});
  const intake = listener.intake(ok);
  await intake.open();
  const { address } = listener;
  assert.match(address?.url ?? "", /^http:\/\/localhost:\d+$/);
  assert.equal((await fetch(address!.url)).status, 200);
  await intake.abort(undefined);
});

test("the URL of an IPv6 address has brackets", async () => {
  const listener = make({ host: "::1" });
  await listener.open();
  assert.match(listener.address?.url ?? "", /^http:\/\/\[::1\]:\d+$/);
  await listener.abort(undefined);
});

test("16: a port in use is a coded error that says which, and the failed listener can still be closed", async () => {
  await using server = await Listening.open(ok);
  const listener = make({ host: "127.0.0.1", port: server.port });
  await assert.rejects(async () => listener.open(), {
    code: "PORT_IN_USE",
    message: new RegExp(`127\\.0\\.0\\.1, port ${server.port}.*port 0`),
  });
  await listener.close();
  await listener.drained();
});

test("an address that is not this machine's is a coded error", async () => {
  // 192.0.2.0/24 is reserved for documentation: no machine has an address in it.
  const listener = make({ host: "192.0.2.1" });
  await assert.rejects(async () => listener.open(), { code: "HOST_UNKNOWN", message: /192\.0\.2\.1.*EADDRNOTAVAIL/ });
});

test("a host name that does not resolve is a coded error", async () => {
  const listener = make({ host: "no such host" });
  await assert.rejects(async () => listener.open(), { code: "HOST_UNKNOWN", message: /no such host/ });
});

for (const [options, message] of [
  [{ prot: 80 }, /no option "prot".*Did you mean "port"\?/],
  [{ port: 65_536 }, /port must be a whole number from 0 to 65535, got 65536/],
  [{ port: "80" }, /port must be a whole number from 0 to 65535, got "80"/],
  [{ port: Number.NaN }, /got NaN/],
  [{ keepAliveTimeout: -1 }, /keepAliveTimeout must be .* got -1/],
  [{ wsMaxPayload: 1.5 }, /wsMaxPayload must be .* got 1\.5/],
  [{ host: "" }, /host must be a name or an address, got ""/],
] as const) {
  test(`the option ${JSON.stringify(options)} is refused where the server is made`, () => {
    // The types refuse these too; plain JavaScript and configuration read from outside do not have them.
    const untyped: object = options;
    assert.throws(() => make(untyped), { code: "INVALID_SERVER_OPTION", message });
  });
}

test("a listener that was never opened closes at once, and does not open again", async () => {
  const listener = make({ host: "127.0.0.1" });
  assert.deepEqual(await listener.abort(undefined), []);
  await assert.rejects(async () => listener.open(), { code: "LISTENER_CLOSED" });
  assert.throws(() => listener.attach(ok).open(), { code: "LISTENER_CLOSED" });
});

test("an intake that was given up before it opened does not open, and leaves the listener to the next", async () => {
  const listener = make({ host: "127.0.0.1" });
  const givenUp = listener.intake(ok);
  assert.deepEqual(await givenUp.abort(undefined), []);
  await assert.rejects(async () => givenUp.open(), { code: "LISTENER_CLOSED" });
  const next = listener.intake(ok);
  await next.open();
  assert.equal((await fetch(listener.address!.url)).status, 200);
  await next.abort(undefined);
});

test("25: a program that has the listener to itself answers in the context that opened it", async () => {
  const storage = new AsyncLocalStorage<string>();
  const listener = make({ host: "127.0.0.1" });
  const intake = listener.intake(() => new Response(storage.getStore() ?? "none"));
  await storage.run("provided", async () => intake.open());
  assert.equal(await (await fetch(listener.address!.url)).text(), "provided");
  await intake.abort(undefined);
});

test("25: a program that is attached answers in the context that attached it, not in the listener's", async () => {
  const storage = new AsyncLocalStorage<string>();
  const listener = make({ host: "127.0.0.1" });
  await storage.run("the listener's", async () => listener.open());
  const intake = listener.attach(() => new Response(storage.getStore() ?? "none"));
  await storage.run("the program's", async () => intake.open());
  assert.equal(await (await fetch(listener.address!.url)).text(), "the program's");
  await intake.close();
  await listener.abort(undefined);
});

test("25: a program that is attached before the listener opens answers in the context that opens the listener", async () => {
  const storage = new AsyncLocalStorage<string>();
  const listener = make({ host: "127.0.0.1" });
  const intake = listener.attach(() => new Response(storage.getStore() ?? "none"));
  await intake.open();
  await storage.run("the listener's", async () => listener.open());
  assert.equal(await (await fetch(listener.address!.url)).text(), "the listener's");
  await intake.close();
  await listener.abort(undefined);
});
