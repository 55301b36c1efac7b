import { Components } from "./components.ts";
import type { RouteHost } from "./host.ts";
import { operationOf } from "./operation.ts";
import { templatesOf } from "./path.ts";
import type { Route } from "./route.ts";
import type { Routes } from "./routes.ts";
import type { JsonSchema } from "./schema.ts";
import { walk } from "./walk.ts";

/** What the API description says of the API as a whole. */
export interface ApiInfo {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
}

/** What OpenAPI 3.1 has words for; a route with another method is left out. */
const known = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
/** What a route for all methods is described as. */
const usual = ["get", "put", "post", "delete", "patch"];

/**
 * Describes routes, and what is mounted in them, in OpenAPI 3.1. Handlers in Hono's own terms are not described, since
 * nothing tells them from middleware.
 */
export function describe(routes: Routes, host: RouteHost, info: ApiInfo): JsonSchema {
  const components = new Components();
  components.define("Problem", problemSchema);
  components.define("RequestProblem", requestProblemSchema);
  const paths: Record<string, JsonSchema> = {};
  const ids = new Set<string>();
  const placed = [...walk(routes, host)].flatMap(({ entry, path }) =>
    "options" in entry && entry.unlisted !== true ? [{ route: entry, path }] : [],
  );
  // What answers to all methods only answers to those that have no route of their own.
  const order = [
    ...placed.filter(({ route }) => route.method !== "ALL"),
    ...placed.filter(({ route }) => route.method === "ALL"),
  ];
  for (const { route, path } of order) {
    for (const at of templatesOf(path)) {
      const item = (paths[at.template] ??= {});
      for (const method of methodsOf(route)) {
        item[method] ??= operationOf(
          route,
          at,
          unique(route.options.operationId ?? idOf(method, at.template), ids),
          components,
        );
      }
    }
  }
  return { openapi: "3.1.1", info, paths, components: { schemas: components.schemas } };
}

function methodsOf({ method }: Route): readonly string[] {
  return method === "ALL" ? usual : known.filter((name) => name === method.toLowerCase());
}

/** GET /items/{id} is getItemsById. */
function idOf(method: string, template: string): string {
  const words = template.split("/").filter((part) => part !== "");
  return method + words.map((word) => (word.startsWith("{") ? `By${pascal(word)}` : pascal(word))).join("");
}

function pascal(text: string): string {
  return text
    .replace(/[^A-Za-z0-9]+/g, " ")
    .trim()
    .replace(/(?:^| )(.)/g, (_whole, letter: string) => letter.toUpperCase());
}

function unique(id: string, taken: Set<string>): string {
  let free = id;
  for (let i = 2; taken.has(free); i++) free = `${id}${i}`;
  taken.add(free);
  return free;
}

const problemSchema: JsonSchema = {
  type: "object",
  description: "A failure (RFC 9457).",
  properties: {
    type: { type: "string", format: "uri-reference" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
  },
  required: ["type", "title", "status"],
};

const faultSchema: JsonSchema = {
  type: "object",
  properties: {
    in: { enum: ["path", "query", "header", "body"] },
    path: { type: "array", items: { type: ["string", "integer"] } },
    pointer: { type: "string", description: "A JSON pointer to it, in URI fragment form." },
    message: { type: "string" },
  },
  required: ["in", "path", "message"],
};

const requestProblemSchema: JsonSchema = {
  description: "A request that a route does not take, and where it is at fault.",
  allOf: [{ $ref: "#/components/schemas/Problem" }],
  type: "object",
  properties: { errors: { type: "array", items: faultSchema } },
  required: ["errors"],
};
