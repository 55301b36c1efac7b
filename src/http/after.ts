import type { Context } from "hono";
import type { HonoEnv } from "./context.ts";
import type { RouteHost } from "./host.ts";

export type AfterWork = (signal: AbortSignal) => unknown;

/** Gives the host what is to run after the response. It runs in order; the first failure ends it, and the host tells. */
export function runAfter(host: RouteHost, c: Context<HonoEnv>, queue: readonly AfterWork[]): void {
  const sent = responseSent(c);
  host.own(`after ${c.req.method} ${c.req.path}`, async (signal) => {
    await sent;
    for (const work of queue) await work(signal);
  });
}

/** Settles when the response is sent or the client has left. In process: when the response has been handed over. */
function responseSent(c: Context<HonoEnv>): Promise<void> {
  // In process the environment may be absent altogether.
  const outgoing = (c.env as HonoEnv["Bindings"] | undefined)?.outgoing;
  return new Promise((resolve) => {
    if (outgoing === undefined || outgoing.closed) setImmediate(resolve);
    else outgoing.once("close", () => resolve());
  });
}
