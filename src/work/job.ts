import type { Alarm, Alarms } from "../kernel/alarms.ts";
import type { Client } from "./client.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Job, Outcome } from "./engine.ts";
import type { Log } from "../kernel/log.ts";
import type { ParentRun } from "./parent.ts";
import type { WorkerTask } from "./worker-task.ts";
import { Aborter } from "../kernel/aborter.ts";
import { checked } from "./check.ts";
import { ChildIds } from "./parent.ts";
import { clientScope } from "./scope.ts";
import { Context } from "./job-context.ts";
import { failureOf } from "./failure.ts";
import { isAbortOf } from "../kernel/catalogue.ts";
import { JobAborted, NonRetryableError, workError } from "./errors.ts";
import { Journal } from "./journal.ts";
import { messageOf } from "../kernel/errors.ts";
import { pack, unpack } from "./payload.ts";
import { retryIn } from "./retry.ts";

/** What the jobs of one worker have in common. */
export interface JobSurroundings {
  /** The worker's name. */
  readonly worker: string;
  readonly clock: Clock;
  readonly log: Log;
  /** In [0, 1). */
  readonly random: () => number;
  readonly alarms: Alarms;
  readonly drainer: Aborter;
  /** What asks for the children of a job. */
  readonly clientFor: (parent: ParentRun) => Client;
  /** Milliseconds between a job's abort and its being given up. */
  readonly patience: number;
  /** Milliseconds. A longer sleep leaves the slot. */
  readonly longSleep: number;
  /** The moment on the clock when a drain cuts what is in hand; Infinity while there is none. */
  drainDue(): number;
  /** The job has been settled, or its body has ended after it had been given up. */
  ended(run: JobRun): void;
}

/**
 * One attempt of a run.
 *
 *     running ── the body ends ──────────────────────────→ settled
 *        │ its signal fires (cancelled, timeout, shutdown, suspended, ...)
 *        ▼
 *     aborted ── the body ends within the patience ──────→ settled
 *        │ it does not                                        │
 *        ▼                                                    ▼
 *     given up: settled, its slot still taken ── the body ends ──→ over
 */
export class JobRun implements ParentRun {
  readonly job: Job;
  readonly task: WorkerTask;
  readonly around: JobSurroundings;
  /** What its schema made of the input. */
  input: unknown;
  /** Why its signal has fired. */
  reason: JobAborted | undefined;
  /** Its outcome is decided. */
  isSettled = false;
  /** What it failed with. */
  thrown: unknown;
  /** It was given back, to be begun again. */
  isReturned = false;
  /** Settles when its outcome is kept, or was refused. */
  kept: Promise<void> | undefined;
  /** Resolved when the body has ended, of one that was given up. */
  private leak: PromiseWithResolvers<void> | undefined;
  private readonly aborter = new Aborter();
  /** The moment on the clock when the attempt has taken too long. */
  private due: number;
  private readonly began: number;
  private alarm: Alarm | undefined;
  private unlisten: (() => void) | undefined;
  private ownJournal: Journal | undefined;
  private ownParents: Readonly<Record<string, unknown>> | undefined;
  private ownClient: Client | undefined;
  private children: ChildIds | undefined;
  /** How many waits for other runs go on, and what ends the lending of its slots. */
  private waits = 0;
  private takeBack: (() => Promise<void>) | undefined;

  constructor(job: Job, task: WorkerTask, around: JobSurroundings) {
    this.job = job;
    this.task = task;
    this.around = around;
    this.began = around.clock.now();
    this.due = this.began + task.timeout;
  }

  get runId(): string {
    return this.job.runId;
  }
  get attempt(): number {
    return this.job.attempt;
  }
  get metadata(): Readonly<Record<string, string>> {
    return this.job.metadata;
  }
  get signal(): AbortSignal {
    return this.aborter.signal;
  }
  get journal(): Journal {
    return (this.ownJournal ??= new Journal(this));
  }
  get client(): Client {
    return (this.ownClient ??= this.around.clientFor(this));
  }
  /** Milliseconds until its signal fires, as far as that is known. */
  get timeLeft(): number {
    return Math.max(0, Math.min(this.due, this.around.drainDue()) - this.around.clock.now());
  }
  /** The outputs of its parents by key, as they were kept; undefined of one that was skipped. */
  get parents(): Readonly<Record<string, unknown>> {
    return (this.ownParents ??= Object.fromEntries(
      this.task.parents.map(([key, name]) => {
        const output = this.job.parents[name]?.output;
        return [key, output === undefined ? undefined : unpack(output)];
      }),
    ));
  }

