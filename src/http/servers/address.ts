import { isIPv6, type Server } from "node:net";

import type { Address } from "../server.ts";

/** Where a server is bound, or undefined when it is not bound to a port. */
export function addressOf(server: Server): Address | undefined {
  const bound = server.address();
  if (bound === null || typeof bound === "string") return undefined;
  return { host: bound.address, port: bound.port, url: `http://${reachable(bound.address)}:${bound.port}` };
}

/** The addresses that stand for "every address" cannot be opened on every platform. */
function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return isIPv6(host) ? `[${host}]` : host;
}
