import { constants } from "node:os";
import type { StopReport } from "../kernel/report.ts";

/** What a process ends with. Node's own codes, 3 to 7 and 9 to 14, are avoided. */
export const exitCodes = {
  clean: 0,
  startFailed: 1,
  fatal: 70,
  stopIncomplete: 75,
  invalidConfiguration: 78,
} as const;

/** The code that a report asks for. A signal that asked for the stop is not a failure. */
export function exitCodeOf(report: StopReport): number {
  switch (report.cause.kind) {
    case "start":
      return exitCodes.startFailed;
    case "task":
    case "unhandled":
      return exitCodes.fatal;
    case "asked":
      return report.errors.length > 0 ? exitCodes.stopIncomplete : exitCodes.clean;
  }
}

/** 128 and the number of the signal, as a shell would say it. */
export function forcedCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/**
 * Lets the process end with `code` when an error that nobody catches ends it, where Node would put 1: what a start was
 * refused for may be thrown on at the top of a program, and what was left behind may fail after the end.
 */
export function keepCode(code: number): void {
  process.once("exit", (ended) => {
    if (ended === 1) process.exitCode = code;
  });
}
