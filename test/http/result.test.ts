import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, problem, Routes } from "livespan/http";
import { z } from "zod";
import { ask, listen, TestHost } from "./host.ts";

test("what a handler returns is sent as JSON, strings too; undefined is 204; a Response is passed on", async () => {
  const routes = new Routes()
    .get("/object", () => ({ a: 1, gone: undefined }))
    .get("/string", () => "text")
    .get("/null", () => null)
    .get("/undefined", () => undefined)
    .get("/async", async () => [1, 2])
    .get("/response", () => new Response("as is", { status: 203, headers: { "x-own": "1" } }));
  const hono = compile(routes, new TestHost());
  const object = await ask(hono, "/object");
  assert.deepEqual([object.status, object.type, object.body], [200, "application/json", { a: 1 }]);
  const text = await ask(hono, "/string");
  assert.deepEqual([text.type, text.body], ["application/json", "text"]);
  assert.equal((await ask(hono, "/null")).body, null);
  const nothing = await ask(hono, "/undefined");
  assert.deepEqual([nothing.status, nothing.body], [204, ""]);
  assert.deepEqual((await ask(hono, "/async")).body, [1, 2]);
  const response = await ask(hono, "/response");
  assert.deepEqual([response.status, response.body, response.headers.get("x-own")], [203, "as is", "1"]);
});

/** As packages make them that bring their own implementation of fetch along. */
class ForeignResponse {
  readonly status = 201;
  readonly statusText = "";
  readonly headers = new Map([["x-own", "1"]]);
  readonly [Symbol.toStringTag] = "Response";
  readonly body = (async function* () {
    yield new TextEncoder().encode("in ");
    yield new TextEncoder().encode("parts");
  })();
}

test("a Response of another implementation is one too, of a handler and of an app that is mounted", async () => {
  const foreign = (): Response => new ForeignResponse() as unknown as Response;
  const mounted = Object.assign(() => {}, { fetch: foreign });
  const routes = new Routes().get("/", { response: z.string() }, foreign).mount("/mounted", mounted);
  await using server = await listen(routes, new TestHost());
  for (const path of ["/", "/mounted"]) {
    const response = await fetch(server.url + path);
    assert.deepEqual([response.status, await response.text(), response.headers.get("x-own")], [201, "in parts", "1"]);
  }
});

test("of a Response without a body, what another implementation leaves in it is nothing", async () => {
  const bodiless = (status: number) => (): Response => Object.assign(new ForeignResponse(), { status }) as never;
  const routes = new Routes().get("/204", bodiless(204)).get("/205", bodiless(205)).get("/304", bodiless(304));
  const hono = compile(routes, new TestHost());
  for (const status of [204, 205, 304]) {
    const answer = await ask(hono, `/${status}`);
    assert.deepEqual([answer.status, answer.body, answer.headers.get("x-own")], [status, "", "1"]);
  }
});

test("null, an empty object and a hole in a list are carried as they are", async () => {
  const value = { none: null, empty: {}, list: [undefined, null], at: new Date(0) };
  const hono = compile(
    new Routes().get("/", () => value),
    new TestHost(),
  );
  assert.deepEqual((await ask(hono, "/")).body, {
    none: null,
    empty: {},
    list: [null, null],
    at: new Date(0).toJSON(),
  });
});

test("the status option, and what is set on Hono's context, count", async () => {
  const routes = new Routes()
    .post("/made", { status: 201 }, () => ({ id: 1 }))
    .get("/set", ({ hono }) => {
      hono.status(202);
      hono.header("x-own", "1");
      return { ok: true };
    });
  const hono = compile(routes, new TestHost());
  assert.equal((await ask(hono, "/made", { method: "POST" })).status, 201);
  const set = await ask(hono, "/set");
  assert.deepEqual([set.status, set.headers.get("x-own"), set.type], [202, "1", "application/json"]);
});

test("a query builder or anything else with then is awaited", async () => {
  const builder = {};
  Reflect.set(builder, "then", (resolve: (value: unknown) => void) => resolve({ rows: 1 }));
  const hono = compile(
    new Routes().get("/", () => builder),
    new TestHost(),
  );
  assert.deepEqual((await ask(hono, "/")).body, { rows: 1 });
});

