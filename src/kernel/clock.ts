/**
 * Time, as the kernel sees it. The real member lives in the app floor and a manual one in `livespan/testing`, so that no
 * test waits for real time to pass.
 */
export interface Clock {
  /** Milliseconds from an arbitrary start; never goes back. */
  now(): number;
  /** Milliseconds since the Unix epoch; may jump. Only calendars look at it. */
  wall(): number;
  /** Runs `fn` once after `ms`; the returned function cancels it. The timer keeps a program alive unless `unref` is true. */
  after(ms: number, fn: () => void, unref?: boolean): () => void;
}
