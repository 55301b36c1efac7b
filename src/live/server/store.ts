import type { Clock } from "../../kernel/clock.ts";
import type { Log } from "../../kernel/log.ts";
import type { Op } from "../wire/ops.ts";

/** Where a state is kept. What has one owner is locked as one, and kept on one machine. */
export interface Place {
  /** The tab's token, or the name and key of a shared state. */
  readonly owner: string;
  /** The state's name. */
  readonly state: string;
}

/** What a store holds of one state. Frozen all the way down. */
export interface Saved {
  /** Versions are counted within an epoch: after a loss or a restore of the store's data there is another one. */
  readonly epoch: string;
  /** Counts commits, from 1. */
  readonly version: number;
  /** Vars and private vars. */
  readonly value: object;
}

/** A change that is to be kept: all of it or nothing. */
export interface Commit {
  /**
   * Of one of the last commits of its place at the latest 32 back, it is not done again, whatever it was made from: the
   * answer has the version that it had got.
   */
  readonly id: string;
  /** What the change was made from; undefined when the store held nothing. */
  readonly base: Saved | undefined;
  readonly value: object;
  /** From base to value. Called at most once, and only by a store that has someone to tell. */
  ops(): readonly Op[];
}

export type Outcome =
  | { readonly kind: "saved"; readonly saved: Saved }
  /** It was not made from the latest; this is the latest. */
  | { readonly kind: "conflict"; readonly saved: Saved | undefined }
  /** Somebody else, maybe in another process, holds the owner's lock. */
  | { readonly kind: "held" };

/** An owner's lock, held. */
export interface Lease {
  /** Grows with every holder of this lock, and never goes back. */
  readonly fence: number;
  /** Fires when the lock was lost to another holder, or may have been. */
  readonly lost: AbortSignal;
  /** What the store holds now; it cannot change while the lease lasts. */
  readonly saved: Saved | undefined;
  /**
   * Keeps a change; with `release` the lock goes with it, in the same step. Works past the lease's end as long as nobody
   * else took the lock.
   *
   * @throws LivespanError LOCK_LOST when somebody did: nothing was kept.
   */
  commit(commit: Commit, release: boolean): Promise<Saved> | Saved;
  /** Gives the lock back. Never rejects: a lock that cannot be given back ends by itself. */
  release(): Promise<void> | void;
}

/** What a store is opened with. */
export interface StoreWorld {
  readonly clock: Clock;
  readonly log: Log;
  /** A commit that was made elsewhere. `ops` fit what has `from` as its version; undefined when only the fact is known. */
  changed(
    place: Place,
    saved: { readonly epoch: string; readonly version: number },
    ops: readonly Op[] | undefined,
  ): void;
  /** Commits may have been missed, all over: what is watched is to be loaded again. */
  missed(): void;
}

/**
 * Where states are kept: the port. `stores/memory.ts` and `stores/redis/` are its members, and
 * `livespan/testing` has the suite that each passes. What can answer at once does, without a promise.
 *
 * @throws LivespanError STORE_UNREACHABLE from every method, when that is so.
 */
export interface Store {
  /** For messages: "memory", "redis". */
  readonly name: string;
  /** Other processes see what is kept here. */
  readonly isShared: boolean;
  open(world: StoreWorld): Promise<void> | void;
  close(): Promise<void> | void;
  load(place: Place): Promise<Saved | undefined> | Saved | undefined;
  /** Compares and sets: one command. */
  commit(place: Place, commit: Commit): Promise<Outcome> | Outcome;
  /**
   * Takes the owner's lock, in the order of asking, and loads `place` with it: one command.
   * Rejects with `signal.reason` when that fires first, and then holds nothing.
   */
  acquire(place: Place, signal: AbortSignal): Promise<Lease> | Lease;
  /** From now on `changed` is called for it, and it does not expire. The returned function ends that. */
  watch(place: Place): () => void;
  /** Forgets what an owner has. */
  remove(owner: string): Promise<void> | void;
}
