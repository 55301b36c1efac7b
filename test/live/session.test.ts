import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
// What the package keeps to itself: the live engine and its pages call it.
import { isSecure, newSession, sessionOf, sessionResponse, tabOf } from "../../src/live/server/session.ts";

function secretIn(cookie: string): string {
  return /^livespan_session=([^;]*)/.exec(cookie)?.[1] ?? "";
}

test("a new session's secret is 32 random bytes, and only a hash of it is its name", () => {
  const [one, two] = [newSession(false), newSession(false)];
  const secret = secretIn(one.cookie);
  assert.equal(Buffer.from(secret, "base64url").length, 32);
  assert.equal(one.name, createHash("sha256").update(secret).digest("base64url"));
  assert.notEqual(one.name, two.name);
});

test("its cookie is kept from scripts and other sites, and from plain http where it came by https", () => {
  const attributes = (cookie: string) => cookie.split("; ").slice(1).toSorted();
  assert.deepEqual(attributes(newSession(false).cookie), ["HttpOnly", "Path=/", "SameSite=Lax"]);
  assert.deepEqual(attributes(newSession(true).cookie), ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]);
});

test("a request's session is found among its cookies", () => {
  const { name, cookie } = newSession(false);
  const secret = secretIn(cookie);
  for (const header of [
    `livespan_session=${secret}`,
    `a=b; livespan_session=${secret}; c=d`,
    `livespan_session=; livespan_session=forged; livespan_session=${secret}`,
    ` livespan_session = ${secret} `,
  ]) {
    assert.equal(sessionOf(header), name, header);
  }
});

test("what is no secret is no session", () => {
  const { name, cookie } = newSession(false);
  const secret = secretIn(cookie);
  for (const header of [
    undefined,
    null,
    "",
    "livespan_session",
    "livespan_session=",
    `livespan_session=${secret.slice(1)}`,
    `livespan_session=${secret}x`,
    `livespan_session=${secret.slice(1)}.`,
    `livespan_session="${secret}"`,
    `xlivespan_session=${secret}`,
    `LIVESPAN_SESSION=${secret}`,
    "livespan_session=__proto__",
  ]) {
    assert.equal(sessionOf(header), undefined, String(header));
  }
  assert.notEqual(sessionOf(`livespan_session=${name}`), name, "the name is no secret");
});

test("a page that is opened again says which tab it was", () => {
  assert.equal(tabOf("livespan_session=x; livespan_tab=abc-_1"), "abc-_1");
  for (const header of [
    "livespan_tab=",
    "livespan_tab=a b",
    `livespan_tab=${"x".repeat(65)}`,
    "livespan_tab=a/b",
    null,
  ]) {
    assert.equal(tabOf(header), undefined, String(header));
  }
});

test("https is seen directly and through a proxy", () => {
  const from = (url: string, proto?: string) =>
    isSecure(new Request(url, proto === undefined ? {} : { headers: { "x-forwarded-proto": proto } }));
  assert.deepEqual(
    [
      from("https://a.test/"),
      from("http://a.test/"),
      from("http://a.test/", "https"),
      from("http://a.test/", "https, http"),
    ],
    [true, false, true, true],
  );
});

test("GET /_live/session gives a session once", () => {
  const first = sessionResponse(new Request("http://a.test/_live/session"));
  assert.equal(first.status, 204);
  assert.equal(first.headers.get("cache-control"), "no-store");
  const cookie = first.headers.get("set-cookie") ?? "";
  assert.equal(secretIn(cookie).length, 43);
  const again = sessionResponse(
    new Request("http://a.test/_live/session", { headers: { cookie: cookie.split(";")[0]! } }),
  );
  assert.deepEqual([again.status, again.headers.get("set-cookie")], [204, null]);
});
