import type { CallName, News } from "../queue/ledger.ts";
import type { Failure } from "./failure.ts";

/** What the thread is started with. */
export interface ThreadOptions {
  readonly file: string;
  /** The folder is the project's data folder, and not one that the user has named with a file. */
  readonly isOwnFolder: boolean;
  readonly synchronous: "normal" | "full";
  /** Milliseconds that a call may wait while another process writes. */
  readonly busyTimeout: number;
}

export interface PostedCall {
  readonly id: number;
  readonly name: CallName;
  readonly argument: unknown;
}

/** To the thread: calls, in their order; or to close. */
export type ToThread = readonly PostedCall[] | "close";

export interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly failure?: Failure;
}

/** From the thread. `changed`: another process has written. */
export type FromThread =
  | { readonly kind: "opened" }
  | { readonly kind: "refused"; readonly failure: Failure }
  | { readonly kind: "answers"; readonly answers: readonly Answer[]; readonly news: readonly News[] }
  | { readonly kind: "changed" };
