import type { Clock } from "../kernel/clock.ts";
import type { Job, Outcome } from "../work/engine.ts";
import type { JobSurroundings } from "../work/job.ts";
import type { Log } from "../kernel/log.ts";
import type { Runnable, TaskDeclaration } from "../work/task.ts";
import type { Settled } from "../work/run.ts";
import { Aborter } from "../kernel/aborter.ts";
import { Alarms } from "../kernel/alarms.ts";
import { assertOptions } from "../kernel/lifespan.ts";
import { declarationOf } from "../work/run-request.ts";
import { defaultPayloadLimit, pack, unpack } from "../work/payload.ts";
import { didYouMean } from "../kernel/nearest.ts";
import { JobAborted, RunError } from "../work/errors.ts";
import { JobRun } from "../work/job.ts";
import { messageOf } from "../kernel/errors.ts";
import { MockClient } from "./mock-client.ts";
import { systemClock } from "../app/world.ts";
import { testingError } from "./errors.ts";
import { WorkflowDeclaration } from "../work/workflow.ts";
import { WorkerTask } from "../work/worker-task.ts";

/** What a body is given in place of what an engine and a worker would give it. */
export interface MockRunOptions<I> {
  readonly input?: I;
  /** Values of what the task needs, by key. */
  readonly lifespan?: Readonly<Record<string, unknown>>;
  /** Outputs of its parents, by key. One that is left out was skipped. */
  readonly parents?: Readonly<Record<string, unknown>>;
  /** From 1, which it is unless said. */
  readonly attempt?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Cancels it. A `JobAborted` as its reason says why; any other is a cancellation by a person. */
  readonly signal?: AbortSignal;
  /** What earlier attempts have remembered: results by the step's name. */
  readonly steps?: Readonly<Record<string, unknown>>;
  /** What `ctx.event()` brings, by key. A long `ctx.sleep()` is over at once. */
  readonly events?: Readonly<Record<string, unknown>>;
  /** Stands in for every run that the body asks for, and gives its output. */
  readonly runs?: (task: string, input: unknown) => unknown;
  readonly clock?: Clock;
  readonly log?: Log;
}

const optionNames = [
  "input",
  "lifespan",
  "parents",
  "attempt",
  "metadata",
  "signal",
  "steps",
  "events",
  "runs",
  "clock",
  "log",
];

/**
 * Runs a task's body once, as a worker does but without one: with its schemas, its conditions, its timeout and its context. Gives the
 * output, or undefined when the task was skipped; rejects with what the body throws, or with a RunError when it was cancelled.
 */
export async function mockRun<I, O>(task: Runnable<I, O>, options: MockRunOptions<I> = {}): Promise<O> {
  assertOptions("mockRun()", options, optionNames);
  const declaration = declarationOf(task, "mockRun()");
  if (declaration instanceof WorkflowDeclaration) {
    throw testingError("MOCK_MISMATCH", `mockRun() runs one task, but "${declaration.name}" is a workflow.`, {
      remedy: "Give it one of its tasks.",
    });
  }
  // The output is what the declaration says; the compiler cannot know that the text it was kept as still has that type.
  return (await new MockedRun(declaration, options).run()) as O;
}

class MockedRun {
  private readonly task: WorkerTask;
  private readonly options: MockRunOptions<unknown>;
  private readonly steps = new Map<string, string>();
  private readonly cancelled = new Aborter();
  private readonly clock: Clock;
  /** Milliseconds of the calendar that were slept through. */
  private skipped = 0;

  constructor(declaration: TaskDeclaration, options: MockRunOptions<unknown>) {
    const { lifespan = {}, parents = {}, steps = {}, clock = systemClock } = options;
    this.options = options;
    assertKeys(declaration, "lifespan", lifespan, Object.keys(declaration.needs));
    const values = (): Record<string, unknown> => valuesOf(declaration, lifespan);
    this.task = new WorkerTask(declaration, { values, payloadLimit: defaultPayloadLimit });
    const keys = this.task.parents.map(([key]) => key);
    assertKeys(declaration, "parents", parents, keys);
    for (const [name, value] of Object.entries(steps)) this.steps.set(`step:${name}`, packed(`steps.${name}`, value));
    this.clock = {
      now: () => clock.now(),
      wall: () => clock.wall() + this.skipped,
      after: (ms, fn, unref) => clock.after(ms, fn, unref),
    };
  }

