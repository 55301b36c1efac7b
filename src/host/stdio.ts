/**
 * Keeps a reader that has gone from ending the process: a closed standard output makes the next write fail, and without a
 * listener that would be an uncaught exception. The returned function ends it.
 */
export function tolerateClosedOutput(): () => void {
  const ignore = (error: NodeJS.ErrnoException): void => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") throw error;
  };
  process.stdout.on("error", ignore);
  process.stderr.on("error", ignore);
  return () => {
    process.stdout.off("error", ignore);
    process.stderr.off("error", ignore);
  };
}
