import { errorsOf, LivespanError } from "../kernel/errors.ts";

export const workErrors = {
  INVALID_TASK: {
    means: "A task, workflow or worker was declared with something that cannot be one.",
    remedy: "Mend the option that the message names.",
  },
  DUPLICATE_TASK_NAME: {
    means: "Two tasks of a workflow, or two of a worker, have the same name.",
    remedy: "Give one of them another name: runs are kept under it.",
  },
  UNKNOWN_PARENT: {
    means: "A task names a parent that is not a task of its workflow.",
    remedy: "Declare the parent with the same workflow, before the task that needs it.",
  },
  NO_CLIENT: {
    means: "A task was run where no client is in scope.",
    remedy: "Call it inside an app that has an engine, or through createClient(): client.run(task, input).",
  },
  UNKNOWN_TASK: {
    means: "A run was asked for of a task that this app or client does not have, or a worker was given a job of one.",
    remedy: "List its workflow in createApp({ workflows }), or deploy the worker that has it.",
  },
  INVALID_INPUT: {
    means: "The input of a run does not fit its task's schema. It is not tried again.",
    remedy: "Mend what the message names, by its path.",
  },
  INVALID_OUTPUT: {
    means: "What a task returned does not fit its schema, or cannot be kept as JSON.",
    remedy: "Return plain objects, lists, texts, finite numbers, true, false and null.",
  },
  PAYLOAD_TOO_LARGE: {
    means: "The input or the output of a run is larger than the limit.",
    remedy: "Keep large things elsewhere and pass where they are, or raise payloadLimit.",
  },
  RUN_FAILED: {
    means: "A run failed for good: its task threw more often than its retries allow, or what it threw is not retried.",
    remedy: "The cause is what the task threw; the run can be replayed.",
  },
  RUN_CANCELLED: {
    means: "A run was cancelled, by a person, by its concurrency, by its parent or because it could not start in time.",
    remedy: "The message says by what; the run can be replayed.",
  },
  RUN_UNKNOWN: {
    means: "There is no run of that id, or it was kept no longer.",
    remedy: "Runs are kept for the engine's retention after they have settled.",
  },
  ATTEMPT_TIMEOUT: {
    means: "One attempt took longer than its task's timeout. It counts as a failure, which retries may mend.",
    remedy: "Raise timeout, or call ctx.refreshTimeout() while there is progress.",
  },
  START_TOO_LATE: {
    means: "A run was not started within its scheduleTimeout, so it was cancelled.",
    remedy: "Start more workers or slots, or raise scheduleTimeout.",
  },
  JOB_ABORTED: {
    means: "The reason of a job's signal: it was cancelled, ran out of time, or its worker stops or lost its lease.",
    remedy: "",
  },
  LOST_TOO_OFTEN: {
    means: "Every worker that ran this job was lost while it did, so it is not tried again.",
    remedy: "Find out what ends the process, such as memory; then replay the run.",
  },
  LEASE_LOST: {
    means:
      "The worker was silent for longer than its lease, so its jobs have gone to others and what it sends is refused.",
    remedy: "Nothing to mend where a machine slept; else find what blocked the process, or lengthen the lease.",
  },
  NON_DETERMINISTIC: {
    means: "A job that was taken up again did other steps than before, so what was remembered does not fit.",
    remedy: "Keep the order and the names of steps and sleeps, or give the task a new name.",
  },
  DUPLICATE_STEP: {
    means: "Two steps of one job have the same name.",
    remedy: "Give each step a name of its own, such as its index.",
  },
  ENGINE_DOWN: {
    means: "The engine that keeps the runs could not be reached, also not after some tries.",
    remedy: "See that it runs and that the address is right; nothing was lost that had been accepted.",
  },
  ENGINE_CLOSED: {
    means: "The engine was used before it was open, or after it had closed.",
    remedy: "Use it while the app or the client that has it runs.",
  },
  ENGINE_MISSING: {
    means: "The package that an engine is built on is not installed.",
    remedy: "Install it beside livespan: npm install pg, or npm install @hatchet-dev/typescript-sdk.",
  },
  ENGINE_SCHEMA: {
    means: "What the engine has stored was written by a newer version of this package.",
    remedy: "Deploy that version everywhere, or give this one a database of its own.",
  },
  ENGINE_FILE: {
    means:
      "The file of the embedded engine cannot be used: it is a folder, not a database, damaged, or this user may not write it.",
    remedy: "Mend what the message names, or name another file: embeddedEngine({ file }).",
  },
  ENGINE_UNSUPPORTED: {
    means: "The engine in use cannot do what was asked of it.",
    remedy: "Use another engine for this, or do without.",
  },
  INVALID_RUN_OPTION: {
    means: "A run was asked for with an option that does not fit.",
    remedy: "Mend the option that the message names.",
  },
} as const;

export const workError = errorsOf(workErrors);

/** ENGINE_DOWN of an engine that is there and refuses: waiting mends nothing. */
export class EngineRefusal extends LivespanError {
  constructor(message: string, remedy: string, cause: unknown) {
    super("ENGINE_DOWN", message, remedy, cause);
  }
}

/** Thrown by a task's body: the attempt fails, and no other is made. */
export class NonRetryableError extends Error {
  override readonly name: string = "NonRetryableError";
}

/** Why a job's signal fired. */
export type AbortCause = "user" | "timeout" | "concurrency" | "shutdown" | "lease-lost" | "parent" | "suspended";

/** The reason of a job's signal. */
export class JobAborted extends LivespanError {
  readonly why: AbortCause;

  constructor(why: AbortCause, message: string) {
    super("JOB_ABORTED", message, "");
    this.why = why;
  }
}

/** What awaiting a run rejects with when it failed for good, or was cancelled. `cause` is what the task threw. */
export class RunError extends LivespanError {
  readonly runId: string;
  readonly task: string;

  constructor(
    code: "RUN_FAILED" | "RUN_CANCELLED",
    of: { readonly runId: string; readonly task: string },
    message: string,
    cause?: unknown,
  ) {
    super(code, message, workErrors[code].remedy, cause);
    this.runId = of.runId;
    this.task = of.task;
  }
}
