let running = 0;
let endedAt = Number.NEGATIVE_INFINITY;

/** Runs a build of pages, which holds the event loop up: the bundler's doing, and not the program's. */
export async function duringBuild<T>(build: () => Promise<T>): Promise<T> {
  running++;
  try {
    return await build();
  } finally {
    running--;
    endedAt = performance.now();
  }
}

/** Whether pages were being built at `time`, of `performance.now()`, or later. */
export function builtSince(time: number): boolean {
  return running > 0 || endedAt >= time;
}
