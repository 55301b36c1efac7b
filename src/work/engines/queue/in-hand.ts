import type { CancelledJob, Settlement } from "./ledger.ts";
import type { ClaimedJob } from "./job.ts";

interface Held {
  readonly id: string;
  readonly fence: number;
}

/** The jobs that a worker has in hand: claimed, and not yet on their way back. */
export class JobsInHand {
  private readonly jobs = new Map<string, ClaimedJob>();

  get isEmpty(): boolean {
    return this.jobs.size === 0;
  }

  add(job: ClaimedJob): void {
    this.jobs.set(job.row.id, job);
  }

  drop(job: ClaimedJob): void {
    this.jobs.delete(job.row.id);
  }

  clear(): void {
    this.jobs.clear();
  }

  abort(cancelled: readonly CancelledJob[]): void {
    for (const { id, fence, why, reason } of cancelled) {
      const job = this.jobs.get(id);
      if (job?.row.fence === fence) job.abort(why, reason);
    }
  }

  /** Others have them by now. */
  lose(worker: string): void {
    for (const job of this.jobs.values()) {
      job.isLost = true;
      job.abort("lease-lost", `worker "${worker}" lost its lease while it ran "${job.task}" (run ${job.runId}).`);
    }
    this.jobs.clear();
  }

  /** Of what a ledger holds to be here, what neither is nor has ended. */
  missing(held: readonly Held[], ended: readonly Settlement[]): Held[] {
    const known = new Set(ended.map(({ id, fence }) => `${id} ${fence}`));
    return held.filter(({ id, fence }) => this.jobs.get(id)?.row.fence !== fence && !known.has(`${id} ${fence}`));
  }
}
