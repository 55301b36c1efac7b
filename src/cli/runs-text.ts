import type { LogLine, RunInfo, WorkerInfo } from "../work/run.ts";
import { formatMs } from "../app/tree.ts";

/** A table of runs, one a line. `lacking`: the task that no worker has, by the run that waits for it. */
export function printRuns(runs: readonly RunInfo[], lacking: ReadonlyMap<string, string>): string {
  const rows = runs.map((run) => [
    run.id,
    secondOf(run.createdAt),
    run.state,
    run.task,
    attemptsOf(run),
    timesOf(run),
    waitOf(run, lacking) ?? remarkOf(run),
  ]);
  return lined([["id", "created", "state", "task", "attempts", "took", ""], ...rows]);
}

/** A table of workers, one a line. */
export function printWorkers(workers: readonly WorkerInfo[]): string {
  const rows = workers.map(({ name, pid, host, slots, seenAt, isLost, tasks }) => [
    name,
    `${pid} on ${host}`,
    String(slots),
    `${secondOf(seenAt)}${isLost ? ", lost" : ""}`,
    tasks.join(", "),
  ]);
  return lined([["name", "process", "slots", "seen", "tasks"], ...rows]);
}

/** A line of a run's log, with its newline. */
export function logLine({ at, attempt, level, message, fields }: LogLine): string {
  const beside = Object.keys(fields).length === 0 ? "" : ` ${JSON.stringify(fields)}`;
  return `${new Date(at).toISOString()} ${level} attempt ${attempt}: ${message}${beside}\n`;
}

function secondOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** What a run waits for that may never come. */
function waitOf({ id }: RunInfo, lacking: ReadonlyMap<string, string>): string | undefined {
  const task = lacking.get(id);
  return task === undefined ? undefined : `waits for a worker that has "${task}": there is none`;
}

/** Everything of one run, and its steps below. */
export function printRun(run: RunInfo, steps: readonly RunInfo[], lacking: ReadonlyMap<string, string>): string {
  const facts: (readonly [string, string | undefined])[] = [
    ["id", run.id],
    ["task", run.task],
    ["state", run.state],
    ["", waitOf(run, lacking)],
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
  return lined(known) + (steps.length === 0 ? "" : `\n${printRuns(steps, lacking)}`);
}

function attemptsOf({ attempt }: RunInfo): string {
  return attempt === 0 ? "-" : String(attempt);
}

function timesOf({ state, createdAt, startedAt, settledAt }: RunInfo): string {
  // A workflow's run is not begun itself: its steps are.
  const began = startedAt ?? (state === "succeeded" || state === "failed" ? createdAt : undefined);
  return began === undefined || settledAt === undefined ? "" : formatMs(settledAt - began);
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
