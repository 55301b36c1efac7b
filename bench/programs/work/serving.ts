import { setTimeout as sleep } from "node:timers/promises";
import { answering, monotonic } from "../live/answering.ts";

/** What each job is given, and gives back: the moment at which it was asked for. */
export interface Asked {
  readonly at: number;
}

export type Body = (asked: Asked) => Asked | Promise<Asked>;

/** One way to keep jobs and to run them: ours, a peer, or by hand. */
export interface Queue {
  /** Settles when they are kept. */
  enqueue(asked: readonly Asked[]): Promise<unknown>;
  /** Settles with what the job gave; absent where no result is kept. */
  run?(asked: Asked): Promise<Asked>;
  /** Starts a worker. Settles when it takes jobs, with what stops it. */
  work(slots: number, body: Body): Promise<() => Promise<unknown>>;
  /** Whether all that was asked for has settled. */
  isEmpty(): Promise<boolean>;
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

const filling = 1_000;

/** Counts the bodies that begin, and when. */
class Begun {
  private latencies: number[] = [];
  private moments: number[] = [];
  private wanted = Infinity;
  private reached = (): void => {};

  add({ at }: Asked): void {
    const now = monotonic();
    this.moments.push(now);
    this.latencies.push(now - at);
    if (this.moments.length === this.wanted) this.reached();
  }

  reset(): void {
    this.latencies = [];
    this.moments = [];
  }

  /** Settles when so many have begun since the last time that this was asked. */
  async of(jobs: number): Promise<Latency & { readonly perSecond: number }> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.wanted = jobs;
    this.reached = resolve;
    if (this.moments.length >= jobs) resolve();
    await promise;
    const { latencies, moments } = this;
    this.reset();
    if (moments.length > jobs) throw new Error(`${jobs} jobs were asked for, and ${moments.length} bodies have begun`);
    return { ...percentiles(latencies), perSecond: rate(moments) };
  }
}

/** Jobs a second of the last three quarters: some need a while to notice that there are many. */
function rate(moments: readonly number[]): number {
  const from = Math.floor(moments.length / 4);
  return ((moments.length - 1 - from) / (moments.at(-1)! - moments[from]!)) * 1_000;
}

function percentiles(values: readonly number[]): Latency {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
  return { p50: at(0.5), p99: at(0.99) };
}

interface Amount {
  readonly jobs: number;
}

/** Serves what the benchmarks ask: as the process that asks for jobs, as the one that runs them, or as both. */
export function serving(queue: Queue): void {
  const begun = new Begun();
  let held: PromiseWithResolvers<void> | undefined;
  let stop: (() => Promise<unknown>) | undefined;

  const body = (asked: Asked): Asked | Promise<Asked> => {
    begun.add(asked);
    return held === undefined ? asked : held.promise.then(() => asked);
  };
  const work = async ({ slots }: { readonly slots: number }): Promise<void> => {
    stop = await queue.work(slots, body);
  };
  const rest = async (): Promise<void> => {
    while (!(await queue.isEmpty())) await sleep(5);
    await stop?.();
    stop = undefined;
  };
  const fill = async ({ jobs }: Amount): Promise<void> => {
    for (let left = jobs; left > 0; left -= filling) {
      const at = monotonic();
      await queue.enqueue(Array.from({ length: Math.min(filling, left) }, () => ({ at })));
    }
  };

  answering(
    { isServing: true },
    {
      work,
      rest,
      fill,
      /** Asks for one job at a time, with pauses, so that each finds a worker that has nothing to do. */
      pace: async ({ jobs }: Amount) => {
        for (let left = jobs; left > 0; left--) {
          await sleep(4 + Math.random() * 8);
          await queue.enqueue([{ at: monotonic() }]);
        }
      },
      begun: ({ jobs }: Amount) => begun.of(jobs),
      results: async ({ jobs }: Amount) => {
        if (queue.run === undefined) throw new Error("No results are kept.");
        const took: number[] = [];
        for (let left = jobs; left > 0; left--) {
          await sleep(4 + Math.random() * 8);
          const at = monotonic();
          const made = await queue.run({ at });
          took.push(monotonic() - at);
          if (made.at !== at) throw new Error("This is not the result of that run.");
        }
        return percentiles(took);
      },
      /** Jobs a second, by when bodies begin, of what was there when the worker started. */
      drain: async ({ jobs, slots }: Amount & { readonly slots: number }) => {
        await fill({ jobs });
        begun.reset();
        const all = begun.of(jobs);
        await work({ slots });
        const { perSecond } = await all;
        await rest();
        return { perSecond };
      },
      /** So many jobs more whose bodies do not end. */
      hold: async ({ jobs }: Amount) => {
        held ??= Promise.withResolvers();
        await fill({ jobs });
        await begun.of(jobs);
      },
    },
  );
}
