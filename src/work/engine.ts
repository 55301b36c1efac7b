import type { AbortCause } from "./errors.ts";
import type { Calendar } from "../kernel/world.ts";
import type { Chunk, CronInfo, ListFilter, RunFailure, RunFilter, RunInfo, Settled, WorkerInfo } from "./run.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import type { TaskDeclaration } from "./task.ts";
import type { WorkflowDeclaration } from "./workflow.ts";

/**
 * Who keeps runs and hands them to workers: the port. Its members are in `engines/`, and `livespan/testing` has the suite that
 * each passes. An engine knows nothing of bodies, schemas or lifespans: it is given texts, and gives jobs.
 */
export interface Engine {
  /** "memory", "embedded", "postgres", "hatchet". */
  readonly name: string;
  /** For messages and the line at start: "embedded (.livespan/work.db)". Never holds a password. */
  readonly where: string;
  /** Other processes share its runs. */
  readonly isShared: boolean;
  /** Called once by each who uses it; each calls `close` in the end. Rejects with ENGINE_DOWN, ENGINE_MISSING, ENGINE_SCHEMA. */
  open(world: EngineWorld): Promise<void>;
  /** Never rejects, and never waits longer than a few seconds for what cannot be reached. */
  close(): Promise<void>;

  /** All or none. The runs are there when it settles: who asks next sees them. */
  enqueue(requests: readonly RunRequest[], transaction?: Transaction): Promise<readonly Enqueued[]>;
  /** Settles when the run has. Rejects with RUN_UNKNOWN, or `signal.reason`. */
  result(id: string, signal?: AbortSignal): Promise<Settled>;
  list(filter: ListFilter): Promise<readonly RunInfo[]>;
  /** Queued ones are cancelled at once; one that runs is told, and is `cancelled` when it has ended. Gives how many. */
  cancel(filter: RunFilter, reason: string): Promise<number>;
  /**
   * Runs again what has settled; of a workflow's run what did not succeed. What it remembers is kept, unless it is to begin `fresh`.
   * Gives how many.
   */
  replay(filter: RunFilter, fresh?: boolean): Promise<number>;
  /** What waits for the event goes on. Gives how many. `data` is JSON text. */
  emit(event: string, data: string): Promise<number>;

  /** Who takes jobs, and of what. Rejects with ENGINE_UNSUPPORTED where an engine cannot tell. */
  workers(): Promise<readonly WorkerInfo[]>;

  /** There is at most one of a name; a new one takes its place. */
  cron(cron: CronRequest): Promise<void>;
  crons(): Promise<readonly CronInfo[]>;
  removeCron(name: string): Promise<boolean>;

  /** The chunks of a run with `at` above `after`, in order, as they come, until the run has settled or `signal` fires. */
  chunks(id: string, after: number, signal: AbortSignal): AsyncIterable<Chunk>;
  /** What a run last said of its progress, and each later value until it has settled: JSON texts. */
  progress(id: string, signal: AbortSignal): AsyncIterable<string>;

  /** Joins a worker; nothing is taken until the station is open. */
  station(worker: StationSpec): Station;
}

export interface EngineWorld {
  readonly clock: Clock;
  readonly calendar: Calendar;
  readonly log: Log;
  /** In [0, 1). */
  random(): number;
}

/** A PostgreSQL client of the user's, inside a transaction of theirs: the run is there if that commits. */
export interface Transaction {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly object[] }>;
}

export interface ConcurrencyLimit {
  /** What counts as one: unique across tasks, since the client puts the task's or group's name before the user's key. */
  readonly key: string;
  readonly limit: number;
  readonly strategy: "queue" | "cancel-in-progress" | "cancel-newest" | "round-robin";
}

export interface RateLimit {
  readonly key: string;
  /** At most this many are admitted in any `per` milliseconds; the rest is due later. */
  readonly limit: number;
  readonly per: number;
}

/** How a run, or a step of one, is scheduled. */
export interface Scheduling {
  readonly priority: number;
  /** Slots that it takes. */
  readonly cost: number;
  readonly concurrency: ConcurrencyLimit | undefined;
  readonly rate: RateLimit | undefined;
  /** Milliseconds that it may wait for a worker, from when it is due; then it is cancelled. */
  readonly scheduleTimeout: number | undefined;
}

export interface StepRequest extends Scheduling {
  readonly id: string;
  /** Full name. */
  readonly task: string;
  /** Full names of the steps that must have ended well. */
  readonly parents: readonly string[];
  readonly waitFor: Waits | undefined;
  /** Runs when the others have ended: after a failure, or after success. Has no parents. */
  readonly finally: "failure" | "success" | undefined;
}

/** What a step waits for when its parents are done. */
export interface Waits {
  readonly mode: "any" | "all";
  /** Milliseconds from then. */
  readonly sleep: number | undefined;
  readonly events: readonly string[];
}

