import type { Hono } from "hono";
import type { MiddlewareHandler } from "hono/types";
import type { EventHandler, Handler, HonoEnv, SocketHandler } from "./context.ts";
import { routeError } from "./errors.ts";
import { createFront, type Front } from "./front.ts";
import { checkPath, shapeOf } from "./path.ts";
import {
  checkOptions,
  type Fetchable,
  type Route,
  type RouteEntry,
  type RouteKind,
  type RouteOptions,
} from "./route.ts";

type NoOptions = Readonly<Record<never, never>>;

/** Options with no other names than those that are read: inference alone would let a misspelt one pass. */
type Only<S> = S & { readonly [K in Exclude<keyof S, keyof RouteOptions>]: never };

/** Declares a route: `(path, handler)` or `(path, options, handler)`. */
export interface Declare<This, L, A> {
  <const P extends string>(path: P, handler: Handler<L, P, NoOptions, A>): This;
  <const P extends string, const S extends RouteOptions>(path: P, options: Only<S>, handler: Handler<L, P, S, A>): This;
}

/** As `Declare`, with the method first: `("PURGE", path, handler)`. */
export interface DeclareMethod<This, L, A> {
  <const P extends string>(method: string, path: P, handler: Handler<L, P, NoOptions, A>): This;
  <const P extends string, const S extends RouteOptions>(
    method: string,
    path: P,
    options: Only<S>,
    handler: Handler<L, P, S, A>,
  ): This;
}

export interface DeclareEvents<This, L, A> {
  <const P extends string>(path: P, handler: EventHandler<L, P, NoOptions, A>): This;
  <const P extends string, const S extends RouteOptions>(
    path: P,
    options: Only<S>,
    handler: EventHandler<L, P, S, A>,
  ): This;
}

export interface DeclareSocket<This, L, A> {
  <const P extends string>(path: P, handler: SocketHandler<L, P, NoOptions, A>): This;
  <const P extends string, const S extends RouteOptions>(
    path: P,
    options: Only<S>,
    handler: SocketHandler<L, P, S, A>,
  ): This;
}

/**
 * Records routes and middleware, in the order of declaration, which is also the order in which they see a request.
 * Declaring opens nothing. `L` is the lifespan that handlers see, `A` the app.
 */
export class Routes<out L = unknown, out A = unknown> {
  readonly #entries: RouteEntry[] = [];
  readonly #shapes = new Map<string, Route>();
  #front: Front | undefined;
  #outer: Routes | undefined;

  readonly get: Declare<this, L, A> = this.#declare("http", "GET");
  readonly post: Declare<this, L, A> = this.#declare("http", "POST");
  readonly put: Declare<this, L, A> = this.#declare("http", "PUT");
  readonly patch: Declare<this, L, A> = this.#declare("http", "PATCH");
  readonly delete: Declare<this, L, A> = this.#declare("http", "DELETE");
  readonly options: Declare<this, L, A> = this.#declare("http", "OPTIONS");
  /** Any method that has no route of its own on the path. */
  readonly all: Declare<this, L, A> = this.#declare("http", "ALL");
  /** A method by its name. */
  readonly on: DeclareMethod<this, L, A> = (method: string, path: string, first: unknown, second?: unknown): this =>
    this.#declare("http", method.toUpperCase())(path, first, second);
  /** A stream of server-sent events. */
  readonly sse: DeclareEvents<this, L, A> = this.#declare("sse", "GET");
  /** A WebSocket. Middleware and schemas apply before the upgrade. */
  readonly ws: DeclareSocket<this, L, A> = this.#declare("ws", "GET");

  /** Hono middleware, for what is declared after it. With a path, for that path only; `*` matches the rest. */
  use(...middleware: readonly MiddlewareHandler<HonoEnv>[]): this;
  use(path: string, ...middleware: readonly MiddlewareHandler<HonoEnv>[]): this;
  use(first: string | MiddlewareHandler<HonoEnv>, ...rest: readonly MiddlewareHandler<HonoEnv>[]): this {
    const path = typeof first === "string" ? first : "/*";
    const handlers = typeof first === "string" ? rest : [first, ...rest];
    this.assertOpen("use()");
    if (path !== "*") checkPath(path, "use()");
    for (const handler of handlers) {
      if (typeof handler !== "function")
        throw routeError("ROUTE_HANDLER", `use("${path}") was given ${typeof handler}.`);
      this.#entries.push({ kind: "hono", method: "ALL", path, handler });
    }
    return this;
  }

