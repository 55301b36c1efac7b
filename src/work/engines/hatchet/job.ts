import { type AbortCause, JobAborted } from "../../errors.ts";
import { enveloped, failureText } from "./envelope.ts";
import type { Job, Outcome } from "../../engine.ts";
import type { Note, NoteKind, Notes } from "./notes.ts";
import type { AssignedAction } from "@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js";
import type { Chunk } from "../../run.ts";
import type { Content } from "./content.ts";
import type { TaskDeclaration } from "../../task.ts";
import { defaultTimeout, timeoutMargin } from "./declared.ts";

/** What is told of an attempt. */
export interface Report {
  readonly type: "STARTED" | "COMPLETED" | "FAILED" | "CANCELLED";
  readonly payload: string;
  readonly isFinal?: boolean;
}

/** What a job needs of its station. */
export interface JobHost {
  readonly notes: Notes;
  /** False when the station was left before it arrived. */
  report(action: AssignedAction, report: Report): Promise<boolean>;
  /** It has ended; its slots are free when `ended` settles. */
  released(job: HatchetJob, ended: Promise<void> | undefined): void;
  /** Goes on at a moment on the calendar. */
  asleep(job: HatchetJob, until: number, ended: Promise<void> | undefined): Promise<void>;
  warn(message: string): void;
}

export interface JobParts extends Pick<Job, "failures" | "input"> {
  readonly host: JobHost;
  readonly action: AssignedAction;
  readonly declared: TaskDeclaration;
  readonly content: Content;
  readonly steps: Map<string, string>;
  /** Of the clock: when Hatchet gives it up. */
  readonly deadline: number;
}

/** Notes of one attempt are numbered from here. */
const notesEach = 1_000_000;

/** One attempt, as Hatchet has given it. */
export class HatchetJob implements Job {
  readonly runId: string;
  readonly task: string;
  readonly attempt: number;
  readonly failures: number;
  readonly input: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly workflowRunId: string | undefined;
  readonly parents: Job["parents"];
  readonly steps: Map<string, string>;
  readonly signal: AbortSignal;
  readonly action: AssignedAction;
  readonly cost: number;
  readonly uses: ReadonlyMap<string, number>;
  deadline: number;
  private readonly host: JobHost;
  private readonly aborting = new AbortController();
  private isOver = false;
  private said = 0;
  /** What it has said is written one after the other. */
  private writing: Promise<void> = Promise.resolve();
  private latest: string | undefined;

  constructor(parts: JobParts) {
    const { host, action, declared, content } = parts;
    this.runId = action.taskRunExternalId;
    this.task = declared.name;
    this.attempt = action.retryCount + 1;
    this.failures = parts.failures;
    this.input = parts.input;
    this.metadata = content.metadata;
    this.workflowRunId = content.workflowRunId;
    this.parents = content.parents;
    this.steps = parts.steps;
    this.signal = this.aborting.signal;
    this.action = action;
    this.cost = declared.options.slots ?? 1;
    this.uses = declared.uses;
    this.deadline = parts.deadline;
    this.host = host;
  }

  abort(why: AbortCause, message: string): void {
    this.aborting.abort(new JobAborted(why, message));
  }

  async settle(outcome: Outcome, ended?: Promise<void>): Promise<boolean> {
    if (this.isOver) return false;
    if (outcome.kind === "suspended" && outcome.event === undefined && outcome.until !== undefined) {
      void this.host.asleep(this, outcome.until, ended);
      return true;
    }
    this.isOver = true;
    await this.writing;
    const isKept = await this.told(outcome);
    this.host.released(this, ended);
    return isKept;
  }

  /** Hatchet counts the slots of a worker by itself, and has no word for lending one: a worker needs more than waits nest. */
  lend(): () => Promise<void> {
    return async () => {};
  }

  async remember(name: string, value: string): Promise<void> {
    await this.host.notes.put(this.runId, this.note("step", value, name));
    this.steps.set(name, value);
  }

  progress(value: string): void {
    const isWaiting = this.latest !== undefined;
    this.latest = value;
    if (isWaiting) return;
    this.write(() => {
      const text = this.latest!;
      this.latest = undefined;
      return this.note("progress", text);
    });
  }

  chunk(kind: Chunk["kind"], data: string): void {
    const note = this.note(kind, data);
    this.write(() => note);
  }

  private write(note: () => Note): void {
    this.writing = this.writing.then(async () => {
      try {
        await this.host.notes.put(this.runId, note());
      } catch (error) {
        this.host.warn(`what the run ${this.runId} of "${this.task}" said was not kept: ${String(error)}`);
      }
    });
  }

  private note(kind: NoteKind, text: string, name = ""): Note {
    const { attempt } = this;
    return { kind, at: attempt * notesEach + ++this.said, attempt, name, text };
  }

  /** Hatchet has settled it already where it was cancelled there, and given it away where the lease was lost. */
  private async told(outcome: Outcome): Promise<boolean> {
    if (this.signal.aborted) return outcome.kind === "cancelled" && !this.isLost;
    if (outcome.kind === "failed" && outcome.retryIn !== undefined) await this.keep("failed", "");
    if (outcome.kind === "cancelled") await this.keep("cancelled", outcome.reason);
    return this.host.report(this.action, reportOf(outcome));
  }

  private get isLost(): boolean {
    const { reason } = this.signal;
    return reason instanceof JobAborted && reason.why === "lease-lost";
  }

  private async keep(kind: NoteKind, text: string): Promise<void> {
    this.write(() => this.note(kind, text));
    await this.writing;
  }
}

export function deadlineOf({ options }: TaskDeclaration, now: number): number {
  return now + (options.timeout ?? defaultTimeout) + timeoutMargin;
}

function reportOf(outcome: Outcome): Report {
  switch (outcome.kind) {
    case "succeeded":
      return { type: "COMPLETED", payload: enveloped(outcome.output) };
    case "skipped":
      return { type: "COMPLETED", payload: enveloped("null", { skipped: outcome.reason }) };
    case "cancelled":
      return { type: "CANCELLED", payload: JSON.stringify({ message: outcome.reason }) };
    case "failed":
      return { type: "FAILED", payload: failureText(outcome.error), isFinal: outcome.retryIn === undefined };
    case "returned":
      return given(outcome.because);
    case "suspended":
      return failedForGood(
        "ENGINE_UNSUPPORTED",
        "a job at Hatchet cannot wait for an event: only a step can, by waitFor",
      );
  }
}

/** An attempt that another is to follow. Hatchet has been told of more retries than the task has, for these. */
export function given(because: string): Report {
  const error = { name: "JobAborted", message: `given back: ${because}`, code: "JOB_ABORTED" };
  return { type: "FAILED", payload: failureText(error), isFinal: false };
}

export function failedForGood(code: string, message: string): Report {
  return { type: "FAILED", payload: failureText({ name: "LivespanError", message, code }), isFinal: true };
}
