import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import type { Clock } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import type { Unhandled, World } from "../kernel/world.ts";
import { calendar } from "./calendar.ts";
import { steady } from "./log.ts";

/** The longest that one platform timer can wait; a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1;

/** The process's own time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, fn, unref = false) {
    let timer: NodeJS.Timeout | undefined;
    const arm = (left: number): void => {
      if (left === Infinity) return;
      const wait = Math.min(left, longestTimer);
      timer = setTimeout(() => (left > wait ? arm(left - wait) : fn()), wait);
      if (unref) timer.unref();
    };
    arm(ms);
    return () => clearTimeout(timer);
  },
};

/** Finds errors that nobody handled, given a way to ask in whose code the current one arose. */
export type UnhandledSource = (owner: () => unknown) => Unhandled;

export interface WorldOptions {
  readonly log: Log;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
  readonly unhandled?: UnhandledSource | undefined;
}

/** One for the process: with one for each world, an error owned by one app would look as if nobody owned it to another. */
const owners = new AsyncLocalStorage<object>();

/** The world as Node has it. Without a source of unhandled errors nobody asks who owns what, and nothing is kept. */
export function nodeWorld({ log, clock = systemClock, random = Math.random, unhandled }: WorldOptions): World {
  return {
    clock,
    log: steady(log),
    random,
    calendar,
    scope: {
      capture() {
        // Fifty times cheaper than AsyncLocalStorage.snapshot().
        const here = new AsyncResource("Livespan");
        return (fn) => here.runInAsyncScope(fn);
      },
      own: unhandled === undefined ? (_owner, fn) => fn() : (owner, fn) => owners.run(owner, fn),
    },
    defer: (fn) => void setImmediate(fn),
    unhandled: unhandled?.(() => owners.getStore()),
  };
}
