import { setTimeout as sleep } from "node:timers/promises";

/** Requests that are in flight when the stop begins; the last one to arrive begins it. */
export const inFlight = 10;

export interface Drained {
  /** Milliseconds of the stop. */
  readonly elapsed: number;
  /** Milliseconds of the longest request that was in flight. */
  readonly longest: number;
}

let arrived = 0;
let longest = 0;

/** A request that takes its time; `stop` is what ends the server. */
export async function slowly(ms: number, stop: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  if (++arrived === inFlight) void stopped(stop);
  await sleep(ms);
  longest = Math.max(longest, performance.now() - began);
}

async function stopped(stop: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  await stop();
  console.log(JSON.stringify({ elapsed: performance.now() - began, longest } satisfies Drained));
}
