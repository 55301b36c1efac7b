import type { AnyState, Events, Snapshot } from "../server/state.ts";
import type { LiveError } from "./error.ts";

/**
 * "live": what the page shows follows the server. "resuming": the line is being opened, at first or again. "offline": the
 * browser has no network, the server could not be reached for five seconds, or the client has stopped (`reason` says why).
 */
export type Status = "live" | "resuming" | "offline";

export interface StateOptions {
  /** Which one, of a shared state. */
  readonly key?: string | undefined;
}

/** A page's side of its tab: the states that it sees, and the events that it sends. */
export interface LiveClient {
  /** The tab's id; undefined until the server has given one. */
  readonly tab: string | undefined;
  readonly status: Status;
  /** Why the client has stopped for good: TAB_REPLACED, TAB_REFUSED, PROTOCOL, CLIENT_CLOSED … Undefined until then. */
  readonly reason: LiveError | undefined;
  /** The server's states have another shape than those that the page was made for: it should be loaded again. */
  readonly outdated: boolean;
  /** Calls back when `status`, `reason` or `outdated` has changed. The returned function ends that. */
  subscribe(listener: () => void): () => void;
  /** The same object for the same name and key. Once wanted, a state is followed until the client is closed. */
  state<S extends AnyState>(name: S["name"], options?: StateOptions): LiveState<S>;
  /** Ends the line. Events that were not answered reject with CLIENT_CLOSED, and so do later ones. */
  close(): void;
}

/** One state, as the page sees it. Its functions need no `this`. */
export interface LiveState<S extends AnyState = AnyState> {
  readonly name: string;
  readonly key: string | undefined;
  /** Settles with the first snapshot; rejects with a LiveError when the server refuses the state. */
  readonly ready: Promise<void>;
  /**
   * The latest snapshot; what did not change is the same object as before. Undefined until `ready`.
   *
   * @throws LiveError when the server has refused the state
   */
  readonly get: () => Snapshot<S> | undefined;
  /** What the page was made with, for the first render over the server's HTML. Undefined without. */
  readonly first: () => Snapshot<S> | undefined;
  /** Calls back when `get` or `pending` would give something else. The returned function ends that. */
  readonly subscribe: (listener: () => void) => () => void;
  /**
   * What the page may send. Each settles with what the handler returned, once all its changes are in `get()`, or rejects
   * with a LiveError. Those sent while the line is down wait for it, in order.
   */
  readonly events: Events<S>;
  /** Whether an event of that name has been sent and not answered. */
  readonly pending: (event: keyof Events<S>) => boolean;
}
