import type { RedisLocks } from "./locks.ts";
import { liveError } from "../../../errors.ts";

/** What the server has given with a lock, or said of a state: birth, version, text, and how many others watch. */
export type Found = readonly [birth: string, version: string, text: string, others: number];

/** A lock as the server gave it. */
export interface Granted {
  readonly fence: string;
  readonly run: string;
  readonly found: Found;
}

/** A lock that this process holds: renewed in the background until it is given back or lost. */
export class RedisLock {
  readonly granted: Granted;
  readonly fence: number;
  readonly id: string;
  private readonly locks: RedisLocks;
  private readonly owner: string;
  private readonly state: string;
  private readonly aborter = new AbortController();
  private until: number;
  private isRenewing = false;
  /** Renewed no more. */
  private isOver = false;
  private given = false;
  private cancel: () => void = () => {};

  constructor(locks: RedisLocks, owner: string, state: string, id: string, granted: Granted) {
    this.locks = locks;
    this.owner = owner;
    this.state = state;
    this.id = id;
    this.granted = granted;
    this.fence = Number(granted.fence);
    this.until = locks.clock.now() + locks.lease;
    this.schedule();
  }

  get lost(): AbortSignal {
    return this.aborter.signal;
  }

  get isReleased(): boolean {
    return this.given;
  }

  async release(): Promise<void> {
    if (this.given) return;
    this.released();
    await this.locks.giveBack(this.owner, this.state, this.id, false);
  }

  /** The server has taken it back already. */
  released(): void {
    this.given = true;
    this.stop();
  }

  /** Renews it no more. */
  stop(): void {
    this.isOver = true;
    this.cancel();
    this.locks.forget(this.id);
  }

  lose(why: string): void {
    if (this.isOver) return;
    this.stop();
    this.aborter.abort(liveError("LOCK_LOST", `the lock of "${this.owner}" was lost: ${why}.`));
  }

  notHeld(): Error {
    return liveError("LOCK_LOST", `the lock of "${this.owner}" was given back, or taken by another.`);
  }

  /** Asks whether it is held still. */
  check(): void {
    if (!this.isOver && !this.isRenewing) this.locks.inBackground(this.renew());
  }

  private schedule(): void {
    const { clock, lease } = this.locks;
    this.cancel = clock.after(Math.min(lease / 3, this.until - clock.now()), this.tick, true);
  }

  private readonly tick = (): void => {
    if (this.locks.clock.now() >= this.until) return this.lose("it could not be renewed in time");
    this.check();
    this.schedule();
  };

  private async renew(): Promise<void> {
    this.isRenewing = true;
    const from = this.locks.clock.now();
    try {
      const { value } = await this.locks.call("renew", this.owner, () => {
        // Tried again after a lost answer, it would take back what has been released since.
        if (this.isOver) throw this.notHeld();
        return [this.id, this.granted.fence];
      });
      if (value === 1) this.until = from + this.locks.lease;
      else this.lose("another has taken it");
    } finally {
      this.isRenewing = false;
    }
  }
}

/** @throws TypeError when the scripts and this code do not fit. */
export function foundIn(parts: readonly unknown[]): Found {
  const [birth, version, text, others] = parts;
  if (typeof birth === "string" && typeof version === "string" && typeof text === "string") {
    return [birth, version, text, Number(others)];
  }
  throw new TypeError(`a script answered ${JSON.stringify(parts)}`);
}

export function grantedIn(run: string, value: unknown): Granted | undefined {
  if (!Array.isArray(value) || value[0] !== "granted") return undefined;
  return { run, fence: String(value[1]), found: foundIn(value.slice(2)) };
}
