import type { Enqueued, RunRequest } from "../../engine.ts";
import { isDown } from "./rounds.ts";
import type { Ledger } from "./ledger.ts";

/** The most runs that calls of one turn are put together to. */
const most = 1_000;
/** The same where each run is let in by statements of its own: their keys are held until all of them are. */
const mostLimited = 50;

interface Asked {
  readonly requests: readonly RunRequest[];
  readonly resolve: (enqueued: readonly Enqueued[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Runs that are asked for within one turn travel as one call, since what a call costs is mostly the call. */
export class Asking {
  private readonly free: Gathering;
  private readonly limited: Gathering;

  constructor(ledger: Ledger) {
    const call = (requests: readonly RunRequest[]): Promise<readonly Enqueued[]> =>
      ledger.call("enqueue", { now: ledger.now(), requests });
    this.free = new Gathering(call, most, Infinity);
    // One call after another: beside each other they would only wait for each other's keys.
    this.limited = new Gathering(call, mostLimited, 1);
  }

  ask(requests: readonly RunRequest[]): Promise<readonly Enqueued[]> {
    return (requests.some(isLimited) ? this.limited : this.free).ask(requests);
  }
}

function isLimited({ concurrency, rate, steps }: RunRequest): boolean {
  if (concurrency !== undefined || rate !== undefined) return true;
  return steps?.some((step) => step.concurrency !== undefined || step.rate !== undefined) ?? false;
}

class Gathering {
  private readonly call: (requests: readonly RunRequest[]) => Promise<readonly Enqueued[]>;
  private readonly most: number;
  private readonly atOnce: number;
  private asked: Asked[] = [];
  /** Of the runs that are asked for in this turn. */
  private readonly ids = new Set<string>();
  private waiting: (readonly Asked[])[] = [];
  private going = 0;

  constructor(call: Gathering["call"], atMost: number, atOnce: number) {
    this.call = call;
    this.most = atMost;
    this.atOnce = atOnce;
  }

  ask(requests: readonly RunRequest[]): Promise<readonly Enqueued[]> {
    // One run that is asked for twice is there the second time.
    if (this.ids.size + requests.length > this.most || requests.some(({ id }) => this.ids.has(id))) this.send();
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
    if (asked.length > 0) this.waiting.push(asked);
    this.go();
  }

  private go(): void {
    while (this.going < this.atOnce) {
      const asked = this.waiting.shift();
      if (asked === undefined) return;
      this.going++;
      void this.together(asked).finally(() => {
        this.going--;
        this.go();
      });
    }
  }

  /** Never rejects. */
  private async together(asked: readonly Asked[]): Promise<void> {
    try {
      const enqueued = await this.call(asked.flatMap(({ requests }) => requests));
      let from = 0;
      for (const { requests, resolve } of asked) resolve(enqueued.slice(from, (from += requests.length)));
    } catch (error) {
      if (isDown(error)) return this.refuse(asked, error);
      if (asked.length === 1) return asked[0]!.reject(error);
      // Nothing was kept. What is wrong with one of them is not held against the others.
      await Promise.all(asked.map(({ requests, resolve, reject }) => this.call(requests).then(resolve, reject)));
    }
  }

  /** The ledger is away: those who wait for their turn have waited as long. */
  private refuse(asked: readonly Asked[], error: unknown): void {
    const { waiting } = this;
    this.waiting = [];
    for (const { reject } of [asked, ...waiting].flat()) reject(error);
  }
}
