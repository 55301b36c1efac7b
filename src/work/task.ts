import type { BackoffOptions } from "../kernel/backoff.ts";
import type { JobContext, Parents } from "./context.ts";
import type { Needs } from "../kernel/lifespan.ts";
import type { RunHandle, RunOptions } from "./client.ts";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { WorkflowDeclaration } from "./workflow.ts";
import { assertBody, assertRunName, assertTaskOptions, mergeNeeds, usesOf } from "./options.ts";
import { clientOfScope } from "./scope.ts";

declare const types: unique symbol;

/** Something that can be run: a task, or a workflow. `I` is what it takes, `O` what it gives. */
export interface Runnable<in I, out O> {
  readonly name: string;
  /** Exists for the compiler only. */
  readonly [types]: (input: I) => O;
}

/** What a task or a workflow takes: `RunInput<typeof sendMail>`. */
export type RunInput<T> = T extends Runnable<infer I, unknown> ? I : never;
/** What a run of it gives. */
export type RunOutput<T> = T extends Runnable<never, infer O> ? O : never;

/** The input may be left out where the task takes none. */
export type Input<I> = unknown extends I
  ? [input?: unknown, options?: RunOptions]
  : undefined extends I
    ? [input?: I, options?: RunOptions]
    : [input: I, options?: RunOptions];

/** A declared task. */
export interface Task<I, O> extends Runnable<I, O> {
  /** Runs it with the client of the scope, and waits for the result. @throws LivespanError NO_CLIENT, and what the run rejects with. */
  run(...args: Input<I>): Promise<O>;
  /** Asks for a run with the client of the scope. */
  enqueue(...args: Input<I>): Promise<RunHandle<O>>;
}

export type InputOf<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferInput<S> : unknown;
export type ParsedOf<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : unknown;

/** How many runs of one key go on at the same time. */
export interface ConcurrencyOptions<I> {
  /** Of one key. 1 unless said. */
  readonly limit?: number;
  /** All runs of the task together unless said. */
  readonly key?: (input: I) => string;
  /** Tasks that name the same group share its keys. The task's own unless said. */
  readonly group?: string;
  /** What becomes of one run too many: it waits in line ("queue", unless said), in turn with other keys ("round-robin"), is
   *  cancelled ("cancel-newest"), or takes the place of the oldest ("cancel-in-progress"). */
  readonly strategy?: "queue" | "round-robin" | "cancel-newest" | "cancel-in-progress";
}

export interface TaskOptions<
  I,
  N extends Needs,
  S extends StandardSchemaV1 | undefined,
  R extends StandardSchemaV1 | undefined,
  A extends Needs = N,
> {
  readonly needs?: N;
  /** Checked where the run is asked for, and again before the body runs. */
  readonly input?: S;
  /** Checked when the body has returned; what it gives is what is kept. */
  readonly output?: R;
  /**
   * Attempts after the first that failed. 0 unless said. There is none after a NonRetryableError, an error with `retryable: false`,
   * or an input or output that its schema refused.
   */
  readonly retries?: number;
  /** Between them. From 1,000 ms, doubled, at most 60,000 ms, with full jitter unless said. */
  readonly backoff?: Omit<BackoffOptions, "resetAfter">;
  /** Milliseconds for one attempt. 600,000 unless said. */
  readonly timeout?: number;
  /** Milliseconds that a run may wait for a worker. For ever unless said. */
  readonly scheduleTimeout?: number;
  /** Higher ones first. 0 unless said. */
  readonly priority?: number;
  readonly concurrency?: ConcurrencyOptions<I>;
  readonly idempotencyKey?: (input: I) => string;
  /** How long a key holds: as long as the run is kept ("kept", unless said), until it has settled ("active"), or milliseconds. */
  readonly idempotencyHold?: "kept" | "active" | number;
  readonly rateLimit?: { readonly limit: number; readonly per: number; readonly key?: (input: I) => string };
  /** Slots of a worker that one job takes. 1 unless said. */
  readonly slots?: number;
  /** How much of a lifespan's capacity one job takes, by its key in `needs`, the workflow's included. */
  readonly uses?: { readonly [K in keyof NoInfer<A>]?: number };
  /** A worker that has the task sees to it that it runs then. */
  readonly cron?: string | { readonly expression: string; readonly timezone?: string; readonly input?: I };
  readonly description?: string;
}

/** What waits, is skipped or is cancelled instead of run, once the parents have ended. */
export interface Conditions<I, P> {
  /** Before it runs: for an event, a while, or any or all of several. */
  readonly waitFor?: Condition;
  /** True: it does not run, and counts as ended well; its output is undefined. */
  readonly skipIf?: (ctx: { readonly input: I; readonly parents: P }) => boolean | Promise<boolean>;
  /** True: it, and what needs it, is cancelled. */
  readonly cancelIf?: (ctx: { readonly input: I; readonly parents: P }) => boolean | Promise<boolean>;
}

