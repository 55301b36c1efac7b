import type { Flag } from "./flags.ts";
import type { ProcessOptions } from "../host/settings.ts";
import { cliError } from "./errors.ts";
import { exitCodes } from "../host/exit-code.ts";
import { portFlag } from "./flags.ts";
import { stopSignals } from "../host/signals.ts";

/** Options of every command that becomes a process of its own. */
export const processFlags = {
  "health-port": { value: "number", summary: "a port of their own for /livez, /readyz and /startupz" },
  log: { value: "form", summary: "text or json; LIVESPAN_LOG, or text" },
  report: { value: "file", summary: "where the shutdown report is written as JSON" },
  tree: { summary: "print the tree of lifespans with their times once ready" },
} as const satisfies Record<string, Flag>;

/** @throws LivespanError UNKNOWN_FLAG for a value that does not fit. */
export function processOptionsFrom(given: {
  readonly "health-port"?: string;
  readonly log?: string;
  readonly report?: string;
  readonly tree?: boolean;
}): ProcessOptions {
  const { log, report, tree } = given;
  if (log !== undefined && log !== "text" && log !== "json") {
    throw cliError("UNKNOWN_FLAG", `--log: expected text or json, got "${log}".`);
  }
  const healthPort = portFlag("health-port", given["health-port"]);
  return {
    ...(healthPort !== undefined && { health: { port: healthPort } }),
    ...(log !== undefined && { log }),
    ...(report !== undefined && { reportFile: report }),
    ...(tree === true && { tree: true }),
  };
}

/**
 * While a program is loaded a signal ends it: nothing has been opened yet. Without a listener the first process of a
 * container would not even hear it. The returned function ends this.
 */
export function leaveOnSignal(signals: readonly NodeJS.Signals[] = stopSignals): () => void {
  const leave = (): never => process.exit(exitCodes.clean);
  for (const signal of signals) process.on(signal, leave);
  return () => {
    for (const signal of signals) process.off(signal, leave);
  };
}
