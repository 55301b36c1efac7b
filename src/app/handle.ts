import type { Address } from "../http/server.ts";
import type { Client } from "../work/client.ts";
import type { LiveApp } from "../live/server/context.ts";

/** The app as its own code sees it: handlers, tasks, and the generator given to createApp. */
export interface AppHandle extends LiveApp {
  /** Where it listens; undefined before it does, and in process. */
  readonly address: Address | undefined;
}

// The live wing knows nothing of this one, but what its events are given is the same app.
declare module "../live/server/context.ts" {
  interface LiveApp {
    /** Runs tasks and workflows. @throws LivespanError NO_WORK in an app that declares none. */
    readonly work: Client;
  }
}
