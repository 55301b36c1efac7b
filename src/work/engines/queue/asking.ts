import type { Enqueued, RunRequest } from "../../engine.ts";
import { isDown } from "./rounds.ts";
import type { Ledger } from "./ledger.ts";

/** The most runs that calls of one turn are put together to. */
const most = 1_000;

interface Asked {
  readonly requests: readonly RunRequest[];
  readonly resolve: (enqueued: readonly Enqueued[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Runs that are asked for within one turn travel as one call, since what a call costs is mostly the call. Those with a key or a rate go alone. */
export class Asking {
  private readonly ledger: Ledger;
  private asked: Asked[] = [];
  /** Of the runs that are asked for in this turn. */
  private readonly ids = new Set<string>();

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  ask(requests: readonly RunRequest[]): Promise<readonly Enqueued[]> {
    if (requests.some(isLimited)) return this.call(requests);
    // One run that is asked for twice is there the second time.
    if (this.ids.size + requests.length > most || requests.some(({ id }) => this.ids.has(id))) this.send();
    return new Promise((resolve, reject) => {
      // Behind all that this turn still does, and before the next one.
      if (this.asked.length === 0) queueMicrotask(() => process.nextTick(() => this.send()));
      this.asked.push({ requests, resolve, reject });
      for (const { id } of requests) this.ids.add(id);
    });
  }

  private send(): void {
    const { asked } = this;
    this.asked = [];
    this.ids.clear();
    if (asked.length > 0) void this.together(asked);
  }

  private async together(asked: readonly Asked[]): Promise<void> {
    try {
      const enqueued = await this.call(asked.flatMap(({ requests }) => requests));
      let from = 0;
      for (const { requests, resolve } of asked) resolve(enqueued.slice(from, (from += requests.length)));
    } catch (error) {
      if (asked.length === 1 || isDown(error)) return asked.forEach(({ reject }) => reject(error));
      // Nothing was kept. What is wrong with one of them is not held against the others.
      for (const { requests, resolve, reject } of asked) this.call(requests).then(resolve, reject);
    }
  }

  private call(requests: readonly RunRequest[]): Promise<readonly Enqueued[]> {
    return this.ledger.call("enqueue", { now: this.ledger.now(), requests });
  }
}

/** It is let in by statements of its own, which hold its key meanwhile: many such in one transaction would hold up all others of it. */
function isLimited({ concurrency, rate, steps }: RunRequest): boolean {
  if (concurrency !== undefined || rate !== undefined) return true;
  return steps?.some((step) => step.concurrency !== undefined || step.rate !== undefined) ?? false;
}
