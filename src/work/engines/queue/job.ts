import type { AbortCause } from "../../errors.ts";
import type { Chunk, Settled } from "../../run.ts";
import type { Job, Outcome } from "../../engine.ts";
import type { JobRow } from "./ledger.ts";
import { JobAborted } from "../../errors.ts";

/** Where a claimed job came from. */
export interface Hand {
  settle(job: ClaimedJob, outcome: Outcome, ended: Promise<void> | undefined): Promise<boolean>;
  lend(job: ClaimedJob, signal: AbortSignal): () => Promise<void>;
  remember(job: ClaimedJob, name: string, value: string): Promise<void>;
  progress(job: ClaimedJob, value: string): void;
  chunk(job: ClaimedJob, kind: Chunk["kind"], data: string): void;
}

/** A job in a worker's hand. Thousands of them are made a second, so what few of them need is made when it is asked for. */
export class ClaimedJob implements Job {
  readonly row: JobRow;
  /** It has said something that may not be kept yet. */
  hasSaid = false;
  /** How many chunks it has said. */
  chunks = 0;
  /** Settled here, or lost: its slot is free, or what it sends is refused. */
  isSettled = false;
  isLost = false;
  private readonly hand: Hand;
  private aborter: AbortController | undefined;
  private aborted: JobAborted | undefined;

  constructor(row: JobRow, hand: Hand) {
    this.row = row;
    this.hand = hand;
  }

  get runId(): string {
    return this.row.id;
  }

  get task(): string {
    return this.row.task;
  }

  get attempt(): number {
    return this.row.attempt;
  }

  get failures(): number {
    return this.row.failures;
  }

  get input(): string {
    return this.row.input;
  }

  get metadata(): Readonly<Record<string, string>> {
    return this.row.metadata;
  }

  get workflowRunId(): string | undefined {
    return this.row.root ?? undefined;
  }

  get parents(): Readonly<Record<string, Settled>> {
    return this.row.parents;
  }

  get steps(): ReadonlyMap<string, string> {
    return new Map(this.row.steps);
  }

  get signal(): AbortSignal {
    if (this.aborter === undefined) {
      this.aborter = new AbortController();
      if (this.aborted !== undefined) this.aborter.abort(this.aborted);
    }
    return this.aborter.signal;
  }

  /** Only the first reason counts. */
  abort(why: AbortCause, message: string): void {
    if (this.aborted !== undefined) return;
    this.aborted = new JobAborted(why, message);
    this.aborter?.abort(this.aborted);
  }

  settle(outcome: Outcome, ended?: Promise<void>): Promise<boolean> {
    return this.hand.settle(this, outcome, ended);
  }

  lend(signal: AbortSignal): () => Promise<void> {
    return this.hand.lend(this, signal);
  }

  remember(name: string, value: string): Promise<void> {
    return this.hand.remember(this, name, value);
  }

  progress(value: string): void {
    this.hand.progress(this, value);
  }

  chunk(kind: Chunk["kind"], data: string): void {
    this.hand.chunk(this, kind, data);
  }
}
