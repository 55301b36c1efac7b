import { envOf, Exchange } from "./exchange.ts";
import type { Plan } from "./handle.ts";
import type { RouteHost } from "./host.ts";
import { problem } from "./problem.ts";
import type { Route } from "./route.ts";
import type { Socket } from "./upgrade.ts";

/** A request that has become a WebSocket. */
class SocketExchange extends Exchange {
  socket: Socket | undefined = undefined;

  /** What is to run after the response runs when the socket is closed. */
  protected override async sent(): Promise<void> {
    await this.socket?.closed;
  }
}

/** A route that answers with a WebSocket; the server runs the handler, closes the socket after it, and awaits both. */
export function socketPlan(route: Route, host: RouteHost, bodyLimit: number): Plan<SocketExchange> {
  const handler = route.handler as (context: SocketExchange) => unknown;
  return {
    exchange: (c) => new SocketExchange(c, host, bodyLimit),
    answer(exchange) {
      const { upgrade } = envOf(exchange.hono);
      if (upgrade === undefined) {
        throw problem(426, "This route is a WebSocket.", { headers: { upgrade: "websocket", connection: "upgrade" } });
      }
      return upgrade.accept(async (socket, signal) => {
        exchange.socket = socket;
        exchange.signal = signal;
        await handler(exchange);
        exchange.succeeded();
      });
    },
  };
}
