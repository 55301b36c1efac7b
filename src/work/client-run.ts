import type { Client, CronHandle, ReplayOptions, RunHandle, RunOptions, SettleOptions } from "./client.ts";
import type { Clock } from "../kernel/clock.ts";
import type { CronInfo, ListFilter, RunFilter, RunInfo, WorkerInfo } from "./run.ts";
import type { Engine, RunRequest } from "./engine.ts";
import type { Input, Runnable } from "./task.ts";
import { type ParentRun, retryChildren } from "./parent.ts";
import {
  assertKey,
  assertFilter,
  assertListFilter,
  assertRunOptions,
  isFresh,
  momentOf,
  refused,
} from "./run-options.ts";
import { byHand, Handle, settleEach } from "./run-handle.ts";
import { checked } from "./check.ts";
import { cronFault } from "./cron.ts";
import { type Asked, type Declaration, declarationOf, inputSchemaOf, requestOf } from "./run-request.ts";
import { defaultPayloadLimit, pack } from "./payload.ts";
import { didYouMean } from "../kernel/nearest.ts";
import { messageOf } from "../kernel/errors.ts";
import { RunIds } from "./ids.ts";
import { print } from "./wrong.ts";
import { workError } from "./errors.ts";

export interface ClientParts {
  /** The engine once it is open. Rejects where it never will be. */
  engine(): Promise<Engine>;
  readonly clock: Clock;
  /** Full names of what there is to run; undefined: whatever is declared. */
  readonly known?: ReadonlySet<string> | undefined;
  /** The largest input, in characters of JSON. 1,048,576 unless said. */
  readonly payloadLimit?: number | undefined;
}

/** The client over an engine. */
export class WorkClient implements Client {
  private readonly parts: ClientParts;
  private readonly parent: ParentRun | undefined;
  private readonly ids: RunIds;

  constructor(parts: ClientParts, parent?: ParentRun, ids = new RunIds(() => parts.clock.wall())) {
    this.parts = parts;
    this.parent = parent;
    this.ids = ids;
  }

  /** The same for the body of a job: what it asks for are its children. */
  forJob(parent: ParentRun): WorkClient {
    return new WorkClient(this.parts, parent, this.ids);
  }

  async run<I, O>(task: Runnable<I, O>, ...args: Input<I>): Promise<O> {
    const [input, options] = args;
    refuseTransaction("run()", options);
    const [handle] = await this.ask<O>("run()", task, [input], options, now);
    return handle!.result();
  }

  async enqueue<I, O>(task: Runnable<I, O>, ...args: Input<I>): Promise<RunHandle<O>> {
    const [input, options] = args;
    const [handle] = await this.ask<O>("enqueue()", task, [input], options);
    return handle!;
  }

  async runMany<I, O>(task: Runnable<I, O>, inputs: readonly I[], options?: RunOptions): Promise<O[]> {
    refuseTransaction("runMany()", options);
    const settled = await settleEach(await this.ask<O>("runMany()", task, inputs, options, now));
    const errors = settled.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
    if (errors.length > 0) {
      const what = `${errors.length} of ${settled.length} runs of "${task.name}" did not succeed`;
      throw new AggregateError(errors, `${what}: ${errors.slice(0, 3).map(messageOf).join("; ")}`);
    }
    return settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  }

  async settleMany<I, O>(
    task: Runnable<I, O>,
    inputs: readonly I[],
    { onSettled, ...options }: SettleOptions<O> = {},
  ): Promise<PromiseSettledResult<O>[]> {
    refuseTransaction("settleMany()", options);
    return settleEach(await this.ask<O>("settleMany()", task, inputs, options, now), onSettled);
  }

  async enqueueMany<I, O>(task: Runnable<I, O>, inputs: readonly I[], options?: RunOptions): Promise<RunHandle<O>[]> {
    return this.ask<O>("enqueueMany()", task, inputs, options);
  }

  async schedule<I, O>(task: Runnable<I, O>, at: Date | number, ...args: Input<I>): Promise<RunHandle<O>> {
    const [input, options] = args;
    const dueAt = momentOf("schedule()", at);
    if (options?.delay !== undefined) throw refused("schedule() was given a delay beside the moment.", "Give one.");
    const [handle] = await this.ask<O>("schedule()", task, [input], options, later(dueAt));
    return handle!;
  }

  async cron<I>(
    name: string,
    task: Runnable<I, unknown>,
    expression: string,
    input?: I,
    options: { readonly timezone?: string; readonly metadata?: Readonly<Record<string, string>> } = {},
  ): Promise<CronHandle> {
    const { timezone, ...rest } = options;
    assertKey("cron(): its name", name);
    const fault = cronFault(expression, timezone);
    if (fault !== undefined) throw refused(`cron("${name}"): ${fault}.`);
    const of = this.known(task, "cron()");
    const request = await this.requestFor("cron()", of, input, rest, later(undefined));
    const engine = await this.parts.engine();
    await engine.cron({ name, expression, timezone, request, declared: false });
    return { name, remove: () => this.removeCron(name) };
  }

