import type { StandardSchemaV1 } from "@standard-schema/spec";
import { checkLength, readBody } from "./body.ts";
import { routeError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { problem } from "./problem.ts";
import type { Fields } from "./query.ts";
import type { Route } from "./route.ts";
import { faultsOf, listKeysOf, type Place, type Schema } from "./schema.ts";

/** Reads one part of a request into the exchange, and checks it. Synchronous where the schema is. */
type Step = (exchange: Exchange) => void | Promise<void>;
type Part = "params" | "query" | "headers" | "body";

/** What must happen before a route's handler. A part without a schema has no step: the exchange reads it when asked. */
export function checksOf(route: Route, bodyLimit: number): (exchange: Exchange) => void | Promise<void> {
  const { params, query, headers, body } = route.options;
  const steps: Step[] = [];
  if (params !== undefined) steps.push(checkStep("params", "path", params, ({ hono }) => hono.req.param()));
  if (query !== undefined) steps.push(checkStep("query", "query", query, (exchange) => exchange.query));
  if (headers !== undefined) steps.push(checkStep("headers", "header", headers, (exchange) => exchange.headers));
  if (body !== undefined) steps.push(checkStep("body", "body", body, ({ hono }) => readBody(hono, bodyLimit)));
  else if (route.method !== "GET" && route.method !== "HEAD") {
    steps.push(({ hono }) => void checkLength(hono.req.raw.headers, bodyLimit));
  }
  return (exchange) => runSteps(exchange, steps, 0);
}

function runSteps(exchange: Exchange, steps: readonly Step[], from: number): void | Promise<void> {
  for (let i = from; i < steps.length; i++) {
    const pending = steps[i]!(exchange);
    if (pending !== undefined) return pending.then(() => runSteps(exchange, steps, i + 1));
  }
  // All parts are looked at first, so that one answer names every fault.
  if (exchange.faults !== undefined) {
    throw problem(422, "The request is not what this route takes; errors says where.", {
      members: { errors: exchange.faults },
    });
  }
}

function checkStep(part: Part, place: Place, schema: Schema, read: (exchange: Exchange) => unknown): Step {
  // Read once: some libraries make this object anew each time.
  const standard = schema["~standard"];
  const settle = (exchange: Exchange, result: StandardSchemaV1.Result<unknown>): void => {
    if (!result.issues) exchange[part] = result.value;
    else (exchange.faults ??= []).push(...faultsOf(place, result.issues));
  };
  const check = (exchange: Exchange, value: unknown): void | Promise<void> => {
    const result = standard.validate(value);
    if (result instanceof Promise) {
      return result.then(async (settled) => settle(exchange, settled.issues ? await again(value, settled) : settled));
    }
    if (!result.issues) exchange[part] = result.value;
    else return Promise.resolve(again(value, result)).then((settled) => settle(exchange, settled));
  };
  const again = (value: unknown, failed: StandardSchemaV1.Result<unknown>) =>
    listSingles(schema, value) ? standard.validate(value) : failed;
  return (exchange) => {
    const value = read(exchange);
    return value instanceof Promise ? value.then((body) => check(exchange, body)) : check(exchange, value);
  };
}

/** Makes lists of the single values of a query or form that the schema takes as lists. True when there were any. */
function listSingles(schema: Schema, value: unknown): boolean {
  if (!isFields(value)) return false;
  let changed = false;
  for (const key of listKeysOf(schema)) {
    if (!(key in value) || Array.isArray(value[key])) continue;
    value[key] = [value[key]];
    changed = true;
  }
  return changed;
}

function isFields(value: unknown): value is Fields {
  // What came as JSON has a prototype, and says itself what is a list.
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === null;
}

/** What the route's response schema makes of a result; an error when it refuses it: that is not the client's fault. */
export function checkResult(schema: Schema, result: unknown, { method, path }: Route): unknown {
  const accept = (checked: StandardSchemaV1.Result<unknown>): unknown => {
    if (!checked.issues) return checked.value;
    const faults = faultsOf("body", checked.issues).map((fault) => `${fault.pointer}: ${fault.message}`);
    const message = `${method} ${path} returned what its response schema refuses: ${faults.join("; ")}.`;
    throw routeError("RESULT_INVALID", message);
  };
  const checked = schema["~standard"].validate(result);
  return checked instanceof Promise ? checked.then(accept) : accept(checked);
}
