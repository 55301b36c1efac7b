import type { Address, DoorPlace } from "../../http/server.ts";
import type { ProbeAnswer } from "../probes.ts";
import type { StopOrder } from "../signals.ts";

/** What a worker is started with. */
export interface WorkerPost {
  /** Its number: that of its place, which its successors have too. */
  readonly place: number;
  /** Whether it speaks for all of them: it prints the tree and says what they cannot share. */
  readonly isFirst: boolean;
  /** How often it says that its event loop turns. Milliseconds. */
  readonly beatEvery: number;
}

/** The variable that a worker finds its post in. It takes it out, so that what it starts itself is no worker. */
export const postVariable = "LIVESPAN_WORKER";

/** How long the parts of a worker's life may take, in milliseconds. */
export interface Limits {
  readonly start: number;
  /** A stop of what is not ready yet. */
  readonly rollback: number;
  readonly stop: number;
  readonly forced: number;
}

/** What a worker tells its supervisor. The app may send messages of its own: these have a key that those have not. */
export type WorkerMessage =
  | { readonly livespan: "beat"; readonly debugged: boolean }
  | { readonly livespan: "starting"; readonly limits: Limits }
  | { readonly livespan: "listen"; readonly at: DoorPlace }
  /** Whether the connection that it was given is its own now. */
  | { readonly livespan: "taken"; readonly taken: boolean }
  /** It takes no connection any more. */
  | { readonly livespan: "closed" }
  | { readonly livespan: "probed"; readonly id: number; readonly answer: ProbeAnswer }
  /** From `host/notify.ts`, which tells any parent. */
  | { readonly type: "ready"; readonly address: Address };

/** What a supervisor tells its workers. */
export type SupervisorMessage =
  | ({ readonly livespan: "stop" } & StopOrder)
  | { readonly livespan: "listening"; readonly address: Address }
  | { readonly livespan: "not listening"; readonly error: { readonly code?: string; readonly message: string } }
  /** Comes with its socket. */
  | { readonly livespan: "connection" }
  | { readonly livespan: "probe"; readonly id: number; readonly path: string };

/** Whether a message is of this protocol. Both ends are the same code, so that which one it is need not be checked. */
export function isSpoken(message: unknown): boolean {
  if (typeof message !== "object" || message === null) return false;
  return "livespan" in message || ("type" in message && message.type === "ready" && "address" in message);
}
