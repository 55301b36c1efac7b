import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

/** Cron expressions. The member lives above the kernel. */
export interface Calendar {
  /**
   * The first moment after `after` (both in milliseconds since the Unix epoch), or undefined when there is none. `timezone` is a
   * name of the IANA's, the machine's own unless said.
   */
  next(expression: string, after: number, timezone?: string): number | undefined;
}

/** The asynchronous context that code runs in. */
export interface Scope {
  /** Remembers the current context; what it returns runs a function inside it. */
  capture(): <R>(fn: () => R) => R;
  /** Runs `fn` so that an error which nobody handles can be traced to `owner`; now, or in a turn of its own. */
  own<R>(owner: object, fn: () => R): R | Promise<Awaited<R>>;
}

/** Errors that nobody handled. */
export interface Unhandled {
  /** Calls `fn` with each; `owner` is what `Scope.own` was told, where it is known. The returned function ends it. */
  watch(fn: (error: unknown, owner: unknown) => void): () => void;
}

/** What the kernel needs of the world, as ports. */
export interface World {
  readonly clock: Clock;
  readonly scope: Scope;
  readonly log: Log;
  /** In [0, 1), for jitter. */
  random(): number;
  /** Runs `fn` soon, in a turn of the event loop of its own. */
  defer(fn: () => void): void;
  readonly calendar?: Calendar | undefined;
  readonly unhandled?: Unhandled | undefined;
}
