import type { Context } from "hono";
import { checkResult, checksOf } from "./check.ts";
import type { HonoEnv } from "./context.ts";
import { Exchange } from "./exchange.ts";
import type { RouteHost } from "./host.ts";
import { Problem } from "./problem.ts";
import { isResponse, respond } from "./result.ts";
import type { Route } from "./route.ts";

export type MaybePromise<T> = T | Promise<T>;
export type NativeHandler = (c: Context<HonoEnv>) => MaybePromise<Response>;

/** How one kind of route makes its exchange and its answer. */
export interface Plan<E extends Exchange> {
  exchange(c: Context<HonoEnv>): E;
  answer(exchange: E): MaybePromise<Response>;
}

/**
 * A route as a Hono handler: check the request, call the handler, make a response. It stays synchronous as long as all
 * of them do, since each turn of the event loop costs more than the rest together.
 */
export function handlerOf<E extends Exchange>(
  route: Route,
  path: string,
  bodyLimit: number,
  plan: Plan<E>,
): NativeHandler {
  const check = checksOf(route, bodyLimit);
  const readParams = route.options.params === undefined && /[:*]/.test(path);
  return (c) => {
    const exchange = plan.exchange(c);
    exchange.params = readParams ? c.req.param() : noParams;
    const pending = check(exchange);
    return pending === undefined ? plan.answer(exchange) : pending.then(() => plan.answer(exchange));
  };
}

const noParams = Object.freeze({});

/** A route that answers once. */
export function replyPlan(route: Route, host: RouteHost, bodyLimit: number): Plan<Exchange> {
  // The route's declaration has typed the handler by the same options that fill the exchange.
  const handler = route.handler as (context: Exchange) => unknown;
  const { response } = route.options;
  const finish = (exchange: Exchange, value: unknown): Response => {
    const answer = respond(exchange.hono, value, route);
    exchange.succeeded();
    return answer;
  };
  const checked = (exchange: Exchange, value: unknown): MaybePromise<Response> => {
    if (response === undefined || isResponse(value) || value instanceof Problem) return finish(exchange, value);
    const result = checkResult(response, value, route);
    return result instanceof Promise ? result.then((output) => finish(exchange, output)) : finish(exchange, result);
  };
  return {
    exchange: (c) => new Exchange(c, host, bodyLimit),
    answer(exchange) {
      const value = handler(exchange);
      return isThenable(value)
        ? Promise.resolve(value).then((settled) => checked(exchange, settled))
        : checked(exchange, value);
    },
  };
}

/** Query builders and the like are promises in all but name. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