  attemptBegan(look: () => Promise<number>): Promise<number> {
    return this.journal.attemptBegan(look);
  }

  childId(task: string, input: string, key: string | undefined): string {
    return (this.children ??= new ChildIds(this.runId)).id(task, input, key);
  }

  /**
   * Waits for other runs. Its slots are lent from the first wait that goes on to the end of the last one: which of several the body
   * waits for nobody knows.
   */
  async waiting<T>(wait: () => Promise<T>): Promise<T> {
    if (this.waits++ === 0 && !this.isSettled) this.takeBack = this.job.lend(this.signal);
    try {
      return await wait();
    } finally {
      if (--this.waits === 0) await this.takeBack?.();
    }
  }

  /** From the input to the outcome. Never rejects, and waits only for what is a promise: a synchronous body is settled at once. */
  async run(): Promise<void> {
    try {
      const input = this.checkInput();
      this.input = isPromise(input) ? await input : input;
      const declined = this.task.isConditional ? await this.checkConditions() : undefined;
      if (declined !== undefined) return this.end(declined);
      const made = this.runBody();
      const checkedOutput = this.checkOutput(isPromise(made) ? await made : made);
      const output = pack(isPromise(checkedOutput) ? await checkedOutput : checkedOutput, this.task.rules);
      this.end(this.outcomeOfSuccess(output));
    } catch (error) {
      this.end(this.outcomeOfError(error));
    }
  }

  /** A refusal is final: another attempt would be refused as well. */
  private checkInput(): unknown {
    const { input: schema, name } = this.task;
    return checked(schema, parsed(this.job.input, name), { what: `the input of "${name}"`, code: "INVALID_INPUT" });
  }

  /** What becomes of it instead of being run. */
  private async checkConditions(): Promise<Outcome | undefined> {
    const { skipIf, cancelIf } = this.task.declaration.options;
    const facts = { input: this.input as never, parents: this.parents };
    if (await cancelIf?.(facts)) return { kind: "cancelled", reason: `the cancelIf of "${this.task.name}"` };
    if (await skipIf?.(facts)) return { kind: "skipped", reason: `the skipIf of "${this.task.name}"` };
    return undefined;
  }

  /** Runs asked for inside it, by whatever it calls, are its children. */
  private runBody(): unknown {
    const { body } = this.task.declaration;
    return clientScope.run(this.client, () => body(this.input as never, new Context(this) as never));
  }

  private checkOutput(value: unknown): unknown {
    return checked(this.task.output, value, this.task.rules);
  }

  /** A body that ends well although the worker stops, or had lost it, has ended well; whether that is kept is the engine's to say. */
  private outcomeOfSuccess(output: string): Outcome {
    const why = this.reason?.why;
    if (this.reason === undefined || why === "shutdown" || why === "lease-lost") return { kind: "succeeded", output };
    return this.outcomeOfAbort(this.reason);
  }

  private outcomeOfError(error: unknown): Outcome {
    const { reason, around } = this;
    // A body may end by the softer signal as well.
    const drained = around.drainer.aborted && error === around.drainer.signal.reason;
    if (reason === undefined) return drained ? { kind: "returned", because: "shutdown" } : this.failed(error);
    if (!isAbortOf(error, this.signal) && !drained) {
      if (error instanceof NonRetryableError && reason.why === "shutdown") return this.failed(error);
      this.report("warn", `threw after its signal had fired (${reason.why}): ${messageOf(error)}`, { error });
    }
    return this.outcomeOfAbort(reason);
  }

  private outcomeOfAbort(reason: JobAborted): Outcome {
    if (reason.why === "shutdown" || reason.why === "lease-lost") return { kind: "returned", because: reason.why };
    if (reason.why === "suspended") return this.journal.suspension;
    if (reason.why === "timeout") return this.failed(workError("ATTEMPT_TIMEOUT", `${reason.message}.`));
    return { kind: "cancelled", reason: reason.message };
  }

