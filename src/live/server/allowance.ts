import type { Clock } from "../../kernel/clock.ts";
import type { Limits } from "./limits.ts";
import { Bucket } from "./flood.ts";

/** A browser's session, as far as its tabs share something: how many sockets they have, and how fast they send. */
export interface Allowance {
  readonly name: string;
  readonly bucket: Bucket;
  sockets: number;
}

/** The sessions that have a socket, or had one so recently that a new one must not begin with a full bucket. */
export class Allowances {
  private readonly clock: Clock;
  private readonly limits: Limits;
  private readonly known = new Map<string, Allowance>();
  /** Those of them that have no socket. */
  private readonly resting = new Set<Allowance>();

  constructor(clock: Clock, limits: Limits) {
    this.clock = clock;
    this.limits = limits;
  }

  get size(): number {
    return this.known.size;
  }

  socketsOf(name: string): number {
    return this.known.get(name)?.sockets ?? 0;
  }

  join(name: string): Allowance {
    let allowance = this.known.get(name);
    if (allowance === undefined) {
      allowance = { name, bucket: new Bucket(this.clock, this.limits), sockets: 0 };
      this.known.set(name, allowance);
    }
    this.resting.delete(allowance);
    allowance.sockets++;
    return allowance;
  }

  leave(allowance: Allowance): void {
    if (--allowance.sockets === 0) this.resting.add(allowance);
  }

  /** Forgets those that have rested. True when none is left that has to. */
  sweep(): boolean {
    for (const allowance of this.resting) {
      if (!allowance.bucket.isFull) continue;
      this.resting.delete(allowance);
      this.known.delete(allowance.name);
    }
    return this.resting.size === 0;
  }
}
