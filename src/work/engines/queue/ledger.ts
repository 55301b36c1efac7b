import type { Chunk, CronInfo, FinalState, ListFilter, RunFailure, RunFilter, RunInfo, Settled } from "../../run.ts";
import type { Clock } from "../../../kernel/clock.ts";
import type { AwaitedEvent, CronRequest, Enqueued, RunRequest, Transaction } from "../../engine.ts";
import type { Log } from "../../../kernel/log.ts";

/**
 * Where our own engines keep runs: the port below `QueueEngine`. Each call is one atomic change, or one look. Memory, the
 * embedded database and PostgreSQL are its members; all run the scripts of `engines/sql/`.
 */
export interface Ledger {
  readonly name: string;
  readonly where: string;
  readonly isShared: boolean;
  /** Brings the schema up to date. Rejects with ENGINE_DOWN, ENGINE_MISSING, ENGINE_SCHEMA. */
  open(world: LedgerWorld): Promise<void>;
  close(): Promise<void>;
  /** Milliseconds since the Unix epoch, as all who share the ledger see it. */
  now(): number;
  /**
   * Settles once it is kept. Every call can be made twice with the same effect as once, so a member makes it again when a
   * connection was lost on the way; in the end it rejects with ENGINE_DOWN.
   */
  call<K extends CallName>(name: K, argument: Calls[K]["takes"], transaction?: Transaction): Promise<Calls[K]["gives"]>;
}

export interface LedgerWorld {
  readonly clock: Clock;
  readonly log: Log;
  /** Called after a commit, this process's own included; undefined: anything may have changed. */
  heard(news: News | undefined): void;
  /** The ledger answers, or does so no longer. */
  reachable(isReachable: boolean): void;
}

/** What a call has changed that somebody may wait for. */
export interface News {
  /** Names of tasks of which there is something to claim. */
  readonly queued?: readonly string[];
  /** Runs that have settled, of those whose result is awaited. */
  readonly settled?: readonly string[];
  /** Workers of which a running job was cancelled. */
  readonly cancelled?: readonly string[];
  /** Something is due then, in milliseconds since the Unix epoch: maybe sooner than was known. */
  readonly due?: number;
  /** Runs whose progress or chunks have grown. */
  readonly said?: readonly string[];
}

/** What a worker takes: jobs of these tasks whose cost together is at most `slots`. */
export interface Lane {
  /** Full names. */
  readonly tasks: readonly string[];
  readonly slots: number;
  /** Whether one of the tasks costs more than one slot. */
  readonly weighted: boolean;
}

/** One ended attempt. */
export interface Settlement {
  readonly id: string;
  /** Of the claim: it is refused when the run was claimed again since. */
  readonly fence: number;
  /** Of a workflow, or with a concurrency key: others move when it settles. */
  readonly linked: boolean;
  /** Retry, suspended and returned are not the end. */
  readonly to: FinalState | "retry" | "suspended" | "returned";
  readonly output?: string;
  readonly error?: RunFailure;
  readonly reason?: string;
  /** Of a retry or a sleep: milliseconds since the Unix epoch. */
  readonly dueAt?: number;
  /** Of one that waits for an event: what it brings is kept as a step of this name. */
  readonly event?: AwaitedEvent;
}

/** A job as it was claimed. */
export interface JobRow {
  readonly id: string;
  readonly task: string;
  readonly fence: number;
  readonly attempt: number;
  readonly failures: number;
  readonly cost: number;
  readonly input: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly root: string | null;
  readonly linked: boolean;
  readonly parents: Readonly<Record<string, Settled>>;
  readonly steps: readonly (readonly [name: string, value: string])[];
}

/** A running job that is to end. */
export interface CancelledJob {
  readonly id: string;
  readonly fence: number;
  readonly why: "user" | "concurrency" | "parent";
  readonly reason: string;
}

export interface WorkerRow {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  readonly slots: number;
  /** Grows with each beat: whoever has seen it unchanged for longer than `lease` by its own clock may bury the worker. */
  readonly beat: number;
  /** Milliseconds. */
  readonly lease: number;
  /** Full names of what it takes. */
  readonly tasks: readonly string[];
  /** Of its last beat, in milliseconds since the Unix epoch. Shown; nobody is buried by it, since calendars can be set. */
  readonly seenAt: number;
}

