import type { Address } from "../http/server.ts";
import type { LiveApp } from "../live/server/context.ts";

/** The app as its own code sees it: handlers, tasks, and the generator given to createApp. */
export interface AppHandle extends LiveApp {
  /** Where it listens; undefined before it does, and in process. */
  readonly address: Address | undefined;
}
