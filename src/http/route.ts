import type { H } from "hono/types";
import { didYouMean } from "../kernel/nearest.ts";
import { routeError } from "./errors.ts";
import type { Routes } from "./routes.ts";
import { isSchema, type Schema } from "./schema.ts";

/** What a route takes, gives, and says of itself in the API description. */
export interface RouteOptions {
  readonly params?: Schema;
  readonly query?: Schema;
  readonly headers?: Schema;
  readonly body?: Schema;
  /** Checks what the handler returns; what it makes of it is sent. On an event stream, each event's data. */
  readonly response?: Schema;
  /** The status of a success; 200 by default, 204 for undefined. */
  readonly status?: number;
  /** Bytes that the body may have, in place of the app's limit. `Infinity` for streams. */
  readonly bodyLimit?: number;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly operationId?: string;
  readonly deprecated?: boolean;
}

/** Answers requests by the web's own interface: another framework's app, or a function in an object. */
export interface Fetchable {
  fetch(request: Request, env?: never, context?: never): Response | Promise<Response>;
}

/** How a route answers: once, as a stream of events, or as a WebSocket. */
export type RouteKind = "http" | "sse" | "ws";

/** A declared route. `method` is upper-case, or "ALL". */
export interface Route {
  readonly kind: RouteKind;
  readonly method: string;
  readonly path: string;
  readonly options: RouteOptions;
  /** Left out of the API description: what it answers is for people. */
  readonly unlisted?: boolean;
  /** Typed where it was declared; what it is called with fits that by construction. */
  readonly handler: (context: never) => unknown;
}

/** Middleware or a handler in Hono's own terms. */
export interface NativeRoute {
  readonly kind: "hono";
  readonly method: string;
  readonly path: string;
  readonly handler: H;
}

export interface MountedRoutes {
  readonly kind: "mount";
  readonly path: string;
  readonly routes: Routes;
}

export interface MountedFetch {
  readonly kind: "fetch";
  readonly path: string;
  readonly app: Fetchable;
}

/** Whatever was declared, in the order of declaration. */
export type RouteEntry = Route | NativeRoute | MountedRoutes | MountedFetch;

const schemaOptions = ["params", "query", "headers", "body", "response"] as const;
const knownOptions: readonly string[] = [
  ...schemaOptions,
  "status",
  "bodyLimit",
  "summary",
  "description",
  "tags",
  "operationId",
  "deprecated",
];

export function checkOptions(options: RouteOptions, method: string, where: string): void {
  if (typeof options !== "object" || options === null) {
    throw routeError("ROUTE_OPTION", `The options of ${where} are ${String(options)}; expected an object.`);
  }
  for (const key of Object.keys(options)) {
    if (knownOptions.includes(key)) continue;
    const known = `Known are ${knownOptions.join(", ")}.`;
    throw routeError("ROUTE_OPTION", `${where} has an unknown option "${key}".${didYouMean(key, knownOptions)}`, {
      remedy: known,
    });
  }
  for (const key of schemaOptions) {
    if (options[key] === undefined || isSchema(options[key])) continue;
    throw routeError("ROUTE_OPTION", `The ${key} option of ${where} is not a schema.`, {
      remedy: "Pass a Standard Schema, such as one of zod, valibot or arktype.",
    });
  }
  checkNumbers(options, where);
  if (options.body !== undefined && (method === "GET" || method === "HEAD")) {
    throw routeError("ROUTE_OPTION", `${where} has a body schema, but a ${method} request has no body.`, {
      remedy: "Take it as a query, or use POST.",
    });
  }
}

function checkNumbers({ status, bodyLimit }: RouteOptions, where: string): void {
  if (status !== undefined && !(Number.isInteger(status) && status >= 200 && status <= 599)) {
    throw routeError("ROUTE_OPTION", `The status of ${where} is ${status}; expected a whole number from 200 to 599.`);
  }
  if (bodyLimit !== undefined && !(typeof bodyLimit === "number" && bodyLimit >= 0)) {
    throw routeError(
      "ROUTE_OPTION",
      `The bodyLimit of ${where} is ${bodyLimit}; expected a number of bytes, 0 or more.`,
    );
  }
}
