import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { isAbortOf } from "../kernel/catalogue.ts";
import { checkResult } from "./check.ts";
import type { HonoEnv } from "./context.ts";
import { routeError } from "./errors.ts";
import { EventStream, formatEvent, type ServerEvent } from "./event-stream.ts";
import { envOf, Exchange } from "./exchange.ts";
import type { Plan } from "./handle.ts";
import type { RouteHost } from "./host.ts";
import { stringify } from "./result.ts";
import type { Route } from "./route.ts";

const eventHeaders = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  // Proxies that buffer would hold events back; this is how the common one is told not to.
  "x-accel-buffering": "no",
};

/** How long a handler has, after draining has started, to end its stream by itself. */
const goodbyeMs = 1_000;

/** A request whose answer is a stream of events. */
class EventExchange extends Exchange {
  write: (event: ServerEvent) => Promise<boolean> = async () => false;

  get lastEventId(): string | undefined {
    return this.hono.req.header("last-event-id");
  }

  get send(): (event: ServerEvent) => Promise<void> {
    return async (event) => {
      if (await this.write(event)) return;
      this.signal.throwIfAborted();
      throw routeError("STREAM_ENDED", `An event was sent on ${this.hono.req.path}, whose stream has ended.`);
    };
  }
}

/** A route that answers with events. Its handler is owned by the app, which awaits it also when the client has left. */
export function eventPlan(route: Route, host: RouteHost, bodyLimit: number): Plan<EventExchange> {
  const handler = route.handler as EventFunction;
  const name = `sse ${route.path}`;
  return {
    exchange: (c) => new EventExchange(c, host, bodyLimit),
    answer(exchange) {
      const c = exchange.hono;
      const status = route.options.status as ContentfulStatusCode | undefined;
      if (c.req.method === "HEAD") return c.body(null, status, eventHeaders);
      const stream = new EventStream(host.clock);
      // Middleware may answer in the stream's place: then nobody reads it, nor lets go of it.
      envOf(c).outgoing?.once("close", () => stream.leave());
      exchange.signal = AbortSignal.any([stream.left, host.draining, host.aborted]);
      exchange.write = async (event) => stream.write(formatEvent(event, await dataOf(event, route)));
      host.own(name, () => run(exchange, stream, handler, host));
      return c.body(stream.readable, status, eventHeaders);
    },
  };
}

async function dataOf(event: ServerEvent, route: Route): Promise<string | undefined> {
  if (typeof event !== "object" || event === null) {
    throw routeError("EVENT_INVALID", `sse ${route.path} sent ${String(event)}.`, { remedy: "Send { data }." });
  }
  const { response } = route.options;
  const data = response === undefined ? event.data : await checkResult(response, event.data, route);
  return data === undefined || typeof data === "string" ? data : stringify(data, route);
}

type EventFunction = (context: EventExchange) => AsyncIterable<ServerEvent> | Promise<void>;

/** Runs the handler to its end, which also is the stream's. */
async function run(
  exchange: EventExchange,
  stream: EventStream,
  handler: EventFunction,
  host: RouteHost,
): Promise<void> {
  const { signal } = exchange;
  let cancelGoodbye = (): void => {};
  const goodbye = (): void => void (cancelGoodbye = host.clock.after(goodbyeMs, () => stream.end(), true));
  signal.addEventListener("abort", goodbye, { once: true });
  if (signal.aborted) goodbye();
  try {
    const result = handler(exchange);
    if (Symbol.asyncIterator in result) await pump(result, exchange);
    else await result;
    exchange.succeeded();
    stream.end();
  } catch (error) {
    if (isAbortOf(error, signal)) {
      exchange.succeeded();
      stream.end();
    } else cutOff(exchange.hono, stream, error, host);
  } finally {
    signal.removeEventListener("abort", goodbye);
    cancelGoodbye();
  }
}

/** Sends what a generator yields. Once the signal has fired it may yield one more, and is then told to return. */
async function pump(events: AsyncIterable<ServerEvent>, exchange: EventExchange): Promise<void> {
  const iterator = events[Symbol.asyncIterator]();
  for (let step = await iterator.next(); !step.done; step = await iterator.next()) {
    const open = await exchange.write(step.value);
    if (open && !exchange.signal.aborted) continue;
    await iterator.return?.();
    return;
  }
}

/** The status is long sent, so the client can only be told by a body that does not end. */
function cutOff(c: Context<HonoEnv>, stream: EventStream, error: unknown, host: RouteHost): void {
  host.log("error", `${c.req.method} ${c.req.path} failed while it streamed.`, { id: crypto.randomUUID(), error });
  const { outgoing } = envOf(c);
  // To fail the stream would make the server print the error, which is in the log already.
  if (outgoing === undefined) stream.fail(error);
  else outgoing.destroy();
  stream.end();
}
