import type { Context, Hono } from "hono";
import type { ErrorHandler, H, NotFoundHandler } from "hono/types";
import { isAbortOf } from "../kernel/catalogue.ts";
import { messageOf } from "../kernel/errors.ts";
import type { HonoEnv } from "./context.ts";
import { routeError } from "./errors.ts";
import type { RouteHost } from "./host.ts";
import { Problem, problem } from "./problem.ts";
import { Routes } from "./routes.ts";
import type { Mount } from "./walk.ts";

/**
 * What a request gets whose handler threw: a problem as it is, anything else a 500 that carries an id and nothing else;
 * the rest is in the log, by that id.
 */
export function errorAnswer(host: RouteHost): ErrorHandler<HonoEnv> {
  return (error, c) => {
    if ("getResponse" in error) return refused(error);
    if (isEnd(error, host.aborted)) return problem(503, "The server is stopping.").getResponse();
    // The client has left: nobody reads this, and nothing went wrong.
    if (isEnd(error, c.req.raw.signal)) return problem(503, "The request was cancelled.").getResponse();
    const id = crypto.randomUUID();
    host.log("error", `${c.req.method} ${c.req.path} failed.`, { id, error });
    return problem(500, undefined, { members: { id } }).getResponse();
  };
}

/** Hono's HTTPException has a bare text unless it was given a response; here every refusal has the same body. */
function refused(error: Error & { getResponse(): Response }): Response {
  const { status, res } = error as { readonly status?: unknown; readonly res?: unknown };
  if (error instanceof Problem || res !== undefined || typeof status !== "number") return error.getResponse();
  return problem(status, error.message === "" ? undefined : error.message).getResponse();
}

/** An error that is the signal's reason, or was made from it, is an end and not a failure. */
function isEnd(error: Error, signal: AbortSignal): boolean {
  return isAbortOf(error, signal) || (signal.aborted && error.cause === signal.reason);
}

/** What a request gets that nothing answers: 405 with the methods the path does have, or 404. */
export function notFoundAnswer(hono: Hono<HonoEnv>, mounts: ReadonlySet<Mount>): NotFoundHandler<HonoEnv> {
  const methods = new Set(hono.routes.map((route) => route.method).filter((method) => method !== "ALL"));
  return (c) => {
    const allowed = [...methods].filter((method) => answers(hono, method, c.req.path));
    const own = c.req.method === "HEAD" ? "GET" : c.req.method;
    if (allowed.length > 0 && !allowed.includes(own)) {
      if (allowed.includes("GET")) allowed.push("HEAD");
      const allow = allowed.toSorted().join(", ");
      return problem(405, `${c.req.path} has ${allow}.`, { headers: { allow } }).getResponse();
    }
    const handler = ownNotFound(c, mounts);
    return handler?.(c) ?? problem(404, `There is nothing at ${c.req.path}.`).getResponse();
  };
}

/** Middleware is registered for all methods and answers nothing by itself. */
function answers(hono: Hono<HonoEnv>, method: string, path: string): boolean {
  return hono.router.match(method, path)[0].some(([[, route]]) => route.method !== "ALL");
}

/** The not-found handler of the innermost mount around the path. */
function ownNotFound(c: Context<HonoEnv>, mounts: ReadonlySet<Mount>): NotFoundHandler<HonoEnv> | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    if (Routes.frontOf(mount.routes)?.notFound === undefined || !covers(mount.prefix, c.req.path)) continue;
    if (found === undefined || mount.prefix.length > found.prefix.length) found = mount;
  }
  return found === undefined ? undefined : Routes.frontOf(found.routes)?.notFound;
}

function covers(prefix: string, path: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}

/**
 * The handler, with what it throws made an error, since Hono passes anything else by its error handlers. Errors of a
 * mounted app go to its own error handler where it has one.
 */
export function guarded(handler: H, mount: Mount): H {
  const onError = ownOnError(mount);
  const caught = (thrown: unknown, c: Context<HonoEnv>) => {
    const error = thrown instanceof Error ? thrown : notError(thrown, c);
    if (onError === undefined) throw error;
    return onError(error, c);
  };
  return (c, next) => {
    try {
      const result: unknown = handler(c, next);
      return result instanceof Promise ? result.catch((thrown: unknown) => caught(thrown, c)) : result;
    } catch (thrown) {
      return caught(thrown, c);
    }
  };
}

function notError(thrown: unknown, c: Context<HonoEnv>): Error {
  const message = `A handler of ${c.req.method} ${c.req.path} threw ${messageOf(thrown)}.`;
  return routeError("THROWN_NOT_ERROR", message, { cause: thrown });
}

/** The outermost error handler is set on the compiled Hono itself. */
function ownOnError(mount: Mount): ErrorHandler<HonoEnv> | undefined {
  for (let inner = mount; inner.outer !== undefined; inner = inner.outer) {
    const onError = Routes.frontOf(inner.routes)?.onError;
    if (onError !== undefined) return onError;
  }
  return undefined;
}
