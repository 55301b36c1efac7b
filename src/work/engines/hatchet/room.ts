import type { HatchetJob } from "./job.ts";

/**
 * What a worker has room for. Hatchet counts its slots; the capacities of lifespans are counted here, since it assigns a tenth as much
 * to a worker with slots of several kinds. And a body that was given up but still runs has its slots here only.
 */
export class Room {
  private free: number;
  private readonly capacity: Map<string, number>;

  constructor(slots: number, capacity: ReadonlyMap<string, number>) {
    this.free = slots;
    this.capacity = new Map(capacity);
  }

  has({ cost, uses }: HatchetJob): boolean {
    if (cost > this.free) return false;
    return [...uses].every(([lifespan, units]) => units <= (this.capacity.get(lifespan) ?? units));
  }

  take(job: HatchetJob): void {
    this.change(job, -1);
  }

  give(job: HatchetJob): void {
    this.change(job, 1);
  }

  private change({ cost, uses }: HatchetJob, sign: 1 | -1): void {
    this.free += sign * cost;
    for (const [lifespan, units] of uses) {
      const had = this.capacity.get(lifespan);
      if (had !== undefined) this.capacity.set(lifespan, had + sign * units);
    }
  }
}
