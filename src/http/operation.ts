import type { Components } from "./components.ts";
import type { PathParameter, PathTemplate } from "./path.ts";
import type { Route, RouteOptions } from "./route.ts";
import { isObject, type JsonSchema, type Schema } from "./schema.ts";

/** A route as an OpenAPI operation (OpenAPI 3.1, section 4.8.10). */
export function operationOf(route: Route, at: PathTemplate, id: string, components: Components): JsonSchema {
  const { summary, description, tags, deprecated, body } = route.options;
  const parameters = [
    ...pathParameters(route.options, at, id, components),
    ...listed("query", route.options.query, id, components),
    ...listed("header", route.options.headers, id, components),
  ];
  return {
    operationId: id,
    ...(summary === undefined ? {} : { summary }),
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined ? {} : { tags }),
    ...(deprecated === undefined ? {} : { deprecated }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: requestBody(body, id, components) }),
    responses: responses(route, id, components),
  };
}

function pathParameters({ params }: RouteOptions, at: PathTemplate, id: string, components: Components): JsonSchema[] {
  const known =
    params === undefined ? {} : membersOf(components.embed(params, "input", `${id}Params`), components).properties;
  return at.parameters.map(({ name, pattern }: PathParameter) => ({
    name,
    in: "path",
    required: true,
    ...described(known[name] ?? { type: "string", ...(pattern === undefined ? {} : { pattern: `^(?:${pattern})$` }) }),
  }));
}

/** Headers that OpenAPI says elsewhere, and would have us leave out here. */
const elsewhere = new Set(["accept", "content-type", "authorization"]);

/** The members of a query or header schema, each a parameter. */
function listed(
  place: "query" | "header",
  schema: Schema | undefined,
  id: string,
  components: Components,
): JsonSchema[] {
  if (schema === undefined) return [];
  const said = components.embed(schema, "input", `${id}${place === "query" ? "Query" : "Headers"}`);
  if (said === undefined && place === "query") {
    // Its library cannot say what is in it: any key may be.
    const free = { type: "object", additionalProperties: true };
    return [{ name: "query", in: "query", style: "form", explode: true, schema: free }];
  }
  const { properties, required } = membersOf(said, components);
  return Object.entries(properties)
    .filter(([name]) => place === "query" || !elsewhere.has(name.toLowerCase()))
    .map(([name, property]) => ({
      name,
      in: place,
      ...(required.has(name) ? { required: true } : {}),
      ...described(property),
    }));
}

/** A parameter says what it is for, and its first example, beside its schema: where readers and their forms look. */
function described({ description, ...schema }: JsonSchema): JsonSchema {
  const [example] = listOf(schema["examples"]);
  return {
    ...(typeof description === "string" ? { description } : {}),
    ...(example === undefined ? {} : { example }),
    schema,
  };
}

interface Members {
  readonly properties: Record<string, JsonSchema>;
  readonly required: ReadonlySet<string>;
}

/** The members of an object schema, also of one that is put together: of alternatives, none is required. */
function membersOf(schema: JsonSchema | undefined, components: Components): Members {
  const properties: Record<string, JsonSchema> = {};
  const required = new Set<string>();
  const seen = new Set<unknown>();
  const collect = (part: unknown, certain: boolean): void => {
    if (!isObject(part) || seen.has(part)) return;
    seen.add(part);
    if (typeof part["$ref"] === "string") collect(components.schemas[part["$ref"].split("/").at(-1) ?? ""], certain);
    if (isObject(part["properties"])) {
      for (const [name, property] of Object.entries(part["properties"]))
        if (isObject(property)) properties[name] ??= property;
    }
    if (certain && Array.isArray(part["required"])) for (const name of part["required"]) required.add(String(name));
    for (const all of listOf(part["allOf"])) collect(all, certain);
    for (const any of [...listOf(part["anyOf"]), ...listOf(part["oneOf"])]) collect(any, false);
  };
  collect(schema, true);
  return { properties, required };
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function requestBody(body: Schema, id: string, components: Components): JsonSchema {
  const schema = components.embed(body, "input", `${id}Body`) ?? {};
  const files = Object.values(membersOf(schema, components).properties).some((member) => member["format"] === "binary");
  return {
    required: refusesAbsence(body),
    content: { [files ? "multipart/form-data" : "application/json"]: { schema } },
  };
}

/** JSON Schema cannot say that a body may be absent, so the schema itself is asked. */
function refusesAbsence(body: Schema): boolean {
  try {
    const result = body["~standard"].validate(undefined);
    if (!(result instanceof Promise)) return result.issues !== undefined;
    // Nobody waits for the answer, and a failure of it says nothing about a request.
    result.catch(() => {});
  } catch {
    // A schema that throws for nothing does not take it.
  }
  return true;
}

function responses(route: Route, id: string, components: Components): JsonSchema {
  const { params, query, headers, body } = route.options;
  const checked = [params, query, headers, body].some((schema) => schema !== undefined);
  return {
    ...success(route, id, components),
    ...(body === undefined ? {} : { 400: fault("The body is not what its content-type says.") }),
    ...(body === undefined ? {} : { 413: failure("The body is over the limit.") }),
    ...(body === undefined ? {} : { 415: failure("The body's content-type is not one that this route takes.") }),
    ...(checked ? { 422: fault("The request is not what this route takes.") } : {}),
    ...(route.kind === "ws" ? { 426: failure("The request does not ask for a WebSocket.") } : {}),
  };
}

function success({ kind, options }: Route, id: string, components: Components): JsonSchema {
  if (kind === "ws") return { 101: { description: "The connection becomes a WebSocket." } };
  const { response } = options;
  const said = response === undefined ? undefined : components.embed(response, "output", `${id}Response`);
  const status = options.status ?? 200;
  if (kind === "sse") {
    const data = said === undefined ? {} : { contentMediaType: "application/json", contentSchema: said };
    const schema = { type: "string", description: "Server-sent events; the schema is that of their data.", ...data };
    return { [status]: { description: "A stream of events.", content: { "text/event-stream": { schema } } } };
  }
  const content = status === 204 || status === 304 ? {} : { content: { "application/json": { schema: said ?? {} } } };
  return { [status]: { description: "Success.", ...content } };
}

function fault(description: string): JsonSchema {
  return problemResponse(description, "RequestProblem");
}

function failure(description: string): JsonSchema {
  return problemResponse(description, "Problem");
}

function problemResponse(description: string, name: string): JsonSchema {
  const schema = { $ref: `#/components/schemas/${name}` };
  return { description, content: { "application/problem+json": { schema } } };
}
