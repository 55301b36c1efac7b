import type { Clock } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import type { Routes } from "./routes.ts";

/** What routes need of the app that serves them. */
export interface RouteHost<A = unknown> {
  readonly app: A;
  /** The frozen lifespan values of this app. A plain object is copied for each request that looks at it. */
  readonly state: object;
  /** Fires when the app starts to drain: streams end now. */
  readonly draining: AbortSignal;
  /** Fires when the drain budget is spent: whatever still runs is to end. */
  readonly aborted: AbortSignal;
  /**
   * Runs work that the app awaits at stop; `signal` fires when the drain budget is spent. The host reports a rejection,
   * by this name. Throws a coded error once the app has drained.
   */
  own(name: string, work: (signal: AbortSignal) => unknown): void;
  readonly log: Log;
  readonly clock: Clock;
  /** Bytes that a request body may have; a route's own `bodyLimit` goes before. */
  readonly bodyLimit: number;
  /** The host of routes that are mounted in this one's: itself, unless they have a state of their own. */
  enter(mounted: Routes): RouteHost;
}
