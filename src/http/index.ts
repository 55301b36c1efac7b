export { compile } from "./compile.ts";
export type {
  EventContext,
  EventHandler,
  Handler,
  HonoEnv,
  PathParams,
  RawHeaders,
  RawQuery,
  RequestContext,
  SocketContext,
  SocketHandler,
} from "./context.ts";
export type { Description } from "./description.ts";
export { routeErrors } from "./errors.ts";
export type { RouteHost } from "./host.ts";
export { describe, type ApiInfo } from "./openapi.ts";
export { Problem, problem, type ProblemBody, type ProblemOptions } from "./problem.ts";
export type { Fetchable, RouteOptions } from "./route.ts";
export { Routes } from "./routes.ts";
export type { Fault, In, Out, Schema } from "./schema.ts";
export type { Address, Companion, Fetch, Listener, ListenerOptions, ListenOptions } from "./server.ts";
export { serverErrors } from "./servers/errors.ts";
export { nodeListener } from "./servers/node.ts";
export type { ServerEvent } from "./event-stream.ts";
export type { AcceptOptions, HttpEnv, Socket, SocketClose, Upgrade } from "./upgrade.ts";
