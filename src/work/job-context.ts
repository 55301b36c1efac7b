import type { Client } from "./client.ts";
import type { Clock } from "../kernel/clock.ts";
import type { JobContext } from "./context.ts";
import type { JobRun } from "./job.ts";
import type { Log } from "../kernel/log.ts";
import type { RunFailure, RunFilter } from "./run.ts";
import { failureOf } from "./failure.ts";
import { JobAborted, workError } from "./errors.ts";
import { pack } from "./payload.ts";

/**
 * The `ctx` of a body. Everything is a getter, so that a body which touches little pays little and destructuring works: what is
 * taken out stays bound to its job.
 */
export class Context implements JobContext<object, object> {
  private readonly job: JobRun;

  constructor(job: JobRun) {
    this.job = job;
  }

  get lifespan(): never {
    return this.job.task.values as never;
  }
  get parents(): object {
    return this.job.parents;
  }
  get signal(): AbortSignal {
    return this.job.signal;
  }
  get draining(): AbortSignal {
    return this.job.around.drainer.signal;
  }
  get timeLeft(): number {
    return this.job.timeLeft;
  }
  get attempt(): number {
    return this.job.job.attempt;
  }
  get runId(): string {
    return this.job.runId;
  }
  get workflowRunId(): string | undefined {
    return this.job.job.workflowRunId;
  }
  get task(): string {
    return this.job.task.name;
  }
  get worker(): string {
    return this.job.around.worker;
  }
  get metadata(): Readonly<Record<string, string>> {
    return this.job.metadata;
  }
  get clock(): Clock {
    return this.job.around.clock;
  }
  get errors(): Readonly<Record<string, RunFailure>> {
    const ended = Object.entries(this.job.job.parents);
    return Object.fromEntries(ended.flatMap(([name, { error }]) => (error === undefined ? [] : [[name, error]])));
  }
  get log(): Log {
    const { job } = this;
    return (level, message, fields = {}) => {
      const { runId: run, job: at, around, task } = job;
      around.log(level, message, { task: task.name, run, attempt: at.attempt, ...fields });
      if (!job.isSettled) at.chunk("log", lineOf({ at: around.clock.wall(), level, message, fields }));
    };
  }
  get progress(): (value: unknown) => void {
    const { job } = this;
    return (value) => {
      const text = pack(value, { ...job.task.rules, what: `the progress of "${job.task.name}"` });
      if (!job.isSettled) job.job.progress(text);
    };
  }
  get stream(): (chunk: unknown) => void {
    const { job } = this;
    return (chunk) => {
      const text = pack(chunk, { ...job.task.rules, what: `a chunk of the stream of "${job.task.name}"` });
      if (!job.isSettled) job.job.chunk("stream", text);
    };
  }
  get refreshTimeout(): (ms: number) => void {
    return (ms) => this.job.extend(milliseconds("refreshTimeout()", ms));
  }
  get step(): <T>(name: string, fn: () => T | Promise<T>) => Promise<T> {
    return (name, fn) => this.job.journal.step(name, fn);
  }
  get sleep(): (ms: number) => Promise<void> {
    return async (ms) => this.job.journal.sleep(milliseconds("sleep()", ms));
  }
  get event(): (key: string, options?: { readonly timeout?: number }) => Promise<unknown> {
    return async (key, { timeout } = {}) =>
      this.job.journal.event(key, timeout === undefined ? undefined : milliseconds("event(): timeout", timeout));
  }
  get cancel(): JobContext["cancel"] {
    return (what?: string | RunFilter, reason?: string): never => {
      // A function has one type of result for all of its overloads.
      if (typeof what === "object") return this.client.cancel(what, reason) as never;
      this.end(what);
    };
  }
  private end(reason = `"${this.job.task.name}" cancelled itself`): never {
    this.job.abort(new JobAborted("user", reason));
    throw this.job.signal.reason;
  }
  get run(): Client["run"] {
    return this.client.run.bind(this.client);
  }
  get enqueue(): Client["enqueue"] {
    return this.client.enqueue.bind(this.client);
  }
  get runMany(): Client["runMany"] {
    return this.client.runMany.bind(this.client);
  }
  get settleMany(): Client["settleMany"] {
    return this.client.settleMany.bind(this.client);
  }
  get enqueueMany(): Client["enqueueMany"] {
    return this.client.enqueueMany.bind(this.client);
  }
  get list(): Client["list"] {
    return this.client.list.bind(this.client);
  }
  get replay(): Client["replay"] {
    return this.client.replay.bind(this.client);
  }
  get handle(): Client["handle"] {
    return this.client.handle.bind(this.client);
  }
  private get client(): Client {
    this.job.assertLasts();
    return this.job.client;
  }
}

function milliseconds(what: string, ms: unknown): number {
  if (typeof ms === "number" && ms >= 0) return ms;
  const got = typeof ms === "number" ? String(ms) : typeof ms;
  throw workError("INVALID_RUN_OPTION", `ctx.${what}: expected milliseconds, 0 or more, got ${got}.`);
}

/** A line of the run's log. Whatever is beside the sentence must not keep it from being kept. */
function lineOf(line: { readonly fields: object } & Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(line, (_, value: unknown) => (value instanceof Error ? failureOf(value) : value));
  } catch {
    return JSON.stringify({ ...line, fields: {} });
  }
}
