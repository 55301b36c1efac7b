let running = 0;
let endedAt = Number.NEGATIVE_INFINITY;
let restore = (): void => {};

/** Runs a build of pages, which holds the event loop up: the bundler's doing, and not the program's. */
export async function duringBuild<T>(build: () => Promise<T>): Promise<T> {
  if (running++ === 0) restore = hideTemporaryFiles();
  try {
    return await build();
  } finally {
    if (--running === 0) restore();
    endedAt = performance.now();
  }
}

/** Whether pages were being built at `time`, of `performance.now()`, or later. */
export function builtSince(time: number): boolean {
  return running > 0 || endedAt >= time;
}

/** What a page's server part, and Vite its configuration, are loaded from. */
const temporary = /[\\/]\.(?:livespan|vite-temp)[\\/]/;

/**
 * Under `node --watch` a process tells its parent by IPC what it loads, and is started again when that changes. A file that
 * is removed once it is loaded would end every tab's state with each build.
 */
function hideTemporaryFiles(): () => void {
  const { send } = process;
  if (send === undefined) return () => {};
  process.send = new Proxy(send, {
    apply: (told, self, args) => isOfTemporary(args[0]) || Reflect.apply(told, self, args),
  });
  return () => void (process.send = send);
}

function isOfTemporary(message: unknown): boolean {
  if (typeof message !== "object" || message === null) return false;
  return Object.entries(message).some(
    ([key, files]) =>
      key.startsWith("watch:") && Array.isArray(files) && files.some((file) => temporary.test(`${file}`)),
  );
}
