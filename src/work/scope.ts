import { AsyncLocalStorage } from "node:async_hooks";
import type { Client } from "./client.ts";
import { workError } from "./errors.ts";

/** The client that `task.run()` uses: provided by the app, and by each job, for all that runs inside them. */
export const clientScope = new AsyncLocalStorage<Client>();

/** @throws LivespanError NO_CLIENT */
export function clientOfScope(what: string): Client {
  const client = clientScope.getStore();
  if (client === undefined) throw workError("NO_CLIENT", `"${what}" was run where no client is in scope.`);
  return client;
}
