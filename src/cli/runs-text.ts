import type { RunInfo } from "../work/run.ts";
import { formatMs } from "../app/tree.ts";

/** A table of runs, one a line. */
export function printRuns(runs: readonly RunInfo[]): string {
  const rows = runs.map((run) => [run.id, run.state, run.task, attemptsOf(run), timesOf(run), remarkOf(run)]);
  return lined([["id", "state", "task", "attempts", "took", ""], ...rows]);
}

/** Everything of one run, and its steps below. */
export function printRun(run: RunInfo, steps: readonly RunInfo[]): string {
  const facts: (readonly [string, string | undefined])[] = [
    ["id", run.id],
    ["task", run.task],
    ["state", run.state],
    ["attempts", attemptsOf(run)],
    ["created", new Date(run.createdAt).toISOString()],
    ["due", run.dueAt === undefined ? undefined : new Date(run.dueAt).toISOString()],
    ["took", timesOf(run)],
    ["worker", run.worker],
    ["parent", run.parentRunId],
    ["step of", run.workflowRunId],
    ["metadata", Object.keys(run.metadata).length === 0 ? undefined : JSON.stringify(run.metadata)],
    ["input", said(run.input)],
    ["progress", said(run.progress)],
    ["output", said(run.output)],
    ["reason", run.reason],
    ["error", run.error === undefined ? undefined : (run.error.stack ?? `${run.error.name}: ${run.error.message}`)],
  ];
  const known = facts.filter((fact): fact is readonly [string, string] => fact[1] !== undefined && fact[1] !== "");
  return lined(known) + (steps.length === 0 ? "" : `\n${printRuns(steps)}`);
}

function attemptsOf({ attempt }: RunInfo): string {
  return attempt === 0 ? "-" : String(attempt);
}

function timesOf({ startedAt, settledAt }: RunInfo): string {
  return startedAt === undefined || settledAt === undefined ? "" : formatMs(settledAt - startedAt);
}

function remarkOf({ error, reason, progress }: RunInfo): string {
  return (error?.message ?? reason ?? said(progress) ?? "").split("\n")[0]!;
}

function said(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

/** Columns of the same width, but for the last. */
function lined(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map(({ length }) => length));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