/** What jobs say, each of one claim: what another's has said since is not touched. */
export interface Said {
  readonly chunks: readonly {
    readonly id: string;
    readonly fence: number;
    /** From 1 for each claim, so that what is said twice is kept once. */
    readonly place: number;
    readonly kind: Chunk["kind"];
    readonly data: string;
  }[];
  readonly progress: readonly { readonly id: string; readonly fence: number; readonly value: string }[];
}

/** Every call: what it takes, what it gives. `now` is the ledger's own. */
export interface Calls {
  enqueue: { takes: { now: number; requests: readonly RunRequest[] }; gives: readonly Enqueued[] };
  /** Settles some jobs, and claims others. Gives the ids whose settlement was refused, and what was claimed. */
  exchange: {
    takes: { now: number; worker: string; settled: readonly Settlement[]; lanes: readonly Lane[] };
    gives: { refused: readonly string[]; jobs: readonly JobRow[] };
  };
  /** A worker joins; again with the same id changes nothing. */
  register: { takes: { now: number; worker: Omit<WorkerRow, "beat" | "seenAt"> }; gives: undefined };
  /** False: it was buried, and what it had is another's. */
  beat: { takes: { now: number; worker: string }; gives: boolean };
  workers: { takes: {}; gives: readonly WorkerRow[] };
  /**
   * Ends a worker, if its beat is still this one (undefined: whatever it is), and gives back what it had in hand. `lost`: it
   * died, so each of its jobs counts a loss. Gives how many jobs went back; undefined when it was not buried.
   */
  bury: { takes: { now: number; worker: string; beat: number | undefined; lost: boolean }; gives: number | undefined };
  /** What the ledger holds to be in the worker's hand: ids with their fences. */
  hand: { takes: { worker: string }; gives: readonly { readonly id: string; readonly fence: number }[] };
  /** Running jobs of the worker that are to end. */
  cancelled: { takes: { worker: string }; gives: readonly CancelledJob[] };
  /** Moves what is due, cancels what could not start in time. Gives when it is next to be called. */
  tick: { takes: { now: number }; gives: number | undefined };
  /** Marks runs as awaited; gives those that have settled, and null for those that are not there. */
  results: { takes: { ids: readonly string[] }; gives: Readonly<Record<string, Settled | null>> };
  list: { takes: ListFilter; gives: readonly RunInfo[] };
  cancel: { takes: { now: number; filter: RunFilter; reason: string }; gives: number };
  replay: { takes: { now: number; filter: RunFilter; fresh?: boolean }; gives: number };
  emit: { takes: { now: number; event: string; data: string }; gives: number };
  /** False when the run is another worker's by now. */
  remember: { takes: { worker: string; id: string; fence: number; name: string; value: string }; gives: boolean };
  say: { takes: { now: number; said: Said }; gives: undefined };
  chunks: {
    takes: { id: string; after: number };
    gives: { readonly chunks: readonly Chunk[]; readonly settled: boolean };
  };
  progress: { takes: { id: string }; gives: { readonly value: string | undefined; readonly settled: boolean } };
  /** `next` is computed by whoever has a calendar. A declared cron that is unchanged keeps its moment. */
  cron: { takes: { cron: CronRequest; next: number | undefined }; gives: undefined };
  crons: { takes: {}; gives: readonly (CronInfo & { readonly request: RunRequest })[] };
  removeCron: { takes: { name: string }; gives: boolean };
  /**
   * Enqueues for the moment `at`, unless another process has: then its `nextAt` is no longer `at`. Without a request it is only
   * moved to `next`. Gives whether it was.
   */
  fire: {
    takes: { now: number; name: string; at: number; next: number | undefined; request: RunRequest | undefined };
    gives: boolean;
  };
  /** Forgets what settled before a moment, at most so many. Gives how many. */
  sweep: { takes: { before: number; limit: number }; gives: number };
}

export type CallName = keyof Calls;
