import type { Hono } from "hono";
import type { HonoEnv } from "./context.ts";
import { routeError } from "./errors.ts";
import type { RouteHost } from "./host.ts";
import type { ApiInfo } from "./openapi.ts";
import { checkPath } from "./path.ts";
import type { Routes } from "./routes.ts";

/** Where the API's description is served, and what it says of the API. */
export interface Description extends ApiInfo {
  /** The path of the OpenAPI document, or false. */
  readonly openapi: string | false;
  /** The path of the page that shows it, or false. */
  readonly docs: string | false;
}

/**
 * Serves the description after all routes, so that middleware sees its requests and a route of the app's own goes
 * before. It is made when it is first asked for, and so is what makes it loaded.
 */
export function serveDescription(hono: Hono<HonoEnv>, routes: Routes, host: RouteHost, description: Description): void {
  const { openapi, docs, ...info } = description;
  if (openapi === false) {
    if (docs === false) return;
    throw routeError("ROUTE_OPTION", `docs is "${docs}", but openapi is false.`, {
      remedy: "The page shows the OpenAPI document: give that a path too, or pass docs: false.",
    });
  }
  checkPath(openapi, "the openapi option");
  let document: Promise<string> | undefined;
  hono.get(openapi, async (c) => {
    document ??= import("./openapi.ts").then(({ describe }) => JSON.stringify(describe(routes, host, info)));
    return c.body(await document, 200, { "content-type": "application/json" });
  });
  if (docs === false) return;
  checkPath(docs, "the docs option");
  hono.get(docs, async () => (await import("./docs.ts")).docsPage(docs, openapi, info.title));
  hono.get(
    `${docs}/:file`,
    async (c) => (await (await import("./docs.ts")).docsFile(c.req.param("file"))) ?? c.notFound(),
  );
}
