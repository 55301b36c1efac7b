import type {
  Input,
  InputOf,
  OutputOf,
  ParsedOf,
  Runnable,
  StepOptions,
  Task,
  TaskOptions,
  AnyTaskOptions,
  Body,
} from "./task.ts";
import type { JobContext, Parents } from "./context.ts";
import type { Needs } from "../kernel/lifespan.ts";
import type { RunHandle, RunOptions } from "./client.ts";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { clientOfScope } from "./scope.ts";
import { TaskDeclaration } from "./task.ts";

/** What its tasks share. Their own options go over these. */
export interface WorkflowOptions<N extends Needs, S extends StandardSchemaV1 | undefined> extends Pick<
  TaskOptions<ParsedOf<S>, N, S, undefined>,
  | "needs"
  | "input"
  | "concurrency"
  | "idempotencyKey"
  | "idempotencyHold"
  | "rateLimit"
  | "priority"
  | "cron"
  | "description"
> {
  /** For each of its tasks, unless that says otherwise. */
  readonly defaults?: Pick<
    TaskOptions<ParsedOf<S>, N, S, undefined>,
    "retries" | "backoff" | "timeout" | "scheduleTimeout" | "slots"
  >;
}

/** Tasks that run as one: a task begins when its parents have ended well. */
export interface Workflow<N extends Needs, S extends StandardSchemaV1 | undefined = undefined> extends Task<
  InputOf<S>,
  Readonly<Record<string, unknown>>
> {
  /**
   * Declares a task of it. Run by itself, it is run with its ancestors.
   *
   * @throws LivespanError INVALID_TASK, DUPLICATE_TASK_NAME, UNKNOWN_PARENT, UNKNOWN_OPTION
   */
  task<O>(name: string, body: (input: ParsedOf<S>, ctx: JobContext<N>) => O): Task<InputOf<S>, Awaited<O>>;
  task<
    O extends (R extends StandardSchemaV1
      ? StandardSchemaV1.InferInput<R> | Promise<StandardSchemaV1.InferInput<R>>
      : unknown),
    M extends Needs = {},
    T extends StandardSchemaV1 | undefined = undefined,
    R extends StandardSchemaV1 | undefined = undefined,
    const P extends Readonly<Record<string, Runnable<never, unknown>>> = {},
  >(
    name: string,
    options: StepOptions<NoInfer<ParsedOf<T extends undefined ? S : T>>, M, T, R, P>,
    body: (input: ParsedOf<T extends undefined ? S : T>, ctx: JobContext<N & M, Parents<P>>) => O,
  ): Task<InputOf<T extends undefined ? S : T>, OutputOf<R, O>>;
  /** Runs when one of its tasks has failed for good and the rest has ended. `ctx.errors` says which, and why. */
  onFailure<O>(body: (input: ParsedOf<S>, ctx: JobContext<N>) => O): Task<InputOf<S>, Awaited<O>>;
  /** Runs when all of its tasks have ended well. */
  onSuccess<O>(
    body: (input: ParsedOf<S>, ctx: JobContext<N, Readonly<Record<string, unknown>>>) => O,
  ): Task<InputOf<S>, Awaited<O>>;
}

/** A declaration as workers, clients and engines read it. */
export class WorkflowDeclaration {
  readonly name: string;
  readonly options: WorkflowOptions<Needs, StandardSchemaV1 | undefined>;
  readonly needs: Needs;
  /** In the order of declaration, so parents come first; what runs at the end is last. */
  readonly tasks: TaskDeclaration[] = [];

  constructor(name: string, options: WorkflowOptions<Needs, StandardSchemaV1 | undefined>) {
    this.name = name;
    this.options = options;
    this.needs = options.needs ?? {};
  }

  task(name: string, second: unknown, third?: unknown): TaskDeclaration {
    const [options, body] = third === undefined ? [{}, second] : [second, third];
    const { needs = {}, parents = {} } = options as AnyTaskOptions;
    const { defaults = {} } = this.options;
    const declared = new TaskDeclaration({
      name: `${this.name}/${name}`,
      workflow: this,
      options: { ...defaults, ...(options as AnyTaskOptions) } as AnyTaskOptions,
      needs: { ...this.needs, ...needs },
      parents: parents as Readonly<Record<string, TaskDeclaration>>,
      end: undefined,
      body: body as Body,
    });
    this.tasks.push(declared);
    return declared;
  }

  onFailure(body: Body): TaskDeclaration {
    return this.ending("failure", body);
  }

  onSuccess(body: Body): TaskDeclaration {
    return this.ending("success", body);
  }

  private ending(end: "failure" | "success", body: Body): TaskDeclaration {
    const declared = new TaskDeclaration({
      name: `${this.name}/on-${end}`,
      workflow: this,
      options: (this.options.defaults ?? {}) as AnyTaskOptions,
      needs: this.needs,
      parents: {},
      end,
      body,
    });
    this.tasks.push(declared);
    return declared;
  }

  run(...args: Input<unknown>): Promise<Readonly<Record<string, unknown>>> {
    return clientOfScope(this.name).run(this as never, ...args);
  }

  enqueue(...args: [input?: unknown, options?: RunOptions]): Promise<RunHandle<Readonly<Record<string, unknown>>>> {
    return clientOfScope(this.name).enqueue(this as never, ...args);
  }
}

/** Declares a workflow. Runs and opens nothing. @throws LivespanError INVALID_TASK, UNKNOWN_OPTION, INVALID_DECLARATION */
export function workflow<N extends Needs = {}, S extends StandardSchemaV1 | undefined = undefined>(
  name: string,
  options: WorkflowOptions<N, S> = {},
): Workflow<N, S> {
  return new WorkflowDeclaration(name, options as never) as unknown as Workflow<N, S>;
}
