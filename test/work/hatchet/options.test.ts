import assert from "node:assert/strict";
import { createServer, type AddressInfo, type Socket } from "node:net";
import type { EngineWorld } from "../../../src/work/engine.ts";
import { hatchetEngine } from "livespan/hatchet";
import { systemClock } from "../../../src/app/world.ts";
import { test } from "node:test";

const world: EngineWorld = { clock: systemClock, calendar: { next: () => undefined }, log: () => {}, random: () => 0 };

/** A token as Hatchet makes them: what it says can be read, its signature is not looked at. */
function tokenOf(claims: object): string {
  return `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;
}

const claims = { sub: "t", server_url: "http://127.0.0.1:1", grpc_broadcast_address: "127.0.0.1:1" };

test("an engine without a token names the variable when it is opened, not when it is declared", async (t) => {
  const { HATCHET_CLIENT_TOKEN: had } = process.env;
  delete process.env["HATCHET_CLIENT_TOKEN"];
  t.after(() => {
    if (had !== undefined) process.env["HATCHET_CLIENT_TOKEN"] = had;
  });
  const engine = hatchetEngine();
  await assert.rejects(engine.open(world), { code: "INVALID_DECLARATION", message: /HATCHET_CLIENT_TOKEN is not set/ });
});

for (const [what, token, message] of [
  ["no token", "nonsense", /token is no API token of Hatchet: expected three parts/],
  ["a middle that is no JSON", "a.b.c", /token is no API token of Hatchet/],
  ["no tenant", tokenOf({ ...claims, sub: undefined }), /names no tenant/],
  ["no address", tokenOf({ sub: "t" }), /expected "host:port" of the engine, got nothing/],
  ["no URL", tokenOf({ ...claims, server_url: "ftp://x" }), /expected the API's URL/],
] as const) {
  test(`a token with ${what} is refused by name`, async () => {
    await assert.rejects(hatchetEngine({ token }).open(world), { code: "INVALID_DECLARATION", message });
  });
}

test("options are checked where the engine is declared", () => {
  // @ts-expect-error: no such option
  assert.throws(() => hatchetEngine({ tokn: "x" }), { code: "UNKNOWN_OPTION", message: /Did you mean "token"/ });
  assert.throws(() => hatchetEngine({ hostPort: "nowhere" }), { code: "INVALID_DECLARATION", message: /host:port/ });
  assert.throws(() => hatchetEngine({ apiUrl: "nowhere" }), { code: "INVALID_DECLARATION", message: /URL/ });
  assert.throws(() => hatchetEngine({ namespace: "a b" }), { code: "INVALID_DECLARATION", message: /namespace/ });
  assert.throws(() => hatchetEngine({ timeout: -1 }), { code: "INVALID_DECLARATION", message: /milliseconds/ });
});

test("an engine that cannot be reached is ENGINE_DOWN within its timeout, and says where", async () => {
  const engine = hatchetEngine({ token: tokenOf(claims), tls: { strategy: "none" }, timeout: 200 });
  const begun = performance.now();
  await assert.rejects(engine.open(world), { code: "ENGINE_DOWN", message: /127\.0\.0\.1:1 .*within 200 ms/ });
  assert.ok(performance.now() - begun < 5_000);
  await engine.close();
});

test("an engine that accepts and never answers is ENGINE_DOWN within its timeout", async (t) => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on("error", () => {})));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const hostPort = `127.0.0.1:${port}`;
  const engine = hatchetEngine({ token: tokenOf(claims), hostPort, tls: { strategy: "none" }, timeout: 300 });
  await assert.rejects(engine.open(world), { code: "ENGINE_DOWN", message: /did not answer within 300 ms/ });
  assert.equal(sockets.size, 1);
});

test("what is asked of an engine that is not open is refused", async () => {
  const engine = hatchetEngine({ token: tokenOf(claims) });
  await assert.rejects(engine.list({}), { code: "ENGINE_CLOSED" });
  await assert.rejects(engine.result("x"), { code: "ENGINE_CLOSED" });
  await engine.close();
});
