import type { Context } from "hono";
import type { ParamKeys } from "hono/types";
import type { Problem } from "./problem.ts";
import type { RouteOptions } from "./route.ts";
import type { In, Out } from "./schema.ts";
import type { ServerEvent } from "./event-stream.ts";
import type { HttpEnv, Socket } from "./upgrade.ts";

/** Hono's own generics for an app that Livespan serves. */
export interface HonoEnv {
  Bindings: HttpEnv;
}

/** The parameters of a path, as strings: `/items/:id` has `id`, `/:lang?` may have `lang`. */
export type PathParams<P extends string> = string extends P
  ? Readonly<Record<string, string>>
  : {
      readonly [K in ParamKeys<P> as K extends `${infer Name}?` ? Name : K]: K extends `${string}?`
        ? string | undefined
        : string;
    };

/** A query without a schema: a string, or an array of them where the key is repeated. */
export type RawQuery = Readonly<Record<string, string | readonly string[]>>;

/** Headers without a schema; names are lower-case. */
export type RawHeaders = Readonly<Record<string, string>>;

/**
 * What a handler is given. Members are computed when they are looked at, so take them out by name; a spread copies
 * nothing.
 */
export interface RequestContext<L, P extends string, S extends RouteOptions, A> {
  readonly params: Out<S["params"], PathParams<P>>;
  readonly query: Out<S["query"], RawQuery>;
  readonly headers: Out<S["headers"], RawHeaders>;
  /** What the body schema made of the body; undefined without one, where `request` reads it. */
  readonly body: Out<S["body"]>;
  readonly request: Request;
  /**
   * The lifespan values, shallow-copied for this request: an assigned key is private to it, a shared object is shared.
   * A state that is a class instance is not copied.
   */
  readonly lifespan: { -readonly [K in keyof L]: L[K] };
  /** Fires when the client leaves or the app can wait no longer; on streams and sockets also when draining starts. */
  readonly signal: AbortSignal;
  /** Fires when the app starts to drain: finish up. */
  readonly draining: AbortSignal;
  readonly app: A;
  /**
   * Runs `work` when the response is sent, in the order given. It survives a client that left, and the app awaits it at
   * stop. A failure stops what comes after it in the same response. Dropped when the handler throws.
   */
  after(this: void, work: (signal: AbortSignal) => unknown): void;
  /** Hono's own context, for all that it has. */
  readonly hono: Context<HonoEnv>;
}

/** What a handler may return: with a response schema, what that takes. */
export type Returns<S extends RouteOptions> = S["response"] extends object
  ? MaybePromise<In<S["response"]> | Response | Problem>
  : unknown;

type MaybePromise<T> = T | Promise<T>;

export type Handler<L, P extends string, S extends RouteOptions, A> = (
  context: RequestContext<L, P, S, A>,
) => Returns<S>;

export interface EventContext<L, P extends string, S extends RouteOptions, A> extends RequestContext<L, P, S, A> {
  /** The id of the last event that a returning client has seen. */
  readonly lastEventId: string | undefined;
  /** Settles when the client's side has room for more; rejects with the signal's reason when the stream has ended. */
  send(this: void, event: ServerEvent): Promise<void>;
}

/** Yields events, or sends them; the stream ends when it returns. */
export type EventHandler<L, P extends string, S extends RouteOptions, A> = (
  context: EventContext<L, P, S, A>,
) => AsyncIterable<ServerEvent> | Promise<void>;

export interface SocketContext<L, P extends string, S extends RouteOptions, A> extends RequestContext<L, P, S, A> {
  readonly socket: Socket;
}

/** Called with the open socket, which is closed when the promise settles. */
export type SocketHandler<L, P extends string, S extends RouteOptions, A> = (
  context: SocketContext<L, P, S, A>,
) => Promise<void> | void;
