import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, Routes } from "livespan/http";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import { ask, sendJson, TestHost } from "./host.ts";

test("a query is coerced by its schema, and a fault is a 422 that says where", async () => {
  const hono = compile(
    new Routes().get("/predict", { query: z.object({ x: z.coerce.number() }) }, ({ query }) => ({
      result: query.x * 42,
    })),
    new TestHost(),
  );
  assert.deepEqual((await ask(hono, "/predict?x=2")).body, { result: 84 });
  const { status, type: contentType, body } = await ask(hono, "/predict?x=abc");
  assert.equal(status, 422);
  assert.equal(contentType, "application/problem+json");
  assert.equal(body.status, 422);
  assert.equal(body.type, "about:blank");
  assert.equal(body.title, "Unprocessable Content");
  assert.equal(body.errors.length, 1);
  assert.deepEqual({ ...body.errors[0], message: "" }, { in: "query", path: ["x"], message: "" });
  assert.match(body.errors[0].message, /number/i);
});

test("one answer names the faults of path, query, headers and body", async () => {
  const options = {
    params: z.object({ id: z.coerce.number() }),
    query: z.object({ page: z.coerce.number() }),
    headers: z.object({ "x-tenant": z.string() }),
    body: z.object({ items: z.array(z.object({ "a/b": z.number() })) }),
  };
  const hono = compile(
    new Routes().post("/orders/:id", options, () => assert.fail("called")),
    new TestHost(),
  );
  const { status, body } = await ask(hono, "/orders/x?page=y", sendJson({ items: [{ "a/b": 1 }, { "a/b": "no" }] }));
  assert.equal(status, 422);
  assert.deepEqual(
    body.errors.map(({ in: place, path, pointer }: Record<string, unknown>) => ({ place, path, pointer })),
    [
      { place: "path", path: ["id"], pointer: undefined },
      { place: "query", path: ["page"], pointer: undefined },
      { place: "header", path: ["x-tenant"], pointer: undefined },
      { place: "body", path: ["items", 1, "a/b"], pointer: "#/items/1/a~1b" },
    ],
  );
});

const libraries = {
  zod: z.object({ n: z.coerce.number() }),
  valibot: v.object({ n: v.pipe(v.string(), v.transform(Number), v.number()) }),
  arktype: type({ n: "string.numeric.parse" }),
  "an async schema": z.object({ n: z.coerce.number().refine(async (n) => n < 10) }),
};
for (const [name, schema] of Object.entries(libraries)) {
  test(`${name} checks and transforms`, async () => {
    const hono = compile(
      new Routes().get("/n", { query: schema }, ({ query }) => query),
      new TestHost(),
    );
    assert.deepEqual((await ask(hono, "/n?n=7")).body, { n: 7 });
    const { status, body } = await ask(hono, "/n?n=x");
    assert.equal(status, 422);
    assert.deepEqual(body.errors[0].path, ["n"]);
  });
}

test("an async schema that refuses is a 422 too", async () => {
  const taken = z.object({ name: z.string().refine(async (name) => name !== "root", "is taken") });
  const hono = compile(
    new Routes().post("/names", { body: taken }, ({ body }) => body.name),
    new TestHost(),
  );
  assert.equal((await ask(hono, "/names", sendJson({ name: "ada" }))).body, "ada");
  const { status, body } = await ask(hono, "/names", sendJson({ name: "root" }));
  assert.equal(status, 422);
  assert.deepEqual(body.errors, [{ in: "body", path: ["name"], pointer: "#/name", message: "is taken" }]);
});

test("parameters without a schema are strings, decoded; an optional one may be absent", async () => {
  const routes = new Routes()
    .get("/items/:id/:part?", ({ params }) => params)
    .get("/numbers/:n{[0-9]+}", ({ params }) => params.n);
  const hono = compile(routes, new TestHost());
  assert.deepEqual((await ask(hono, "/items/a%20b/c")).body, { id: "a b", part: "c" });
  assert.deepEqual((await ask(hono, "/items/a")).body, { id: "a" });
  assert.equal((await ask(hono, "/numbers/12")).body, "12");
  assert.equal((await ask(hono, "/numbers/x")).status, 404);
});

test("a query without a schema holds strings, and lists where a key is repeated", async () => {
  const hono = compile(
    new Routes().get("/q", ({ query }) => query),
    new TestHost(),
  );
  assert.deepEqual((await ask(hono, "/q?a=1&b=2&b=3&c&d=%C3%A9+x")).body, { a: "1", b: ["2", "3"], c: "", d: "é x" });
  assert.deepEqual((await ask(hono, "/q")).body, {});
});

test("headers are lower-case, and coerced by their schema", async () => {
  const routes = new Routes()
    .get("/raw", ({ headers }) => headers["x-n"])
    .get("/typed", { headers: z.object({ "x-n": z.coerce.number() }) }, ({ headers }) => headers["x-n"] + 1);
  const hono = compile(routes, new TestHost());
  assert.equal((await ask(hono, "/raw", { headers: { "X-N": "4" } })).body, "4");
  assert.equal((await ask(hono, "/typed", { headers: { "X-N": "4" } })).body, 5);
});

test("a key given once is a list where the schema takes one", async () => {
  const schema = z.object({ tag: z.array(z.string()), x: z.string() });
  const hono = compile(
    new Routes().get("/t", { query: schema }, ({ query }) => query),
    new TestHost(),
  );
  assert.deepEqual((await ask(hono, "/t?tag=a&x=1")).body, { tag: ["a"], x: "1" });
  assert.deepEqual((await ask(hono, "/t?tag=a&tag=b&x=1")).body, { tag: ["a", "b"], x: "1" });
  assert.equal((await ask(hono, "/t?tag=a&x=1&x=2")).status, 422);
});

