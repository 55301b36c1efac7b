import type {
  Input,
  InputOf,
  OutputOf,
  ParsedOf,
  Returned,
  Runnable,
  StepOptions,
  Task,
  TaskOptions,
  AnyTaskOptions,
  Body,
  TaskParts,
} from "./task.ts";
import type { JobContext, Parents } from "./context.ts";
import type { Needs } from "../kernel/lifespan.ts";
import type { RunHandle, RunOptions } from "./client.ts";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { assertRunName, assertStepOptions, assertWorkflowOptions, mergeNeeds } from "./options.ts";
import { clientOfScope } from "./scope.ts";
import { TaskDeclaration } from "./task.ts";
import { workError } from "./errors.ts";
import { print, wrong } from "./wrong.ts";

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

/** What a body gets: what the workflow's schema makes of the input; without one, what the body itself takes. */
type Parsed<S, I> = S extends StandardSchemaV1 ? ParsedOf<S> : I;
/** What the caller gives. */
type Given<S, I> = S extends StandardSchemaV1 ? InputOf<S> : I;

/** Tasks that run as one: a task begins when its parents have ended well. */
export interface Workflow<N extends Needs, S extends StandardSchemaV1 | undefined = undefined> extends Task<
  InputOf<S>,
  Readonly<Record<string, unknown>>
> {
  /**
   * Declares a task of it. Run by itself, it is run with its ancestors.
   *
   * @throws LivespanError INVALID_TASK, DUPLICATE_TASK_NAME, UNKNOWN_PARENT, UNKNOWN_OPTION, INVALID_DECLARATION, UNKNOWN_LIFESPAN
   */
  task<O, I = unknown>(
    name: string,
    body: (input: Parsed<S, I>, ctx: JobContext<N>) => O,
  ): Task<Given<S, I>, Awaited<O>>;
  task<
    O extends Returned<R>,
    T extends StandardSchemaV1,
    M extends Needs = {},
    R extends StandardSchemaV1 | undefined = undefined,
    const P extends Readonly<Record<string, Runnable<never, unknown>>> = {},
  >(
    name: string,
    options: StepOptions<NoInfer<ParsedOf<T>>, M, T, R, P, N & M> & { readonly input: T },
    body: (input: ParsedOf<T>, ctx: JobContext<N & M, Parents<P>>) => O,
  ): Task<InputOf<T>, OutputOf<R, O>>;
  task<
    O extends Returned<R>,
    M extends Needs = {},
    R extends StandardSchemaV1 | undefined = undefined,
    const P extends Readonly<Record<string, Runnable<never, unknown>>> = {},
    I = unknown,
  >(
    name: string,
    options: StepOptions<Parsed<S, I>, M, undefined, R, P, N & M>,
    body: (input: Parsed<S, I>, ctx: JobContext<N & M, Parents<P>>) => O,
  ): Task<Given<S, I>, OutputOf<R, O>>;
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
  /** In the order of declaration, so parents come first. */
  readonly tasks: TaskDeclaration[] = [];
  /** The worker that has read it: what is declared later would never be run there. */
  private reader: string | undefined;

  constructor(name: string, options: WorkflowOptions<Needs, StandardSchemaV1 | undefined>) {
    this.name = name;
    this.options = options;
    this.needs = mergeNeeds(`workflow "${name}"`, {}, options.needs);
  }

  task(name: string, second: unknown, third?: unknown): TaskDeclaration {
    const [options, body] = third === undefined ? [{}, second] : [second, third];
    assertRunName("task", name);
    const owner = `task "${this.name}/${name}"`;
    assertStepOptions(owner, options);
    const parents = this.parentsOf(owner, options.parents);
    return this.add({ name, options, parents, body: body as Body });
  }

  onFailure(body: Body): TaskDeclaration {
    return this.add({ name: "on-failure", options: {}, end: "failure", body });
  }

  onSuccess(body: Body): TaskDeclaration {
    return this.add({ name: "on-success", options: {}, end: "success", body });
  }

  /** Takes no more tasks, since a worker has read which there are. */
  readBy(owner: string): void {
    this.reader ??= owner;
  }

  private add(parts: TaskParts): TaskDeclaration {
    const name = `${this.name}/${parts.name}`;
    if (this.tasks.some((other) => other.name === name)) {
      throw workError("DUPLICATE_TASK_NAME", `the workflow "${this.name}" has two tasks named "${parts.name}".`);
    }
    if (this.reader !== undefined) {
      const message = `the task "${name}" was declared after ${this.reader}, which would not run it.`;
      throw workError("INVALID_TASK", message, { remedy: "Import the module that declares it before the worker's." });
    }
    const declared = new TaskDeclaration({ ...parts, name, workflow: this, options: this.shared(parts.options) });
    this.tasks.push(declared);
    return declared;
  }

  /** What its tasks share, under their own options. */
  private shared(own: AnyTaskOptions): AnyTaskOptions {
    const { input, priority, defaults } = this.options;
    return { ...(input && { input }), ...(priority !== undefined && { priority }), ...defaults, ...given(own) };
  }

  /** Only what is declared already can be a parent, so there are no circles. */
  private parentsOf(owner: string, parents: unknown = {}): Readonly<Record<string, TaskDeclaration>> {
    if (typeof parents !== "object" || parents === null || Array.isArray(parents)) {
      throw wrong(`${owner}: parents`, "a record of tasks by the key for ctx.parents", parents);
    }
    const found: Record<string, TaskDeclaration> = {};
    for (const [key, parent] of Object.entries(parents)) found[key] = this.parentOf(`${owner}: parents.${key}`, parent);
    return found;
  }

  private parentOf(what: string, parent: unknown): TaskDeclaration {
    const found = this.tasks.find((each) => each === parent);
    if (found !== undefined && found.finally === undefined) return found;
    throw workError("UNKNOWN_PARENT", `${what} is ${nameOf(parent)}, expected a task of the workflow "${this.name}".`);
  }

  async run(...args: Input<unknown>): Promise<Readonly<Record<string, unknown>>> {
    return clientOfScope(this.name).run(this as never, ...args);
  }

  async enqueue(
    ...args: [input?: unknown, options?: RunOptions]
  ): Promise<RunHandle<Readonly<Record<string, unknown>>>> {
    return clientOfScope(this.name).enqueue(this as never, ...args);
  }
}

function nameOf(parent: unknown): string {
  if (parent instanceof WorkflowDeclaration) return `the workflow "${parent.name}"`;
  if (!(parent instanceof TaskDeclaration)) return print(parent);
  const { name, workflow, finally: end } = parent;
  if (end !== undefined) return `"${name}", which runs at the end`;
  return workflow === undefined ? `the task "${name}", which is of no workflow` : `"${name}"`;
}

/** Without the options that are undefined: those were not given, and hide nothing. */
function given<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** Declares a workflow. Runs and opens nothing. @throws LivespanError INVALID_TASK, UNKNOWN_OPTION, INVALID_DECLARATION, UNKNOWN_LIFESPAN */
export function workflow<N extends Needs = {}, S extends StandardSchemaV1 | undefined = undefined>(
  name: string,
  options: WorkflowOptions<N, S> = {},
): Workflow<N, S> {
  assertRunName("workflow", name);
  assertWorkflowOptions(`workflow "${name}"`, options);
  // What its types promise exists for the compiler only.
  return new WorkflowDeclaration(name, options) as unknown as Workflow<N, S>;
}
