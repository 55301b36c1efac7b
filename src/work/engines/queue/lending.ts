import type { ClaimedJob } from "./job.ts";
import type { Lanes } from "./lanes.ts";

/**
 * Slots that jobs lend back while they wait for other runs: without that, parents could fill all slots while their children wait
 * for one. Who wants them again is served in turn, and before anything is claimed.
 */
export class Lending {
  private readonly lanes: Lanes;
  private readonly lent = new Set<ClaimedJob>();
  /** Those that wait to go on, in order. */
  private readonly wanting = new Map<ClaimedJob, () => void>();

  constructor(lanes: Lanes) {
    this.lanes = lanes;
  }

  /** Nothing may be claimed: what is free is waited for. */
  get isWanted(): boolean {
    return this.wanting.size > 0;
  }

  /** One that is to go on, and waits again instead, need not go on. */
  lend(job: ClaimedJob): void {
    this.goOn(job);
    if (job.isSettled || this.lent.has(job)) return;
    this.lent.add(job);
    this.lanes.free += job.row.cost;
    this.serve();
  }

  /** Settles when the job has its slots again, or can no longer want them. */
  async regain(job: ClaimedJob, signal: AbortSignal): Promise<void> {
    if (!this.lent.has(job) || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const onAbort = (): void => this.goOn(job);
    signal.addEventListener("abort", onAbort, { once: true });
    this.wanting.set(job, resolve);
    this.serve();
    await promise;
    signal.removeEventListener("abort", onAbort);
  }

  /** The job is over. */
  give(job: ClaimedJob): void {
    this.goOn(job);
    if (this.lent.delete(job)) this.lanes.free -= job.row.cost;
    this.lanes.give(job.row);
    this.serve();
  }

  private goOn(job: ClaimedJob): void {
    this.wanting.get(job)?.();
    this.wanting.delete(job);
  }

  private serve(): void {
    for (const job of this.wanting.keys()) {
      if (job.row.cost > this.lanes.free) return;
      this.lanes.free -= job.row.cost;
      this.lent.delete(job);
      this.goOn(job);
    }
  }
}