  async crons(): Promise<readonly CronInfo[]> {
    return (await this.parts.engine()).crons();
  }

  async removeCron(name: string): Promise<boolean> {
    return (await this.parts.engine()).removeCron(name);
  }

  async workers(): Promise<readonly WorkerInfo[]> {
    return (await this.parts.engine()).workers();
  }

  async emit(event: string, data?: unknown): Promise<number> {
    assertKey("emit(): the name of an event", event);
    const text = this.packed(`the data of the event "${event}"`, data);
    return (await this.parts.engine()).emit(event, text);
  }

  async get(id: string): Promise<RunInfo | undefined> {
    const [found] = await (await this.parts.engine()).list({ ids: [id], steps: true, limit: 1 });
    return found;
  }

  async list(filter: ListFilter = {}): Promise<readonly RunInfo[]> {
    assertListFilter("list()", filter);
    return (await this.parts.engine()).list(filter);
  }

  async cancel(runs: string | RunFilter, reason = byHand): Promise<number> {
    return (await this.parts.engine()).cancel(filterOf("cancel()", runs), reason);
  }

  async replay(runs: string | RunFilter, options: ReplayOptions = {}): Promise<number> {
    const [filter, fresh] = [filterOf("replay()", runs), isFresh("replay()", options)];
    return (await this.parts.engine()).replay(filter, fresh);
  }

  handle<O = unknown>(id: string, task?: Runnable<never, O>): RunHandle<O> {
    return this.handleOf(id, task === undefined ? undefined : declarationOf(task, "handle()"), false);
  }

  private async ask<O>(
    what: string,
    task: Runnable<never, O>,
    inputs: readonly unknown[],
    options: RunOptions = {},
    how: Pick<Asked, "dueAt" | "awaited"> = later(undefined),
  ): Promise<RunHandle<O>[]> {
    const of = this.known(task, what);
    assertRunOptions(what, options);
    if (!Array.isArray(inputs)) throw refused(`${what} takes a list of inputs, got ${print(inputs)}.`);
    if (inputs.length === 0) return [];
    if (inputs.length > 1 && options.idempotencyKey !== undefined) {
      throw refused(`${what} was given one idempotencyKey for ${inputs.length} runs, which would make them one.`);
    }
    const requests = await Promise.all(inputs.map((input) => this.requestFor(what, of, input, options, how)));
    const engine = await this.parts.engine();
    const enqueued = await engine.enqueue(requests, options.transaction);
    if (this.parent !== undefined) await retryChildren(engine, this.parent, enqueued);
    return enqueued.map(({ id, existing }) => this.handleOf<O>(id, of, existing));
  }

  private async requestFor(
    what: string,
    of: Declaration,
    input: unknown,
    options: RunOptions,
    how: Pick<Asked, "dueAt" | "awaited">,
  ): Promise<RunRequest> {
    const { parent, ids } = this;
    const subject = `the input of "${of.name}", given to ${what},`;
    const parsed = await checked(inputSchemaOf(of), input, { what: subject, code: "INVALID_INPUT" });
    const text = this.packed(subject, input);
    const id = parent?.childId(of.name, text, options.idempotencyKey) ?? ids.next();
    const metadata = { ...parent?.metadata, ...options.metadata };
    const from = { metadata, parentRunId: parent?.runId };
    return requestOf({ of, input: parsed, text, options, ...from, ...how }, id, ids.next);
  }

  private packed(what: string, value: unknown): string {
    return pack(value, { what, code: "INVALID_INPUT", limit: this.parts.payloadLimit ?? defaultPayloadLimit });
  }

  /** @throws LivespanError INVALID_TASK, UNKNOWN_TASK */
  private known(task: unknown, what: string): Declaration {
    const of = declarationOf(task, what);
    const { known } = this.parts;
    if (known === undefined || known.has(of.name)) return of;
    throw workError("UNKNOWN_TASK", `${what}: there is no "${of.name}" here.${didYouMean(of.name, known)}`);
  }

  private handleOf<O>(id: string, of: Declaration | undefined, existing: boolean): RunHandle<O> {
    return new Handle<O>({ id, of, existing, parent: this.parent, engine: () => this.parts.engine() });
  }
}

const now = { dueAt: undefined, awaited: true };

function later(dueAt: number | undefined): Pick<Asked, "dueAt" | "awaited"> {
  return { dueAt, awaited: false };
}

/** Nothing runs before the transaction has ended, so whoever waits inside it waits for ever. */
function refuseTransaction(what: string, options: RunOptions | undefined): void {
  if (options?.transaction === undefined) return;
  throw refused(`${what} would wait inside a transaction for a run that begins after it.`, "Use enqueue().");
}

function filterOf(what: string, runs: string | RunFilter): RunFilter {
  if (typeof runs === "string") return { ids: [runs], steps: true };
  assertFilter(what, runs);
  return runs;
}
