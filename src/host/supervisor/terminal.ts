import { closeSync, openSync } from "node:fs";

/**
 * Whether the terminal that this process was started in has gone since. A terminal that is closed sends SIGHUP, as somebody
 * does who wants a rolling restart.
 */
export function terminalWatch(): () => boolean {
  const had = hasTerminal();
  return () => had && !hasTerminal();
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