test("a key named __proto__ is a key and nothing else", async () => {
  const host = new TestHost();
  const seen: unknown[] = [];
  const routes = new Routes()
    .get("/q", ({ query }) => void seen.push(query))
    .post("/form", { body: z.looseObject({}) }, ({ body }) => void seen.push(body))
    .post("/json", { body: z.looseObject({ a: z.number() }) }, ({ body }) => void seen.push(body));
  const hono = compile(routes, host);
  const form = { "content-type": "application/x-www-form-urlencoded" };
  assert.equal((await ask(hono, "/q?__proto__=x&__proto__=y&constructor=z")).status, 204);
  assert.equal((await ask(hono, "/form", { method: "POST", headers: form, body: "__proto__=x&a=1" })).status, 204);
  const json = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"a":1,"__proto__":{"polluted":1}}',
  };
  assert.equal((await ask(hono, "/json", json)).status, 204);
  assert.equal(seen.length, 3);
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  for (const value of seen) assert.equal((value as Record<string, unknown>)["polluted"], undefined);
});

test("a form is a body too: urlencoded and multipart, with repeated keys and files", async () => {
  const schema = z.object({ name: z.string(), tag: z.array(z.string()), file: z.file().optional() });
  const routes = new Routes().post("/form", { body: schema }, async ({ body }) => ({
    ...body,
    file: body.file === undefined ? null : await body.file.text(),
  }));
  const hono = compile(routes, new TestHost());
  const urlencoded = await ask(hono, "/form", { method: "POST", body: new URLSearchParams("name=a&tag=x") });
  assert.deepEqual(urlencoded.body, { name: "a", tag: ["x"], file: null });
  const multipart = new FormData();
  multipart.append("name", "b");
  multipart.append("tag", "x");
  multipart.append("tag", "y");
  multipart.append("file", new Blob(["content"]), "f.txt");
  const uploaded = await ask(hono, "/form", { method: "POST", body: multipart });
  assert.deepEqual(uploaded.body, { name: "b", tag: ["x", "y"], file: "content" });
});

test("a form that is not what its content-type says is a 400", async () => {
  const hono = compile(
    new Routes().post("/form", { body: z.object({}) }, () => "ok"),
    new TestHost(),
  );
  const headers = { "content-type": "multipart/form-data; boundary=x" };
  const { status, body } = await ask(hono, "/form", { method: "POST", headers, body: "not multipart" });
  assert.equal(status, 400);
  assert.equal(body.errors[0].in, "body");
});

test("malformed JSON is a 400 of the same shape", async () => {
  const hono = compile(
    new Routes().post("/b", { body: z.object({}) }, () => "ok"),
    new TestHost(),
  );
  const { status, type: contentType, body } = await ask(hono, "/b", { ...sendJson(0), body: '{"a":' });
  assert.equal(status, 400);
  assert.equal(contentType, "application/problem+json");
  assert.equal(body.status, 400);
  assert.deepEqual({ ...body.errors[0], message: "" }, { in: "body", path: [], pointer: "#", message: "" });
});

test("an empty body is undefined, which the schema may take", async () => {
  const schema = z.object({ a: z.number() });
  const routes = new Routes()
    .post("/required", { body: schema }, () => "ok")
    .post("/optional", { body: schema.optional() }, ({ body }) => body ?? "nothing");
  const hono = compile(routes, new TestHost());
  assert.equal((await ask(hono, "/required", { method: "POST" })).status, 422);
  assert.equal((await ask(hono, "/optional", { method: "POST" })).body, "nothing");
  assert.deepEqual((await ask(hono, "/optional", sendJson({ a: 1 }))).body, { a: 1 });
});

test("a content-type that is neither JSON nor a form is a 415", async () => {
  const hono = compile(
    new Routes().post("/b", { body: z.object({ a: z.number() }) }, ({ body }) => body),
    new TestHost(),
  );
  const send = (type: string) =>
    ask(hono, "/b", { method: "POST", headers: { "content-type": type }, body: '{"a":1}' });
  for (const json of ["application/json; charset=utf-8", "application/merge-patch+json", "APPLICATION/JSON"]) {
    assert.deepEqual((await send(json)).body, { a: 1 }, json);
  }
  for (const other of ["text/plain", "application/jsonx", "application/xml"]) {
    const { status, headers, body } = await send(other);
    assert.equal(status, 415, other);
    assert.match(headers.get("accept") ?? "", /application\/json/);
    assert.ok(body.detail.includes(other));
  }
});

test("a schema that throws is the server's fault", async () => {
  const host = new TestHost();
  const broken = z.object({}).transform(() => {
    throw new Error("in the schema");
  });
  const hono = compile(
    new Routes().get("/x", { query: broken }, () => "ok"),
    host,
  );
  assert.equal((await ask(hono, "/x")).status, 500);
  assert.match(String(host.lines[0]?.fields["error"]), /in the schema/);
});

test("middleware that has read the body leaves it for the schema", async () => {
  const routes = new Routes()
    .use(async (c, next) => {
      await c.req.json();
      await next();
    })
    .post("/b", { body: z.object({ a: z.number() }) }, ({ body }) => body);
  assert.deepEqual((await ask(compile(routes, new TestHost()), "/b", sendJson({ a: 1 }))).body, { a: 1 });
});
