import type { StopEntry, StopReport } from "../kernel/report.ts";
import { combine } from "../kernel/errors.ts";
import { describeCause, plainError } from "../app/log.ts";
import { formatMs } from "../kernel/tree.ts";

/** A stop as a person reads it: one line when it was clean, and a line for each thing that was not. */
export function reportText(report: StopReport): string {
  const { ms, limitMs, entries, abandoned, errors, forced } = report;
  const how = errors.length === 0 ? "cleanly" : abandoned.length > 0 ? "incompletely" : "with errors";
  const head = `stopped ${how}${forced ? ", forced," : ""} in ${formatMs(ms)} of ${formatMs(limitMs)}: ${describeCause(report.cause)}`;
  const lines = entries.filter(({ state }) => state !== "down").map((entry) => `  ${entryText(entry)}`);
  return [head, ...lines].join("\n");
}

function entryText({ name, kind, state, ms, limitMs, waiting, left, error }: StopEntry): string {
  const where = waiting === undefined ? "" : `, in ${waiting}`;
  const what = (left ?? []).map(({ kind: of, count }) => `${count} ${of}`).join(", ");
  const why = error instanceof Error ? `: ${error.message}` : "";
  return `${kind} ${name}: ${state} after ${formatMs(ms)} of ${formatMs(limitMs)}${where}${what && ` (${what})`}${why}`;
}

/** The report as JSON carries it: errors with code, message and stack. */
export function reportJson(report: StopReport): object {
  const plain = (_key: string, value: unknown): unknown => (value instanceof Error ? plainError(value) : value);
  return JSON.parse(JSON.stringify(report, plain)) as object;
}

/** All failures of a report as one error, or undefined. */
export function reportError(report: StopReport): unknown {
  return report.errors.length === 0 ? undefined : combine(report.errors, `"${report.app}" did not stop cleanly`);
}