  async run(): Promise<unknown> {
    const { signal } = this.options;
    const onAbort = (): void => {
      const reason: unknown = signal?.reason;
      this.cancelled.abort(reason instanceof JobAborted ? reason : new JobAborted("user", messageOf(reason)));
    };
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await this.untilOver();
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** As an engine does it: what is suspended is run again from its start, with what it remembers. */
  private async untilOver(): Promise<unknown> {
    for (;;) {
      const { outcome, thrown } = await this.attempt();
      if (outcome.kind !== "suspended") return this.outputOf(outcome, thrown);
      const { event, until } = outcome;
      if (event !== undefined && event.key in (this.options.events ?? {})) {
        const data = packed(`events.${event.key}`, this.options.events?.[event.key]);
        this.steps.set(event.step, `{"event":${data}}`);
      } else if (until !== undefined) this.skipped += Math.max(0, until - this.clock.wall());
      else {
        const message = `"${this.task.name}" waits for the event "${event?.key}", which mockRun() was not given.`;
        throw testingError("MOCK_MISMATCH", message, { remedy: "Say what it brings: events: { key: data }." });
      }
    }
  }

  private attempt(): Promise<{ readonly outcome: Outcome; readonly thrown: unknown }> {
    return new Promise((resolve) => {
      let outcome: Outcome;
      const settle = (settled: Outcome): Promise<boolean> => {
        outcome = settled;
        return Promise.resolve(true);
      };
      // What still runs when it was given up is not waited for.
      const ended = (): void => resolve({ outcome, thrown: run.thrown });
      const run = new JobRun(this.job(settle), this.task, this.around(ended));
      void run.run();
      run.arm();
    });
  }

  private outputOf(outcome: Outcome, thrown: unknown): unknown {
    const of = { runId: mockId, task: this.task.name };
    if (outcome.kind === "succeeded") return unpack(outcome.output);
    if (outcome.kind === "skipped") return undefined;
    if (outcome.kind === "failed") throw thrown;
    const why = outcome.kind === "cancelled" ? outcome.reason : messageOf(this.cancelled.signal.reason);
    throw new RunError("RUN_CANCELLED", of, `the run of "${of.task}" was cancelled: ${why}.`);
  }

  private job(settle: Job["settle"]): Job {
    const { input, attempt = 1, metadata = {} } = this.options;
    const { steps, task } = this;
    return {
      runId: mockId,
      task: task.name,
      attempt,
      failures: attempt - 1,
      input: pack(input, { what: `the input of "${task.name}"`, code: "INVALID_INPUT", limit: defaultPayloadLimit }),
      metadata,
      workflowRunId: task.declaration.workflow === undefined ? undefined : mockId,
      parents: this.parents(),
      steps,
      signal: this.cancelled.signal,
      settle,
      lend: () => async () => {},
      remember: async (name, value) => void steps.set(name, value),
      progress() {},
      chunk() {},
    };
  }

  private parents(): Readonly<Record<string, Settled>> {
    const { parents = {} } = this.options;
    const ended = this.task.parents.map(([key, name]): [string, Settled] => [
      name,
      key in parents
        ? { state: "succeeded", output: packed(`parents.${key}`, parents[key]) }
        : { state: "skipped", reason: "mockRun() was given no output of it" },
    ]);
    return Object.fromEntries(ended);
  }

  private around(ended: () => void): JobSurroundings {
    const { clock, options } = this;
    return {
      worker: "mock",
      clock,
      log: options.log ?? (() => {}),
      random: Math.random,
      alarms: new Alarms(clock),
      drainer: new Aborter(),
      clientFor: (parent) => new MockClient(options.runs, clock, parent),
      patience: 10_000,
      longSleep: 30_000,
      drainDue: () => Infinity,
      ended,
    };
  }
}

const mockId = "00000000-0000-7000-8000-000000000000";

/** What was not given is missed only by a body that looks at it. */
function valuesOf({ name, needs }: TaskDeclaration, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const values: Record<string, unknown> = { ...given };
  for (const key of Object.keys(needs)) {
    if (key in given) continue;
    const get = (): never => {
      throw testingError("MOCK_MISMATCH", `"${name}" looked at lifespan.${key}, which mockRun() was not given.`);
    };
    Object.defineProperty(values, key, { enumerable: true, get });
  }
  return values;
}

function assertKeys({ name }: TaskDeclaration, option: string, given: object, known: readonly string[]): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const has = known.length === 0 ? "none" : known.join(", ");
    throw testingError(
      "MOCK_MISMATCH",
      `mockRun() was given ${option}.${key}, which "${name}" does not have.${didYouMean(key, known)} It has: ${has}.`,
    );
  }
}

function packed(what: string, value: unknown): string {
  return pack(value, { what: `${what} of mockRun()`, code: "INVALID_OUTPUT", limit: defaultPayloadLimit });
}
