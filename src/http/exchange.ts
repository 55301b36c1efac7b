import type { Context } from "hono";
import { runAfter, type AfterWork } from "./after.ts";
import { limitRequest } from "./body.ts";
import type { HonoEnv } from "./context.ts";
import type { RouteHost } from "./host.ts";
import { readQuery } from "./query.ts";
import type { Fault } from "./schema.ts";
import type { HttpEnv } from "./upgrade.ts";

const unread = Symbol("unread");

/**
 * One request and what is made of it: the runtime of `RequestContext`. Everything that a handler may not look at is
 * computed when it does, since a request should pay for nothing that it does not use.
 */
export class Exchange {
  readonly hono: Context<HonoEnv>;
  readonly #host: RouteHost;
  readonly #bodyLimit: number;
  params: unknown = undefined;
  body: unknown = undefined;
  /** What validation found wrong so far. */
  faults: Fault[] | undefined = undefined;
  #query: unknown = unread;
  #headers: unknown = unread;
  #lifespan: object | undefined = undefined;
  #signal: AbortSignal | undefined = undefined;
  #request: Request | undefined = undefined;
  #after: AfterWork[] | undefined = undefined;
  #succeeded = false;

  constructor(hono: Context<HonoEnv>, host: RouteHost, bodyLimit: number) {
    this.hono = hono;
    this.#host = host;
    this.#bodyLimit = bodyLimit;
  }

  get query(): unknown {
    if (this.#query === unread) this.#query = readQuery(this.hono);
    return this.#query;
  }

  set query(value: unknown) {
    this.#query = value;
  }

  get headers(): unknown {
    if (this.#headers === unread) this.#headers = this.hono.req.header();
    return this.#headers;
  }

  set headers(value: unknown) {
    this.#headers = value;
  }

  get request(): Request {
    this.#request ??= limitRequest(this.hono.req.raw, this.#bodyLimit);
    return this.#request;
  }

  get lifespan(): object {
    this.#lifespan ??= copyState(this.#host.state);
    return this.#lifespan;
  }

  get signal(): AbortSignal {
    this.#signal ??= AbortSignal.any([this.hono.req.raw.signal, this.#host.aborted]);
    return this.#signal;
  }

  set signal(value: AbortSignal) {
    this.#signal = value;
  }

  get draining(): AbortSignal {
    return this.#host.draining;
  }

  get app(): unknown {
    return this.#host.app;
  }

  get after(): (work: AfterWork) => void {
    return (work) => {
      if (this.#succeeded) this.#runAfter([work]);
      else (this.#after ??= []).push(work);
    };
  }

  /** The handler has succeeded: what it queued for after the response may run. */
  succeeded(): void {
    this.#succeeded = true;
    if (this.#after !== undefined) this.#runAfter(this.#after);
  }

  /** Settles when the response is sent or the client has left. In process: when the response has been handed over. */
  protected sent(): Promise<void> {
    const outgoing = envOf(this.hono).outgoing;
    return new Promise((resolve) => {
      if (outgoing === undefined || outgoing.closed) setImmediate(resolve);
      else outgoing.once("close", () => resolve());
    });
  }

  #runAfter(queue: readonly AfterWork[]): void {
    runAfter(this.#host, `after ${this.hono.req.method} ${this.hono.req.path}`, this.sent(), queue);
  }
}

function copyState(state: object): object {
  const prototype: unknown = Object.getPrototypeOf(state);
  return prototype === Object.prototype || prototype === null ? { ...state } : state;
}

/** In process there may be no environment at all, whatever the type says. */
export function envOf(c: Context<HonoEnv>): HttpEnv {
  const env: HttpEnv | undefined = c.env;
  return env ?? {};
}
