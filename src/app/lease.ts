import type { Clock } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";

/** A lease, held: nobody else has one of that name, as far as the processes can tell each other. */
export interface Lease {
  /**
   * Grows with every holder of this name, and never goes back. What must not be done by one who was overtaken unawares
   * takes it along, and is refused by whoever has seen a higher one.
   */
  readonly fence: number;
  /** Fires when it was lost to another holder, or may have been. */
  readonly lost: AbortSignal;
  /** Gives it to the next. Never rejects: a lease that cannot be given back ends by itself. */
  release(): Promise<void> | void;
}

/** What leases are opened with. */
export interface LeaseWorld {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Who of many may act, by name: the port. `leases/memory.ts` and `leases/redis.ts` are its members, and `livespan/testing`
 * has the suite that each passes.
 */
export interface Leases {
  /** For messages: "memory", "redis". */
  readonly name: string;
  /** Other processes are asked as well. */
  readonly isShared: boolean;
  /** Called once by each app that uses them; each calls `close` in the end. */
  open(world: LeaseWorld): Promise<void> | void;
  close(): Promise<void> | void;
  /** Takes the lease of this name, in the order of asking. Rejects with `signal.reason` when that fires first. */
  acquire(name: string, signal: AbortSignal): Promise<Lease>;
  /** Takes it when it is free. */
  tryAcquire(name: string): Promise<Lease | undefined>;
}
