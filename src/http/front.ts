import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Hono } from "hono";
import type { ErrorHandler, H, NotFoundHandler } from "hono/types";
import type { HonoEnv } from "./context.ts";
import { routeError } from "./errors.ts";

/** The Hono instance that an app hands out. It records; the one that answers is compiled from the record. */
export interface Front {
  readonly hono: Hono<HonoEnv>;
  readonly onError: ErrorHandler<HonoEnv> | undefined;
  readonly notFound: NotFoundHandler<HonoEnv> | undefined;
}

export function createFront(record: (method: string, path: string, handler: H) => void): Front {
  const HonoClass = loadHono();
  let onError: ErrorHandler<HonoEnv> | undefined;
  let notFound: NotFoundHandler<HonoEnv> | undefined;
  const hono = new HonoClass<HonoEnv>({
    router: {
      name: "LivespanRecord",
      add: (method, path, [handler]) => record(method, path, handler),
      match: () => {
        throw routeError("HONO_NOT_SERVED", "app.hono was asked to answer a request.");
      },
    },
  });
  hono.onError = (handler) => {
    onError = handler;
    return hono;
  };
  hono.notFound = (handler) => {
    notFound = handler;
    return hono;
  };
  return {
    hono,
    get onError() {
      return onError;
    },
    get notFound() {
      return notFound;
    },
  };
}

/**
 * Loads Hono when it is first asked for, and synchronously, since it is asked for by a property. A static import would
 * cost every program that declares an app as much time as all the rest. Its ES module is required by path, since the
 * package's `require` condition would give a second copy.
 */
function loadHono(): typeof Hono {
  const require = createRequire(import.meta.url);
  const module = require(fileURLToPath(import.meta.resolve("hono"))) as { readonly Hono: typeof Hono };
  return module.Hono;
}
