import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";

import { limitsFrom, type LiveLimits } from "../../../src/live/server/limits.ts";
import { originRefusal } from "../../../src/live/server/origin.ts";
import type { Client } from "./client.ts";
import { Stage } from "./stage.ts";

async function refused(client: Client): Promise<number | undefined> {
  const [, response] = await once(client.socket, "unexpected-response");
  response.resume();
  return response.statusCode;
}

test("a cross-origin upgrade is refused before it is one, and the tab of that session goes on", async () => {
  await using stage = await Stage.open();
  const client = await stage.tab();
  assert.equal(await refused(stage.dial({ "x-session": "s1", origin: "https://evil.example" })), 403);
  assert.equal((await client.event(1, "nothing"))[2], "UNKNOWN_EVENT");
});

const cases: readonly (readonly [
  origin: string | undefined,
  host: string,
  more: readonly string[],
  limits: LiveLimits,
])[] = [
  [undefined, "a.example", [], {}],
  ["https://a.example", "a.example", [], {}],
  ["https://A.example", "a.EXAMPLE:443", [], {}],
  ["http://a.example:8080", "a.example:8080", [], {}],
  ["https://b.example", "a.example", [], { origins: ["https://b.example"] }],
  ["https://b.example", "inner:3000", ["X-Forwarded-Host", "b.example"], { forwardedHost: true }],
];
for (const [origin, host, more, limits] of cases) {
  test(`origin ${origin} may connect to ${host} ${more.join(": ")} ${JSON.stringify(limits)}`, () => {
    assert.equal(originRefusal(requestOf(origin, host, more), limitsFrom(limits)), undefined);
  });
}

const crossed: typeof cases = [
  ["null", "a.example", [], {}],
  ["https://a.example.evil", "a.example", [], {}],
  ["https://a.example:444", "a.example", [], {}],
  ["http://a.example", "a.example:443", [], {}],
  ["https://b.example", "a.example", [], { origins: ["http://b.example"] }],
  ["https://b.example", "a.example", ["X-Forwarded-Host", "b.example"], {}],
  ["https://a.example", "a.example", ["X-Forwarded-Host", "b.example"], { forwardedHost: true }],
  ["not an origin", "not an origin", [], {}],
];
for (const [origin, host, more, limits] of crossed) {
  test(`origin ${origin} is refused at ${host} ${more.join(": ")} ${JSON.stringify(limits)}`, () => {
    assert.match(String(originRefusal(requestOf(origin, host, more), limitsFrom(limits))), /tried to connect/);
  });
}

function requestOf(origin: string | undefined, host: string, more: readonly string[]) {
  const headers = ["Host", host, ...(origin === undefined ? [] : ["Origin", origin]), ...more];
  return { url: "/live", headers, session: "s" };
}

test("a session has so many sockets, and the process has so many tabs", async () => {
  await using stage = await Stage.open({ sessionTabs: 2, tabs: 3 });
  const first = await stage.tab();
  await stage.tab();
  assert.equal(await refused(stage.dial()), 503);
  await stage.dial({ "x-session": "s2" }).hello();
  assert.equal(await refused(stage.dial({ "x-session": "s3" })), 503);
  await first.drop();
  await stage.dial({ "x-session": "s1" }).hello();
});

for (const [limits, expected] of [
  [{ rat: 5 }, /no option "rat". Did you mean "rate"/],
  [{ rate: 0 }, /rate: expected a whole number from 1/],
  [{ tabs: 1.5 }, /tabs: expected a whole number/],
  [{ heartbeat: "1s" }, /heartbeat: expected a whole number from 16 to 2147483647, got "1s"/],
  [{ origins: ["b.example"] }, /origins: expected origins/],
  [{ origins: "https://b.example" }, /origins: expected a list/],
  [{ origins: ["https://b.example/path"] }, /origins: expected origins/],
  [{ forwardedHost: "yes" }, /forwardedHost: expected true or false/],
] as const) {
  test(`limits ${JSON.stringify(limits)} are refused`, () => {
    assert.throws(() => limitsFrom(limits as LiveLimits), expected);
  });
}