const cycle: Record<string, unknown> = { inner: {} };
(cycle["inner"] as Record<string, unknown>)["back"] = cycle;
const uncarried: Record<string, readonly [value: unknown, path: string]> = {
  "a bigint": [{ rows: [{ id: 1 }, { id: 2n }] }, "$.rows[1].id is a bigint"],
  "a cycle": [cycle, "$.inner.back is a cycle"],
  "a function": [() => 1, "$ is a function"],
  "a symbol": [Symbol("s"), "$ is a symbol"],
  "a key that is no word": [{ "a b": 1n }, '$["a b"] is a bigint'],
  "a Map": [{ byId: new Map([[1, "a"]]) }, "$.byId is a Map"],
  "a promise that was not awaited": [{ rows: [Promise.resolve(1)] }, "$.rows[0] is a Promise"],
  "a number that is none": [{ mean: 0 / 0 }, "$.mean is NaN"],
  "an infinite number": [[1, -Infinity], "$[1] is -Infinity"],
  "a toJSON that throws": [
    { at: new Date(NaN), x: { toJSON: () => assert.fail("no JSON") } },
    "$.x is an object whose toJSON threw",
  ],
  "a toJSON that gives a bigint": [{ x: { toJSON: () => 1n } }, "$.x is a bigint"],
};
for (const [name, [value, path]] of Object.entries(uncarried)) {
  test(`${name} is a 500, and the log names the path to it`, async () => {
    const host = new TestHost();
    const { status, body } = await ask(
      compile(
        new Routes().get("/rows", () => value),
        host,
      ),
      "/rows",
    );
    assert.equal(status, 500);
    const error = host.lines[0]?.fields["error"] as Error & { code: string };
    assert.equal(error.code, "RESULT_NOT_JSON");
    assert.ok(error.message.includes(`GET /rows returned a value that JSON cannot carry: ${path}`), error.message);
    assert.equal(host.lines[0]?.fields["id"], body.id);
  });
}

test("a response schema makes what is sent, and what it refuses is the server's fault", async () => {
  const host = new TestHost();
  const user = z.object({ name: z.string() });
  const routes = new Routes()
    .get("/user", { response: user }, () => ({ name: "ada", passwordHash: "secret" }))
    .get("/wrong", { response: z.object({ rows: z.array(z.object({ n: z.number().max(1) })) }) }, () => ({
      rows: [{ n: 2 }],
    }))
    .get("/async", { response: user.refine(async () => true) }, async () => ({ name: "eve" }))
    .get("/passed", { response: user }, () => new Response("as is"));
  const hono = compile(routes, host);
  assert.deepEqual((await ask(hono, "/user")).body, { name: "ada" });
  assert.deepEqual((await ask(hono, "/async")).body, { name: "eve" });
  assert.equal((await ask(hono, "/passed")).body, "as is");
  const wrong = await ask(hono, "/wrong");
  assert.deepEqual([wrong.status, Object.keys(wrong.body)], [500, ["type", "title", "status", "id"]]);
  const error = host.lines[0]?.fields["error"] as Error & { code: string };
  assert.equal(error.code, "RESULT_INVALID");
  assert.match(error.message, /GET \/wrong .*#\/rows\/0\/n/);
});

test("a problem may be thrown or returned", async () => {
  const routes = new Routes()
    .get("/thrown", () => {
      throw problem(404, "no such item", {
        type: "https://errors.test/item",
        members: { item: 7 },
        headers: { "x-own": "1" },
      });
    })
    .get("/returned", () => problem(409));
  const host = new TestHost();
  const hono = compile(routes, host);
  const thrown = await ask(hono, "/thrown");
  assert.equal(thrown.type, "application/problem+json");
  assert.equal(thrown.headers.get("x-own"), "1");
  assert.deepEqual(thrown.body, {
    type: "https://errors.test/item",
    title: "Not Found",
    status: 404,
    detail: "no such item",
    item: 7,
  });
  assert.deepEqual((await ask(hono, "/returned")).body, { type: "about:blank", title: "Conflict", status: 409 });
  assert.deepEqual(host.lines, []);
});

test("over a socket: JSON has its length, HEAD has no body", async () => {
  await using served = await listen(
    new Routes().get("/j", () => ({ a: "é" })),
    new TestHost(),
  );
  const got = await fetch(`${served.url}/j`);
  assert.equal(got.headers.get("content-length"), "10");
  assert.deepEqual(await got.json(), { a: "é" });
  const head = await fetch(`${served.url}/j`, { method: "HEAD" });
  assert.deepEqual([head.status, await head.text(), head.headers.get("content-type")], [200, "", "application/json"]);
});
