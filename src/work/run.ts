import type { LogLevel } from "../kernel/log.ts";

/** Where a run is. The last four are final, until it is replayed. */
export type RunState =
  /** Due later: delayed, scheduled, backing off, or asleep. */
  | "scheduled"
  /** For its parents, or for what it waits for. */
  | "waiting"
  /** Its concurrency key is taken. */
  | "held"
  | "queued"
  | "running"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "skipped";

export type FinalState = Extract<RunState, "succeeded" | "failed" | "cancelled" | "skipped">;

/** The reason of a run that was cancelled since no worker had begun it in time. */
export const startedTooLate = "it was not started within its scheduleTimeout";

/** What a task threw, as it is kept. */
export interface RunFailure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  /** What it was caused by, as text; the first few. */
  readonly causes?: readonly string[];
}

/** How a run ended. Values are JSON texts, as they are kept. */
export interface Settled {
  readonly state: FinalState;
  /** Of one that succeeded. */
  readonly output?: string;
  /** Of one that failed. */
  readonly error?: RunFailure;
  /** Of one that was cancelled or skipped: by what. */
  readonly reason?: string;
}

/** A run as it is listed. Times are milliseconds since the Unix epoch. */
export interface RunInfo {
  readonly id: string;
  /** The task's full name, `workflow/task` inside a workflow; or the workflow's own. */
  readonly task: string;
  readonly state: RunState;
  /** How often it has been begun. */
  readonly attempt: number;
  readonly priority: number;
  readonly input: unknown;
  readonly output: unknown;
  readonly error: RunFailure | undefined;
  readonly reason: string | undefined;
  /** What the task last said of it. */
  readonly progress: unknown;
  readonly metadata: Readonly<Record<string, string>>;
  /** The name of the worker that runs it. */
  readonly worker: string | undefined;
  /** The workflow's run that it is a step of. */
  readonly workflowRunId: string | undefined;
  /** The run whose body asked for it. */
  readonly parentRunId: string | undefined;
  readonly createdAt: number;
  readonly dueAt: number | undefined;
  readonly startedAt: number | undefined;
  readonly settledAt: number | undefined;
}

/** Which runs. What is given must all fit. */
export interface RunFilter {
  readonly ids?: readonly string[];
  /** Full names of tasks or workflows. */
  readonly tasks?: readonly string[];
  readonly states?: readonly RunState[];
  readonly metadata?: Readonly<Record<string, string>>;
  /** Steps of workflows are left out unless said; or those of one workflow's run. */
  readonly steps?: boolean;
  readonly workflowRunId?: string;
  /** What the body of this run asked for. */
  readonly parentRunId?: string;
  /** Created at or after, and before: milliseconds since the Unix epoch. */
  readonly since?: number;
  readonly until?: number;
  /** 100 unless said; 1,000 at most when listed. Cancelling and replaying have no limit unless said. */
  readonly limit?: number;
  /** The id of the last run of the page before: runs are listed newest first. */
  readonly before?: string;
}

/** Which runs are listed, and with how much of each. */
export interface ListFilter extends RunFilter {
  /** False: `input`, `output` and the stack of `error` are not read, and undefined. */
  readonly payloads?: boolean;
}

/** A cron as it is listed. */
export interface CronInfo {
  readonly name: string;
  readonly task: string;
  readonly expression: string;
  readonly timezone: string | undefined;
  /** Milliseconds since the Unix epoch; undefined when it never fires again. */
  readonly nextAt: number | undefined;
}

/** A worker as it is listed. */
export interface WorkerInfo {
  readonly id: string;
  readonly name: string;
  /** Its process, and the machine that this is on. */
  readonly pid: number;
  readonly host: string;
  readonly slots: number;
  /** Full names of what it takes. */
  readonly tasks: readonly string[];
  /** When it was last heard of, in milliseconds since the Unix epoch. */
  readonly seenAt: number;
  /** It has ended without saying so, or was silent for longer than its lease: what it had goes to others. */
  readonly isLost: boolean;
}

/** What a body has said to `ctx.log`. */
export interface LogLine {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly attempt: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a run has said: a chunk of its stream, or a line of its log. */
export interface Chunk {
  /** Grows within a run. */
  readonly at: number;
  readonly kind: "stream" | "log";
  readonly attempt: number;
  /** JSON text. */
  readonly data: string;
}

/** As it is listed with `payloads: false`. */
export function withoutPayloads({ error, ...info }: RunInfo): RunInfo {
  return { ...info, input: undefined, output: undefined, error: error && withoutStack(error) };
}

function withoutStack({ name, message, code, causes }: RunFailure): RunFailure {
  return { name, message, ...(code !== undefined && { code }), ...(causes !== undefined && { causes }) };
}
