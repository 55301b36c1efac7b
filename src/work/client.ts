import type { CronInfo, ListFilter, LogLine, RunFilter, RunInfo, RunState, WorkerInfo } from "./run.ts";
import type { Input, Runnable } from "./task.ts";
import type { Transaction } from "./engine.ts";

export interface RunOptions {
  /** Milliseconds before it may begin. */
  readonly delay?: number;
  readonly priority?: number;
  /** A run of the task with this key that is still held is given instead of a second one. */
  readonly idempotencyKey?: string;
  /** In place of the task's `concurrency.key`. */
  readonly concurrencyKey?: string;
  /** Kept with the run, and given to the runs that its body asks for. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** A PostgreSQL client inside a transaction of yours: the run is there if that commits. */
  readonly transaction?: Transaction;
}

export interface SettleOptions<O> extends RunOptions {
  /** In the order in which they settle; `index` is that of the input. What it throws is what the call rejects with. */
  readonly onSettled?: (result: PromiseSettledResult<O>, index: number) => void;
}

export interface ReplayOptions {
  /** What its steps, sleeps and events have given is forgotten, and done again. */
  readonly fresh?: boolean;
}

/** A run that was asked for. */
export interface RunHandle<out O> {
  readonly id: string;
  readonly task: string;
  /** It was there before, under the same idempotency key. */
  readonly existing: boolean;
  /** Settles with the output. @throws RunError with what the task threw as its cause, or why it was cancelled. */
  result(options?: { readonly signal?: AbortSignal }): Promise<O>;
  /** What is kept of it now. */
  info(): Promise<RunInfo>;
  state(): Promise<RunState>;
  cancel(reason?: string): Promise<boolean>;
  replay(options?: ReplayOptions): Promise<boolean>;
  /** What it says of its progress, from the last value on, until it has settled. */
  progress(options?: { readonly signal?: AbortSignal }): AsyncIterable<unknown>;
  /** What it streams, from the first chunk on, until it has settled. */
  stream(options?: { readonly signal?: AbortSignal }): AsyncIterable<unknown>;
  /** What its body says to `ctx.log`, from the first line on, until it has settled. */
  logs(options?: { readonly signal?: AbortSignal }): AsyncIterable<LogLine>;
}

export interface CronHandle {
  readonly name: string;
  remove(): Promise<boolean>;
}

/** Runs tasks and workflows: `app.work`, what `createClient()` gives, and in parts a job's `ctx`. */
export interface Client {
  /** Runs it, and waits for its output. @throws LivespanError INVALID_INPUT, PAYLOAD_TOO_LARGE, UNKNOWN_TASK, ENGINE_DOWN; RunError */
  run<I, O>(task: Runnable<I, O>, ...args: Input<I>): Promise<O>;
  /** Asks for a run. It is kept when this settles. */
  enqueue<I, O>(task: Runnable<I, O>, ...args: Input<I>): Promise<RunHandle<O>>;
  /** All outputs, in the order of the inputs. @throws AggregateError with one RunError for each that failed, when all have settled. */
  runMany<I, O>(task: Runnable<I, O>, inputs: readonly I[], options?: RunOptions): Promise<O[]>;
  /** How each ended, in the order of the inputs, as `Promise.allSettled()` gives it. `onSettled` is told of each when it has. */
  settleMany<I, O>(
    task: Runnable<I, O>,
    inputs: readonly I[],
    options?: SettleOptions<O>,
  ): Promise<PromiseSettledResult<O>[]>;
  /** All or none. */
  enqueueMany<I, O>(task: Runnable<I, O>, inputs: readonly I[], options?: RunOptions): Promise<RunHandle<O>[]>;
  /** Asks for a run at a moment: a Date, or milliseconds since the Unix epoch. */
  schedule<I, O>(task: Runnable<I, O>, at: Date | number, ...args: Input<I>): Promise<RunHandle<O>>;
  /** Runs it whenever the expression says, once for all processes. A cron of the same name is replaced. */
  cron<I>(
    name: string,
    task: Runnable<I, unknown>,
    expression: string,
    input?: I,
    options?: { readonly timezone?: string; readonly metadata?: Readonly<Record<string, string>> },
  ): Promise<CronHandle>;
  crons(): Promise<readonly CronInfo[]>;
  removeCron(name: string): Promise<boolean>;
  /** Who takes jobs, and of what: a run of a task that none of them has waits for one that does. @throws LivespanError ENGINE_UNSUPPORTED */
  workers(): Promise<readonly WorkerInfo[]>;
  /** What waits for the event goes on. Gives how many runs. */
  emit(event: string, data?: unknown): Promise<number>;
  get(id: string): Promise<RunInfo | undefined>;
  list(filter?: ListFilter): Promise<readonly RunInfo[]>;
  /** One run by its id, or all that fit. Gives how many. */
  cancel(runs: string | RunFilter, reason?: string): Promise<number>;
  /** Runs again what has settled. Gives how many. */
  replay(runs: string | RunFilter, options?: ReplayOptions): Promise<number>;
  /** A handle of a run that is known by its id; with its task, its result is typed. */
  handle<O = unknown>(id: string, task?: Runnable<never, O>): RunHandle<O>;
}
