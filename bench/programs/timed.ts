import { setImmediate as turn } from "node:timers/promises";
import { median } from "../harness/sample.ts";

export interface Boots {
  /** Microseconds of the first start in this process, before anything was compiled well. */
  readonly first: number;
  /** Microseconds of the middle one. */
  readonly middle: number;
}

type Close = () => Promise<void>;

/** Starts again and again, each stopped before the next, and prints how long the starts took. */
export async function timed(starts: number, boot: () => Promise<Close>): Promise<void> {
  const times: number[] = [];
  for (let start = 0; start < starts; start++) {
    const began = performance.now();
    const close = await boot();
    times.push((performance.now() - began) * 1_000);
    await close();
    // What a weak reference was asked for stays alive until the turn of the loop ends: without this, garbage piles up.
    await turn();
  }
  console.log(JSON.stringify({ first: times[0]!, middle: median(times.slice(starts / 2)) } satisfies Boots));
}