  /** The one place where a failure is logged. */
  private failed(error: unknown): Outcome {
    this.thrown = error;
    const { options } = this.task.declaration;
    const wait = retryIn(error, options, this.job.failures, this.around.random);
    const next = wait === undefined ? "for good" : `and is tried again in ${wait} ms`;
    if (!this.isSettled)
      this.report(wait === undefined ? "error" : "warn", `failed ${next}: ${messageOf(error)}`, { error });
    return { kind: "failed", error: failureOf(error), retryIn: wait };
  }

  /** Once: what has been given up is settled, and now it is over. */
  private end(outcome: Outcome): void {
    this.disarm();
    if (this.isSettled) {
      this.report("warn", "has ended at last, so its slot is free again");
      this.leak?.resolve();
    } else this.settle(outcome);
  }

  private settle(outcome: Outcome, ended?: Promise<void>): void {
    this.isSettled = true;
    this.isReturned = outcome.kind === "returned";
    this.kept = this.job.settle(outcome, ended).then(
      (isKept) => {
        if (!isKept) this.report("warn", `was another worker's by then, so "${outcome.kind}" was refused`);
      },
      (error: unknown) => this.report("error", `could not be settled: ${messageOf(error)}`, { error }),
    );
    const over = ended === undefined ? this.kept : Promise.all([this.kept, ended]);
    void over.then(() => this.around.ended(this));
  }

  /** The limits of one that is not settled at once. Most are, so they cost nothing until here. */
  arm(): void {
    if (this.isSettled || this.alarm !== undefined) return;
    const { job, around } = this;
    this.alarm = around.alarms.at(this.due, () => this.timeOut());
    const onAbort = (): void => this.abort(job.signal.reason as JobAborted);
    if (job.signal.aborted) return onAbort();
    job.signal.addEventListener("abort", onAbort, { once: true });
    this.unlisten = () => job.signal.removeEventListener("abort", onAbort);
  }

  /** Fires its signal. The first reason counts. */
  abort(reason: JobAborted): void {
    if (this.isSettled || this.reason !== undefined) return;
    this.reason = reason;
    this.disarm();
    const { alarms, clock, patience } = this.around;
    this.alarm = alarms.at(clock.now() + patience, () => this.giveUp());
    this.aborter.abort(reason);
  }

  /** The body does not end. Its job is settled all the same; its slot stays taken, so that it does not let more run. */
  giveUp(): void {
    if (this.isSettled || this.reason === undefined) return;
    this.disarm();
    this.leak = Promise.withResolvers<void>();
    const outcome = this.outcomeOfAbort(this.reason);
    const message = `still runs although its signal has fired (${this.reason.why}): it is settled as ${outcome.kind}, and keeps its slot`;
    this.report("warn", message);
    this.settle(outcome, this.leak.promise);
  }

  /** @throws JobAborted when its signal has fired: nothing more is done for it. */
  assertLasts(): void {
    if (this.reason !== undefined) throw this.reason;
    if (!this.isSettled) return;
    throw new JobAborted("user", `the attempt of "${this.task.name}" is over, and its context is still used`);
  }

  extend(ms: number): void {
    this.due += ms;
    if (this.alarm !== undefined && this.reason === undefined) this.around.alarms.move(this.alarm, this.due);
  }

  private timeOut(): void {
    const took = Math.round(this.due - this.began);
    this.abort(
      new JobAborted("timeout", `attempt ${this.job.attempt} of "${this.task.name}" took longer than ${took} ms`),
    );
  }

  private disarm(): void {
    if (this.alarm !== undefined) this.around.alarms.clear(this.alarm);
    this.alarm = undefined;
    this.unlisten?.();
    this.unlisten = undefined;
  }

  private report(level: "warn" | "error", message: string, fields?: Readonly<Record<string, unknown>>): void {
    const { runId, attempt } = this.job;
    this.around.log(level, `task "${this.task.name}" ${message}`, {
      task: this.task.name,
      run: runId,
      attempt,
      ...fields,
    });
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function parsed(text: string, task: string): unknown {
  try {
    return unpack(text);
  } catch (cause) {
    throw workError("INVALID_INPUT", `the input of "${task}" is not JSON: ${messageOf(cause)}.`, { cause });
  }
}
