import type { StoreWorld } from "livespan/live";

/** The process's own time, for what is measured by a server's. */
export const systemClock: StoreWorld["clock"] = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, fn, unref = false) {
    const timer = setTimeout(fn, ms);
    if (unref) timer.unref();
    return () => clearTimeout(timer);
  },
};
