import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, Routes } from "livespan/http";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import { ask, sendJson, TestHost } from "./host.ts";

test("a query is coerced by its schema, and a fault is a 422 that says where", async () => {
  const hono = compile(
    new Routes().get("/predict", { query: z.object({ x: z.coerce.number() }) }, ({ query }) => ({ result: query.x * 42 })),
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
