import assert from "node:assert/strict";
import { test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { compile, Routes, type Description } from "livespan/http";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import { ask, TestHost } from "./host.ts";

const description: Description = { openapi: "/openapi.json", docs: "/docs", title: "Test", version: "1.2.3" };

/** The document that the routes are described by, checked against OpenAPI's own schema. */
async function documentOf(routes: Routes) {
  const { status, type: contentType, body } = await ask(compile(routes, new TestHost(), description), "/openapi.json");
  assert.deepEqual([status, contentType], [200, "application/json"]);
  const result = await new Validator().validate(structuredClone(body));
  assert.deepEqual(result.errors ?? [], []);
  assert.equal(result.valid, true);
  for (const ref of JSON.stringify(body).matchAll(/"\$ref":"([^"]*)"/g)) {
    assert.ok(body.components.schemas[ref[1]!.replace("#/components/schemas/", "")], `${ref[1]} points at nothing`);
  }
  return body;
}

test("every part of a route is described", async () => {
  const routes = new Routes().put(
    "/orders/:id{[0-9]+}",
    {
      params: z.object({ id: z.coerce.number().meta({ description: "Which order" }) }),
      query: z.object({ dry: z.stringbool().optional(), tags: z.array(z.string()) }),
      headers: z.object({ "x-tenant": z.string(), authorization: z.string() }),
      body: z.object({ lines: z.array(z.object({ sku: z.string(), at: z.coerce.date() })) }),
      response: z.object({ total: z.number() }),
      status: 201,
      summary: "Replace an order",
      description: "All of it.",
      tags: ["orders"],
      operationId: "replaceOrder",
      deprecated: true,
    },
    () => ({ total: 1 }),
  );
  const document = await documentOf(routes);
  assert.deepEqual([document.openapi, document.info], ["3.1.1", { title: "Test", version: "1.2.3" }]);
  const operation = document.paths["/orders/{id}"].put;
  assert.equal(operation.operationId, "replaceOrder");
  assert.deepEqual(
    [operation.summary, operation.description, operation.tags, operation.deprecated],
    ["Replace an order", "All of it.", ["orders"], true],
  );
  assert.deepEqual(operation.parameters, [
    { name: "id", in: "path", required: true, description: "Which order", schema: { type: "number" } },
    { name: "dry", in: "query", schema: { type: "string" } },
    { name: "tags", in: "query", required: true, schema: { type: "array", items: { type: "string" } } },
    { name: "x-tenant", in: "header", required: true, schema: { type: "string" } },
  ]);
  assert.equal(operation.requestBody.required, true);
  const line = operation.requestBody.content["application/json"].schema.properties.lines.items;
  assert.deepEqual(line.properties.at, { type: "string", format: "date-time" });
  assert.deepEqual(Object.keys(operation.responses), ["201", "400", "413", "415", "422"]);
  assert.equal(operation.responses["201"].content["application/json"].schema.properties.total.type, "number");
  const faults = operation.responses["422"].content["application/problem+json"].schema;
  assert.deepEqual(faults, { $ref: "#/components/schemas/RequestProblem" });
});

test("the first example of a parameter stands beside its schema, where a form is filled from", async () => {
  const routes = new Routes().get(
    "/at/:place",
    { params: z.object({ place: z.string().meta({ examples: ["here"] }) }), query: z.object({ n: z.string() }) },
    () => 1,
  );
  const { paths } = await documentOf(routes);
  assert.deepEqual(paths["/at/{place}"].get.parameters, [
    { name: "place", in: "path", required: true, example: "here", schema: { type: "string", examples: ["here"] } },
    { name: "n", in: "query", required: true, schema: { type: "string" } },
  ]);
});

test("routes without schemas are described too: paths, optional parameters, wildcards, all methods", async () => {
  const routes = new Routes()
    .get("/", () => 1)
    .get("/greet/:name/:lang?", () => 1)
    .get("/n/:n{[0-9]+}", () => 1)
    .get("/files/*", () => 1)
    .get("/any", () => 1)
    .all("/any", () => 1)
    .on("PURGE", "/cache", () => 1)
    .post("/made", { status: 204 }, () => undefined);
  const { paths } = await documentOf(routes);
  assert.deepEqual(Object.keys(paths), [
    "/",
    "/greet/{name}",
    "/greet/{name}/{lang}",
    "/n/{n}",
    "/files/{wildcard}",
    "/any",
    "/cache",
    "/made",
  ]);
  assert.deepEqual(paths["/n/{n}"].get.parameters[0].schema, { type: "string", pattern: "^(?:[0-9]+)$" });
  assert.deepEqual(Object.keys(paths["/any"]), ["get", "put", "post", "delete", "patch"]);
  assert.deepEqual(paths["/cache"], {});
  assert.deepEqual(Object.keys(paths["/"].get.responses), ["200"]);
  assert.equal(paths["/made"].post.responses["204"].content, undefined);
  assert.equal(paths["/greet/{name}/{lang}"].get.operationId, "getGreetByNameByLang");
});

const Category = z.object({
  name: z.string(),
  get children() {
    return z.array(Category);
  },
});
const Person = z
  .object({
    name: z.string(),
    get friends() {
      return z.array(Person).optional();
    },
  })
  .meta({ id: "Person" });

