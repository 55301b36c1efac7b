import { compile, type HonoEnv, type RouteHost, type Routes } from "livespan/http";
import type { Hono } from "hono";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A host as an app is one: it keeps what it is told, so that tests can look. */
export class TestHost implements RouteHost<{ readonly name: string }> {
  readonly app = { name: "test" };
  readonly lines: LogLine[] = [];
  /** Work that was owned, by name, and how it ended. */
  readonly owned: { readonly name: string; readonly ended: Promise<unknown> }[] = [];
  readonly timers = new Map<() => void, number>();
  readonly drain = new AbortController();
  readonly abort = new AbortController();
  readonly draining: AbortSignal = this.drain.signal;
  readonly aborted: AbortSignal = this.abort.signal;
  readonly state: object;
  readonly bodyLimit: number;
  readonly #inner = new Map<Routes, RouteHost>();

  constructor(state: object = {}, bodyLimit = 1024 * 1024) {
    this.state = state;
    this.bodyLimit = bodyLimit;
  }

  readonly log = (level: string, message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    this.lines.push({ level, message, fields });
  };

  readonly clock = {
    now: () => performance.now(),
    wall: () => Date.now(),
    /** Timers fire when a test calls `tick`. */
    after: (ms: number, fn: () => void) => {
      this.timers.set(fn, ms);
      return () => void this.timers.delete(fn);
    },
  };

  tick(ms: number): void {
    // A timer that fires may set itself again.
    for (const [fn, due] of Array.from(this.timers)) if (due === ms && this.timers.delete(fn)) fn();
  }

  own(name: string, work: (signal: AbortSignal) => unknown): void {
    const ended = Promise.resolve(work(this.abort.signal)).then(
      () => "ended",
      (error: unknown) => error,
    );
    this.owned.push({ name, ended });
  }

  /** Gives mounted routes a host of their own. */
  give(routes: Routes, host: RouteHost): this {
    this.#inner.set(routes, host);
    return this;
  }

  enter(mounted: Routes): RouteHost {
    return this.#inner.get(mounted) ?? this;
  }
}

export interface Served {
  readonly url: string;
  readonly port: number;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The routes on a real socket, through Hono's own Node server. */
export async function listen(routes: Routes, host: RouteHost): Promise<Served> {
  const hono = compile(routes, host);
  const listener = getRequestListener((request, env) => hono.fetch(request, env));
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** In process: the request's answer, parsed when it is JSON. */
export async function ask(hono: Hono<HonoEnv>, path: string, init?: RequestInit): Promise<Answer> {
  const response = await hono.fetch(new Request(`http://test.local${path}`, init));
  const text = await response.text();
  const type = response.headers.get("content-type") ?? "";
  return {
    status: response.status,
    type,
    headers: response.headers,
    body: /json/.test(type) && text !== "" ? JSON.parse(text) : text,
  };
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  /** Whatever the test says it is. */
  readonly body: ReturnType<typeof JSON.parse>;
}

export function sendJson(value: unknown, method = "POST"): RequestInit {
  return { method, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}
