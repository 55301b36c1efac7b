import type { ConnectionFacts } from "./context.ts";
import type { StateDeclaration } from "./state.ts";

/** Values as they travel: JSON, or text by devalue where JSON could not carry them. */
export interface Payload {
  readonly text: string;
  readonly rich: boolean;
}

/** One commit, as those who watch an instance see it. */
export interface Change {
  /** The version that the instance had before; `to - 1`, unless commits were made elsewhere. */
  readonly from: number;
  readonly to: number;
  readonly epoch: string;
  /** What a page saw before, and what it sees now. Commits that no page could see have come between, or none. */
  readonly before: object;
  readonly snapshot: object;
  /** Ops that lead from `before` to `snapshot`; encoded at most once, however many watch. */
  readonly ops: Payload;
}

/** A state of one tab, or of one key when it is shared. */
export interface Instance {
  readonly declaration: StateDeclaration;
  readonly key: string | undefined;
  readonly epoch: string;
  /** Of the latest that is kept. */
  readonly version: number;
  /** Vars and computed of the latest that is kept: frozen, shares what did not change with the one before. */
  readonly snapshot: object;
  /** The snapshot as it travels. */
  readonly whole: Payload;
  /** `listener` is called synchronously after each commit, in order. The returned function ends that. */
  watch(listener: (change: Change) => void): () => void;
}

/** An event, as a client sent it. */
export interface Dispatch {
  readonly id: number;
  readonly instance: Instance;
  readonly name: string;
  readonly arg: unknown;
}

export interface Tab {
  readonly token: string;
  /** @throws LivespanError UNKNOWN_STATE, JOIN_REFUSED */
  instance(state: string, key: string | undefined): Promise<Instance>;
  /** Runs an event; settles when it was handled and all its changes were given to those who watch. */
  dispatch(event: Dispatch): Promise<unknown>;
  /** Called again, without `disconnected` in between, when another connection takes the tab over. */
  connected(facts: ConnectionFacts): void;
  disconnected(): void;
}

/** What a connection says that it is. */
export interface WantedTab {
  readonly token?: string | undefined;
  readonly copyOf?: string | undefined;
  /** Names the browser's session that asks. */
  readonly session: string;
}

/** What runs the states, as the connections see it. */
export interface Engine {
  /** A hash over the names of what the states declare. */
  readonly schema: string;
  /**
   * The tab that it was, when it is known and belongs to the session; else a fresh one.
   *
   * @throws LivespanError TAB_REFUSED when it belongs to another session
   */
  tab(wanted: WantedTab): Promise<{ readonly tab: Tab; readonly fresh: boolean }>;
  /** Why it began anew although the program before had kept it; undefined when it did not. */
  anew?(instance: Instance): string | undefined;
}
