import type { RunFailure, RunFilter } from "./run.ts";
import type { Client } from "./client.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import type { Values } from "../kernel/lifespan.ts";
import type { Runnable } from "./task.ts";

/** Outputs of parents, by key. One that was skipped gives undefined, which its type does not say. */
export type Parents<P> = { readonly [K in keyof P]: P[K] extends Runnable<never, infer O> ? O : never };

/** What a task's body is given. */
export interface JobContext<N = {}, P = {}> extends Pick<
  Client,
  "run" | "enqueue" | "runMany" | "settleMany" | "enqueueMany" | "list" | "replay" | "handle"
> {
  /** What it needs: the same objects for every job of the worker. */
  readonly lifespan: Values<N>;
  /** The outputs of the parents, by key. */
  readonly parents: P;
  /** Stop now. Its reason is a JobAborted that says why: cancelled, timeout, concurrency, shutdown, lease lost. */
  readonly signal: AbortSignal;
  /** The worker was asked to stop: finish what is in hand. `timeLeft` says by when. */
  readonly draining: AbortSignal;
  /** Milliseconds until `signal` fires by the timeout or, while draining, by the end of the grace period. */
  readonly timeLeft: number;
  /** From 1. */
  readonly attempt: number;
  readonly runId: string;
  /** The workflow's run that this is a step of. */
  readonly workflowRunId: string | undefined;
  /** The full name of the task, and the name of the worker. */
  readonly task: string;
  readonly worker: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Also kept with the run, with the attempt. */
  readonly log: Log;
  readonly clock: Clock;
  /** What failed, by the task's full name: for `onFailure`. */
  readonly errors: Readonly<Record<string, RunFailure>>;
  /** Says how far it is: a number, or anything that JSON can carry. The last one is kept. */
  progress(value: unknown): void;
  /** Adds to the run's stream, in order. */
  stream(chunk: unknown): void;
  /** Gives this attempt `ms` more than it has left. */
  refreshTimeout(ms: number): void;
  /**
   * Does something once, however often the job is tried: its result is remembered, and given again. Names are unique in a job.
   *
   * @throws LivespanError DUPLICATE_STEP, INVALID_OUTPUT, LEASE_LOST, and what `fn` throws.
   */
  step<T>(name: string, fn: () => T | Promise<T>): Promise<T>;
  /** Waits. When it is long, the job leaves its slot and is taken up again from its start, what it remembers skipped. */
  sleep(ms: number): Promise<void>;
  /** Waits for an event by leaving its slot. Undefined when `timeout` milliseconds have passed. */
  event(key: string, options?: { readonly timeout?: number }): Promise<unknown>;
  /** Cancels this run: throws. */
  cancel(reason?: string): never;
  /** Cancels other runs: all that fit. Gives how many. One by its id: `handle(id).cancel()`. */
  cancel(runs: RunFilter, reason?: string): Promise<number>;
}