test("recursive and named schemas are components, once each", async () => {
  const routes = new Routes()
    .post("/categories", { body: Category }, () => 1)
    .post("/people", { body: Person, response: z.array(Person) }, () => [])
    .put("/people", { body: z.object({ all: z.array(Person) }) }, () => 1);
  const { paths, components } = await documentOf(routes);
  const bodyOf = (path: string, method: string) => paths[path][method].requestBody.content["application/json"].schema;
  assert.deepEqual(bodyOf("/categories", "post"), { $ref: "#/components/schemas/postCategoriesBody" });
  assert.deepEqual(components.schemas.postCategoriesBody.properties.children, {
    type: "array",
    items: { $ref: "#/components/schemas/postCategoriesBody" },
  });
  assert.deepEqual(bodyOf("/people", "post"), { $ref: "#/components/schemas/Person" });
  assert.deepEqual(bodyOf("/people", "put").properties.all.items, { $ref: "#/components/schemas/Person" });
  const people = Object.keys(components.schemas).filter((name) => name.startsWith("Person"));
  // What is sent has no other members, what is taken may: two schemas, told apart by their sides.
  assert.deepEqual(people, ["Person", "PersonOutput"]);
});

test("different schemas of one name each have their own", async () => {
  const one = z.object({ a: z.string() }).meta({ id: "Thing" });
  const two = toStandardJsonSchema(v.object({ b: v.string() }));
  const named = {
    ...two,
    "~standard": { ...two["~standard"], jsonSchema: { input: () => clash, output: () => clash } },
  };
  const clash = { $ref: "#/$defs/Thing", $defs: { Thing: { type: "object", properties: { b: { type: "string" } } } } };
  const routes = new Routes()
    .post("/one", { body: one }, () => 1)
    .post("/two", { body: named }, () => 1)
    .put("/two", { body: named }, () => 1);
  const { components, paths } = await documentOf(routes);
  assert.deepEqual(Object.keys(components.schemas.Thing.properties), ["a"]);
  assert.deepEqual(Object.keys(components.schemas.ThingInput.properties), ["b"]);
  assert.deepEqual(paths["/two"].put.requestBody, paths["/two"].post.requestBody);
});

test("deep recursion, arktype's and valibot's included", async () => {
  const node = type({ value: "number", "next?": "this" });
  const Tree: v.GenericSchema = v.object({ label: v.string(), kids: v.lazy(() => v.array(Tree)) });
  const routes = new Routes()
    .post("/ark", { body: node }, () => 1)
    .post("/valibot", { body: toStandardJsonSchema(Tree) }, () => 1)
    .post("/again", { body: node }, () => 1);
  const { paths, components } = await documentOf(routes);
  const ark = paths["/ark"].post.requestBody.content["application/json"].schema;
  assert.deepEqual(ark, { $ref: "#/components/schemas/postArkBody" });
  assert.deepEqual(components.schemas.postArkBody.properties.next, ark);
  const valibot = paths["/valibot"].post.requestBody.content["application/json"].schema;
  assert.equal(valibot.properties.label.type, "string");
});

test("a schema that cannot say itself leaves its part open", async () => {
  const plain = v.object({ q: v.string() });
  const routes = new Routes().post("/v", { query: plain, body: plain, headers: plain }, () => 1);
  const { post } = (await documentOf(routes)).paths["/v"];
  assert.deepEqual(post.parameters, [
    {
      name: "query",
      in: "query",
      style: "form",
      explode: true,
      schema: { type: "object", additionalProperties: true },
    },
  ]);
  assert.deepEqual(post.requestBody.content, { "application/json": { schema: {} } });
});

test("an optional body is not required, and one with files is multipart", async () => {
  const routes = new Routes()
    .post("/optional", { body: z.object({}).optional() }, () => 1)
    .post("/async", { body: z.object({}).refine(async () => Promise.reject(new Error("asked"))) }, () => 1)
    .post("/upload", { body: z.object({ file: z.file() }) }, () => 1);
  const { paths } = await documentOf(routes);
  assert.equal(paths["/optional"].post.requestBody.required, false);
  assert.equal(paths["/async"].post.requestBody.required, true);
  assert.deepEqual(Object.keys(paths["/upload"].post.requestBody.content), ["multipart/form-data"]);
});

test("streams, WebSockets and mounted routes are described", async () => {
  const inner = new Routes().get("/", () => 1).get("/x/:y", () => 1);
  const routes = new Routes()
    .sse("/events", { response: z.object({ n: z.number() }) }, async () => {})
    .ws("/socket", { query: z.object({ token: z.string() }) }, () => {})
    .mount("/in/:tenant", inner)
    .mount("/again", inner);
  const { paths } = await documentOf(routes);
  const stream = paths["/events"].get.responses["200"].content["text/event-stream"].schema;
  assert.equal(stream.contentSchema.properties.n.type, "number");
  assert.deepEqual(Object.keys(paths["/socket"].get.responses), ["101", "422", "426"]);
  assert.deepEqual(
    paths["/in/{tenant}/x/{y}"].get.parameters.map(({ name }: { name: string }) => name),
    ["tenant", "y"],
  );
  assert.ok(paths["/in/{tenant}"].get);
  assert.ok(paths["/again/x/{y}"].get);
});

test("members of unions and intersections are parameters; those of alternatives are not required", async () => {
  const query = z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("a"), a: z.string() }),
    z.object({ kind: z.literal("b"), b: z.string() }),
  ]);
  const { paths } = await documentOf(new Routes().get("/u", { query }, () => 1));
  assert.deepEqual(
    paths["/u"].get.parameters.map(({ name, required }: { name: string; required?: boolean }) => [name, required]),
    [
      ["kind", undefined],
      ["a", undefined],
      ["b", undefined],
    ],
  );
});