export type Condition =
  | { readonly event: string }
  | { readonly sleep: number }
  | { readonly any: readonly ({ readonly event: string } | { readonly sleep: number })[] }
  | { readonly all: readonly ({ readonly event: string } | { readonly sleep: number })[] };

/** A step's options. */
export interface StepOptions<
  I,
  N extends Needs,
  S extends StandardSchemaV1 | undefined,
  R extends StandardSchemaV1 | undefined,
  P extends Readonly<Record<string, Runnable<never, unknown>>>,
  A extends Needs = N,
>
  extends TaskOptions<I, N, S, R, A>, Conditions<I, Parents<P>> {
  /** Steps that must have ended well before it runs, by the key under which their outputs are on `ctx.parents`. */
  readonly parents?: P;
}

export type Body = (input: never, ctx: never) => unknown;

/** A declaration as workers, clients and engines read it. What its workflow shares is among its options. */
export class TaskDeclaration<I = unknown, O = unknown> implements Task<I, O> {
  declare readonly [types]: (input: I) => O;
  /** Its full name: `workflow/task` inside a workflow. Runs are kept under it. */
  readonly name: string;
  readonly workflow: WorkflowDeclaration | undefined;
  readonly options: AnyTaskOptions;
  /** What a worker that runs it starts, by key: its workflow's and its own. */
  readonly needs: Needs;
  /** What one job takes of a lifespan's capacity, by the lifespan's name. */
  readonly uses: ReadonlyMap<string, number>;
  readonly parents: Readonly<Record<string, TaskDeclaration>>;
  readonly finally: "failure" | "success" | undefined;
  readonly body: Body;

  constructor({ name, workflow, options, parents = {}, end, body }: TaskParts) {
    const owner = `task "${name}"`;
    assertBody(owner, body);
    this.name = name;
    this.workflow = workflow;
    this.options = options;
    this.needs = mergeNeeds(owner, workflow?.needs, options.needs);
    this.uses = usesOf(owner, options.uses, this.needs);
    this.parents = parents;
    this.finally = end;
    this.body = body;
  }

  async run(...args: Input<I>): Promise<O> {
    return clientOfScope(this.name).run<I, O>(this, ...args);
  }

  async enqueue(...args: Input<I>): Promise<RunHandle<O>> {
    return clientOfScope(this.name).enqueue<I, O>(this, ...args);
  }
}

/** Options as they are read, whatever was inferred of them. */
export type AnyTaskOptions = StepOptions<never, Needs, StandardSchemaV1 | undefined, StandardSchemaV1 | undefined, {}>;

export interface TaskParts {
  readonly name: string;
  readonly workflow?: WorkflowDeclaration;
  readonly options: AnyTaskOptions;
  readonly parents?: Readonly<Record<string, TaskDeclaration>>;
  readonly end?: "failure" | "success";
  readonly body: Body;
}

/** What a body may return: what its output schema takes. */
export type Returned<R> = R extends StandardSchemaV1
  ? StandardSchemaV1.InferInput<R> | Promise<StandardSchemaV1.InferInput<R>>
  : unknown;

/** What a body gives, or what its output schema makes of that. */
export type OutputOf<R, O> = R extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<R> : Awaited<O>;

/**
 * Declares a task: a function that a worker runs, as often as it must until it has ended well. Runs and opens nothing.
 *
 * @throws LivespanError INVALID_TASK, UNKNOWN_OPTION, INVALID_DECLARATION, UNKNOWN_LIFESPAN
 */
export function task<O, I = unknown>(name: string, body: (input: I, ctx: JobContext) => O): Task<I, Awaited<O>>;
export function task<
  O extends Returned<R>,
  N extends Needs,
  S extends StandardSchemaV1,
  R extends StandardSchemaV1 | undefined = undefined,
>(
  name: string,
  options: TaskOptions<NoInfer<ParsedOf<S>>, N, S, R> & { readonly input: S },
  body: (input: ParsedOf<S>, ctx: JobContext<N>) => O,
): Task<InputOf<S>, OutputOf<R, O>>;
export function task<
  O extends Returned<R>,
  N extends Needs,
  R extends StandardSchemaV1 | undefined = undefined,
  I = unknown,
>(
  name: string,
  options: TaskOptions<I, N, undefined, R>,
  body: (input: I, ctx: JobContext<N>) => O,
): Task<I, OutputOf<R, O>>;
export function task(name: string, second: unknown, third?: unknown): Task<never, unknown> {
  const [options, body] = third === undefined ? [{}, second] : [second, third];
  assertRunName("task", name);
  assertTaskOptions(`task "${name}"`, options);
  return new TaskDeclaration<never>({ name, options, body: body as Body });
}
