/** What says that the reader has gone: of a pipe, of a terminal that was closed, of a stream that was ended. */
const gone: ReadonlySet<string | undefined> = new Set(["EPIPE", "EIO", "ERR_STREAM_DESTROYED"]);

/**
 * Keeps an output that takes nothing, because its reader has gone or its disk is full, from ending the process: the next write
 * to it fails, and without a listener that would be an uncaught exception. What standard error cannot take is never an error
 * of its own, because that would be written to standard error, and so on without end. `lost` is told what standard output
 * could not take though it has a reader. The returned function ends it.
 */
export function tolerateClosedOutput(lost: (error: Error) => void = () => {}): () => void {
  const ignore = (): void => {};
  const ignoreGone = (error: NodeJS.ErrnoException): void => {
    if (!gone.has(error.code)) lost(error);
  };
  process.stdout.on("error", ignoreGone);
  process.stderr.on("error", ignore);
  return () => {
    process.stdout.off("error", ignoreGone);
    process.stderr.off("error", ignore);
  };
}
