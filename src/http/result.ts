import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { messageOf } from "../kernel/errors.ts";
import { routeError } from "./errors.ts";
import { Problem } from "./problem.ts";
import type { Route } from "./route.ts";

// One object for all responses: servers only read it, and the Node server takes its fast path for a plain one.
const jsonHeaders = { "content-type": "application/json" };

/** Whether it is a response, of this platform or of another implementation of fetch, such as a package brings along. */
export function isResponse(value: unknown): value is Response {
  if (typeof value !== "object" || value === null) return false;
  return value instanceof Response || (Symbol.toStringTag in value && value[Symbol.toStringTag] === "Response");
}

/** With these a response has no body, and this platform refuses one that others may leave in it, empty. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/** A response as one of this platform's; what is none stays what it is. */
export function ownResponse(response: Response): Response {
  if (response instanceof Response || !isResponse(response)) return response;
  const { body, status, statusText, headers } = response as Response;
  return new Response(bodiless.has(status) ? null : streamOf(body), { status, statusText, headers: [...headers] });
}

function streamOf(body: Response["body"]): Response["body"] {
  return body === null || body instanceof ReadableStream ? body : ReadableStream.from<Uint8Array>(body);
}

/**
 * What a handler returned, as a response: a `Response` as it is, `undefined` as 204, anything else as JSON, strings
 * too, so that a client can always parse what it got. Headers and status set on Hono's context count.
 */
export function respond(c: Context, value: unknown, route: Route): Response {
  if (isResponse(value)) return ownResponse(value);
  if (value instanceof Problem) return value.getResponse();
  const status = route.options.status as ContentfulStatusCode | undefined;
  if (value === undefined) return c.body(null, status ?? 204);
  return c.body(stringify(value, route), status, jsonHeaders);
}

/** The value as JSON text; throws an error that names the path to what JSON cannot carry. */
export function stringify(value: unknown, route: Route): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw notJson(value, route, error);
  }
  if (text === undefined) throw notJson(value, route, undefined);
  // What JSON carries wrongly without a word, it writes as null or {}: only then is the value looked through.
  const found = text.includes("null") || text.includes("{}") ? findUncarried(value, "$", []) : undefined;
  if (found !== undefined) throw notJson(value, route, undefined, found);
  return text;
}

function notJson(value: unknown, { method, path }: Route, cause: unknown, known?: Uncarried): Error {
  const found = known ?? findUncarried(value, "$", []) ?? { path: "$", what: messageOf(cause) };
  const message = `${method} ${path} returned a value that JSON cannot carry: ${found.path} is ${found.what}.`;
  return routeError("RESULT_NOT_JSON", message, { cause });
}

interface Uncarried {
  readonly path: string;
  readonly what: string;
}

/** JSON would write each of them as an empty object. */
const emptied = [Map, Set, WeakMap, WeakSet, Promise, RegExp, Error];

/** The first value that JSON refuses or would empty, depth first. Functions and symbols inside objects it leaves out, not refuses. */
function findUncarried(value: unknown, path: string, within: readonly object[]): Uncarried | undefined {
  if (typeof value === "bigint") return { path, what: "a bigint" };
  if (path === "$" && (typeof value === "function" || typeof value === "symbol"))
    return { path, what: `a ${typeof value}` };
  if (typeof value === "number" && !Number.isFinite(value)) return { path, what: `${value}` };
  if (typeof value !== "object" || value === null) return undefined;
  if (within.includes(value)) return { path, what: "a cycle, it is inside itself" };
  if ("toJSON" in value && typeof value.toJSON === "function") return findInToJson(value, value.toJSON, path, within);
  const empty = emptied.find((kind) => value instanceof kind);
  if (empty !== undefined) return { path, what: `${empty === Error ? "an" : "a"} ${empty.name}` };
  const inside = [...within, value];
  const list = Array.isArray(value);
  for (const [key, item] of Object.entries(value)) {
    const step = list ? `[${key}]` : /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
    const found = findUncarried(item, path + step, inside);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findInToJson(value: object, toJSON: Function, path: string, within: readonly object[]): Uncarried | undefined {
  try {
    const carried: unknown = toJSON.call(value);
    return carried === value ? undefined : findUncarried(carried, path, [...within, value]);
  } catch (error) {
    return { path, what: `an object whose toJSON threw: ${messageOf(error)}` };
  }
}