/** One run that is asked for. */
export interface RunRequest extends Scheduling {
  /** Made by the client. Asking twice with one id asks once, so a call that may have arrived can be made again. */
  readonly id: string;
  /** Full name of a task, or of a workflow. */
  readonly task: string;
  /** Of a workflow: its steps, each of which gets the same input. Undefined for a task alone. */
  readonly steps: readonly StepRequest[] | undefined;
  /** JSON text. */
  readonly input: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Milliseconds since the Unix epoch; undefined for at once. */
  readonly dueAt: number | undefined;
  /** Milliseconds from now, when `dueAt` is not given. */
  readonly delay: number | undefined;
  /** A second run of the task with this key is the first: as long as that is kept, until it has settled, or for milliseconds. */
  readonly idempotency: { readonly key: string; readonly holds: "kept" | "active" | number } | undefined;
  /** The run whose body asks for it. It is cancelled with that. */
  readonly parentRunId: string | undefined;
  /** Somebody waits for the result: it is announced when it settles. */
  readonly awaited: boolean;
}

export interface Enqueued {
  /** The run's, or that of the one that has its idempotency key. */
  readonly id: string;
  /** It was there before. */
  readonly existing: boolean;
}

export interface CronRequest {
  readonly name: string;
  readonly expression: string;
  readonly timezone: string | undefined;
  /** Enqueued each time, with an id of its own for each moment. */
  readonly request: RunRequest;
  /** Declared by a task, so a worker that starts puts it right. */
  readonly declared: boolean;
}

/** A worker as an engine sees it. */
export interface StationSpec {
  readonly name: string;
  readonly slots: number;
  readonly tasks: readonly TaskDeclaration[];
  readonly workflows: readonly WorkflowDeclaration[];
  /** Capacities by the name of the lifespan, where one has a limit. `TaskDeclaration.uses` says what a job takes. */
  readonly capacity: ReadonlyMap<string, number>;
  /** A job for which there is room. Called synchronously; never throws. Its slot is free once it is settled. */
  receive(job: Job): void;
}

/** A worker's place at an engine. */
export interface Station {
  /** Its worker's id, once open. A new one after a lease was lost. */
  readonly id: string;
  /** False while the engine does not answer: the worker is not ready. */
  readonly isReachable: boolean;
  /** Registers, and takes jobs from now on. Rejects when `signal` fires: then nothing was taken. */
  open(signal: AbortSignal): Promise<void>;
  /** Takes no more. Settles when nothing can come any more. Leases are kept, for what is in hand. */
  close(): Promise<void>;
  /** Gives back at once what is still in hand, and unregisters. Never rejects. */
  leave(): Promise<void>;
}

/** One attempt of a run, given to a worker. */
export interface Job {
  readonly runId: string;
  /** Full name. */
  readonly task: string;
  /** From 1. */
  readonly attempt: number;
  /** How many of the attempts before have failed by themselves; those of a lost worker do not count. */
  readonly failures: number;
  readonly input: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly workflowRunId: string | undefined;
  /** How the parents ended, by full name; for a step that runs at the end, all steps. */
  readonly parents: Readonly<Record<string, Settled>>;
  /** What was remembered by an earlier attempt: JSON texts by name. */
  readonly steps: ReadonlyMap<string, string>;
  /** Fires when the run was cancelled, overtaken, or the lease lost. The reason is a JobAborted. */
  readonly signal: AbortSignal;
  /**
   * The attempt has ended. Settles once that is kept; false when it was refused, since the job is another worker's by now. Kept
   * trying while the engine does not answer and the station is open. `ended` is given for a body that was given up but still runs:
   * the job's slots are free only when it settles, which it never does by rejecting.
   */
  settle(outcome: Outcome, ended?: Promise<void>): Promise<boolean>;
  /**
   * The body waits for other runs: its slots are the station's until the returned function is called, which settles when it has
   * them again, before anything new is claimed; or at once when `signal` fires, without them, since what is left is to clean up.
   * What it uses of a capacity it keeps. Called again while that waits, it lends again, and that settles. A no-op where an engine
   * counts slots itself.
   */
  lend(signal: AbortSignal): () => Promise<void>;
  /** Remembers for later attempts. Rejects with LEASE_LOST, ENGINE_DOWN. */
  remember(name: string, value: string): Promise<void>;
  /** JSON text; the last one is kept. May be called often. */
  progress(value: string): void;
  /** In order. May be called often. */
  chunk(kind: Chunk["kind"], data: string): void;
}

/** How an attempt ended. */
export type Outcome =
  | { readonly kind: "succeeded"; readonly output: string }
  /** `retryIn` milliseconds; undefined: for good. */
  | { readonly kind: "failed"; readonly error: RunFailure; readonly retryIn: number | undefined }
  | { readonly kind: "cancelled"; readonly reason: string }
  | { readonly kind: "skipped"; readonly reason: string }
  /** Goes on later, as the same attempt: at a moment (on the calendar, in milliseconds), or at an event, whichever is first. */
  | { readonly kind: "suspended"; readonly until: number | undefined; readonly event: AwaitedEvent | undefined }
  /** Given back, to be begun again at once, here or elsewhere. */
  | { readonly kind: "returned"; readonly because: Extract<AbortCause, "shutdown" | "lease-lost"> };

/** What a suspended job waits for. */
export interface AwaitedEvent {
  readonly key: string;
  /**
   * What becomes of it is remembered among the job's steps under this name, such as "event:0": `{"event":data}` when it came, or
   * `{"timeout":true}` when the moment was first.
   */
  readonly step: string;
}
