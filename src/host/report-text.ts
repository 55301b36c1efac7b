import type { StopEntry, StopReport } from "../kernel/report.ts";
import { describeCause } from "../app/log.ts";
import { LivespanError, messageOf } from "../kernel/errors.ts";
import { formatMs } from "../app/tree.ts";

/** A stop as a person reads it: one line when it was clean, and a line for each thing that was not. */
export function reportText(report: StopReport): string {
  const { ms, limitMs, entries, abandoned, errors, forced } = report;
  const cut = entries.some(({ state }) => state === "aborted");
  const how =
    abandoned.length > 0 ? "incompletely" : errors.length > 0 ? "with errors" : cut ? "with work cut off" : "cleanly";
  const head = `stopped ${how}${forced ? ", forced," : ""} in ${formatMs(ms)} of ${formatMs(limitMs)}: ${describeCause(report.cause)}`;
  const lines = entries.filter(({ state }) => state !== "down").map((entry) => `  ${entryText(entry)}`);
  return [head, ...lines, ...strays(report).map((error) => `  ${messageOf(error)}`)].join("\n");
}

/** Errors that no entry and no cause has told of. */
function strays({ errors, entries, cause }: StopReport): readonly unknown[] {
  const told = new Set([...entries.map(({ error }) => error), "error" in cause ? cause.error : undefined]);
  return errors.filter((error) => {
    const isAbandoned = error instanceof LivespanError && error.code === "ABANDONED";
    return !isAbandoned && !told.has(error) && !(error instanceof Error && told.has(error.cause ?? error));
  });
}

function entryText({ name, kind, state, ms, limitMs, waiting, left, error }: StopEntry): string {
  const where = waiting === undefined ? "" : `, in ${waiting}`;
  const what = (left ?? []).map(({ kind: of, count }) => `${count} ${of}`).join(", ");
  const why = error instanceof Error ? `: ${error.message}` : "";
  return `${kind} ${name}: ${state} after ${formatMs(ms)} of ${formatMs(limitMs)}${where}${what && ` (${what})`}${why}`;
}
