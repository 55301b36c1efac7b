import type { Lease, Leases, LeaseWorld } from "../lease.ts";

/** What keeps leases for several processes, once it is open. */
export interface Locks {
  acquire(name: string, signal: AbortSignal): Promise<Lease>;
  tryAcquire(name: string): Promise<Lease | undefined>;
  close(): Promise<void>;
}

/** Leases over locks that are opened by the first app that uses them, and closed by the last. */
export class LockLeases implements Leases {
  readonly name: string;
  readonly isShared = true;
  private readonly connect: (world: LeaseWorld) => Promise<Locks>;
  private readonly closed: () => Error;
  /** How many apps use them. */
  private users = 0;
  private opening: Promise<Locks> | undefined;
  private locks: Locks | undefined;

  /** `closed` makes the error of whoever asks while they are not open. */
  constructor(name: string, connect: (world: LeaseWorld) => Promise<Locks>, closed: () => Error) {
    this.name = name;
    this.connect = connect;
    this.closed = closed;
  }

  async open(world: LeaseWorld): Promise<void> {
    this.users++;
    this.opening ??= this.connect(world);
    try {
      this.locks = await this.opening;
    } catch (error) {
      this.users--;
      this.opening = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.users === 0 || --this.users > 0) return;
    const { locks } = this;
    this.locks = undefined;
    this.opening = undefined;
    await locks?.close();
  }

  async acquire(name: string, signal: AbortSignal): Promise<Lease> {
    return this.opened.acquire(name, signal);
  }

  async tryAcquire(name: string): Promise<Lease | undefined> {
    return this.opened.tryAcquire(name);
  }

  private get opened(): Locks {
    if (this.locks !== undefined) return this.locks;
    throw this.closed();
  }
}