  /**
   * Puts routes, or anything that has `fetch`, under a path. Their middleware sees what is under it: at "/" that is
   * also what is declared here after them.
   */
  mount(path: string, inner: Routes | Fetchable): this {
    const where = `mount("${path}")`;
    this.assertOpen(where);
    checkPath(path, where);
    if (inner instanceof Routes) {
      // What is not mounted itself cannot be inside of anything, so long chains built from within cost nothing here.
      if (inner === this || (this.#outer !== undefined && reaches(inner, this)))
        throw routeError("ROUTE_MOUNT", `${where} would put routes inside themselves.`);
      inner.#outer = this;
      this.#entries.push({ kind: "mount", path, routes: inner });
    } else if (Object(inner) === inner && typeof inner.fetch === "function") {
      this.#entries.push({ kind: "fetch", path, app: inner });
    } else {
      throw routeError(
        "ROUTE_MOUNT",
        `${where} was given ${typeof inner} without fetch; expected routes or an object with it.`,
      );
    }
    return this;
  }

  /**
   * All of Hono: what is registered on it takes its place among the routes, in the order of declaration. `onError` and
   * `notFound` replace the problem responses of these routes and of what is mounted in them.
   */
  get hono(): Hono<HonoEnv> {
    this.#front ??= createFront((method, path, handler) => {
      this.assertOpen(`hono.on("${method}", "${path}")`);
      this.#entries.push({ kind: "hono", method, path, handler });
    });
    return this.#front.hono;
  }

  /** Throws when nothing may be declared any more; `what` is the call. An app overrides it. */
  protected assertOpen(_what: string): void {}

  #declare(kind: RouteKind, method: string) {
    return (path: string, first: unknown, second?: unknown): this => {
      const where = `${kind === "http" ? method : kind} ${path}`;
      this.assertOpen(where);
      checkPath(path, where);
      const options = second === undefined && typeof first === "function" ? {} : (first as RouteOptions);
      const handler = second ?? first;
      if (typeof handler !== "function") {
        throw routeError(
          "ROUTE_HANDLER",
          `${where} has no handler; got ${handler === null ? "null" : typeof handler}.`,
        );
      }
      checkOptions(options, method, where);
      // The overloads of Declare have tied the handler to what it will be called with.
      this.#record({ kind, method, path, options, handler: handler as Route["handler"] });
      return this;
    };
  }

  /** A GET route that is no part of the API. */
  protected unlisted(path: string, handler: Route["handler"]): this {
    const where = `GET ${path}`;
    this.assertOpen(where);
    checkPath(path, where);
    this.#record({ kind: "http", method: "GET", path, options: {}, unlisted: true, handler });
    return this;
  }

  #record(route: Route): void {
    const key = `${route.method} ${shapeOf(route.path)}`;
    const other = this.#shapes.get(key);
    if (other !== undefined) throw duplicate(route.method, other.path, route.path);
    this.#shapes.set(key, route);
    this.#entries.push(route);
  }

  /** @internal What was declared, for those who compile or describe it. */
  static entriesOf(routes: Routes): readonly RouteEntry[] {
    return routes.#entries;
  }

  /** @internal What it was last mounted in. */
  static outerOf(routes: Routes): Routes | undefined {
    return routes.#outer;
  }

  /** @internal The Hono instance that was handed out, if any. */
  static frontOf(routes: Routes): Front | undefined {
    return routes.#front;
  }
}

export function duplicate(method: string, first: string, second: string): Error {
  return routeError("ROUTE_DUPLICATE", `${method} ${first} and ${method} ${second} match the same requests.`);
}

/** Whether `inner` is `outer` or has it mounted somewhere inside. */
function reaches(inner: Routes, outer: Routes): boolean {
  const seen = new Set<Routes>([inner]);
  // A set may grow while it is walked, so no depth of mounts can exhaust the stack.
  for (const routes of seen) {
    if (routes === outer) return true;
    for (const entry of Routes.entriesOf(routes)) if (entry.kind === "mount") seen.add(entry.routes);
  }
  return false;
}
