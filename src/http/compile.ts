import { Hono } from "hono";
import { mount as mountFetch } from "hono/mount";
import type { H } from "hono/types";
import type { HonoEnv } from "./context.ts";
import { serveDescription, type Description } from "./description.ts";
import { errorAnswer, guarded, notFoundAnswer } from "./fallback.ts";
import { handlerOf, replyPlan, type NativeHandler } from "./handle.ts";
import type { RouteHost } from "./host.ts";
import { ownResponse } from "./result.ts";
import type { Fetchable, Route } from "./route.ts";
import { Routes } from "./routes.ts";
import { eventPlan } from "./sse.ts";
import { walk, type Mount } from "./walk.ts";
import { socketPlan } from "./websocket.ts";

/**
 * Makes one Hono of all that is declared in `routes` and in what is mounted in them; requests go to its `fetch`. Throws
 * a coded error when two routes would answer the same requests.
 */
export function compile(routes: Routes, host: RouteHost, description?: Description): Hono<HonoEnv> {
  const hono = new Hono<HonoEnv>();
  const mounts = new Set<Mount>();
  for (const { entry, path, mount } of walk(routes, host)) {
    mounts.add(mount);
    if (entry.kind === "fetch") hono.all(joinWildcard(path), guarded(fetchHandler(entry.app), mount));
    else if (entry.kind === "hono") hono.on(entry.method, path, guarded(entry.handler, mount));
    else hono.on(entry.method, path, guarded(routeHandler(entry, path, mount.host), mount));
  }
  if (description !== undefined) serveDescription(hono, routes, host, description);
  hono.notFound(notFoundAnswer(hono, mounts));
  hono.onError(Routes.frontOf(routes)?.onError ?? errorAnswer(host));
  return hono;
}

function routeHandler(route: Route, path: string, host: RouteHost): NativeHandler {
  const limit = route.options.bodyLimit ?? host.bodyLimit;
  if (route.kind === "sse") return handlerOf(route, path, limit, eventPlan(route, host, limit));
  if (route.kind === "ws") return handlerOf(route, path, limit, socketPlan(route, host, limit));
  return handlerOf(route, path, limit, replyPlan(route, host, limit));
}

function fetchHandler(app: Fetchable): H {
  return mountFetch(async (request, env, context) => ownResponse(await app.fetch(request, env, context)));
}

function joinWildcard(path: string): string {
  return path.endsWith("/") ? `${path}*` : `${path}/*`;
}
