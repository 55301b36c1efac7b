import type { Condition } from "./task.ts";
import type { RunOptions } from "./client.ts";
import type { ConcurrencyLimit, RateLimit, RunRequest, Scheduling, StepRequest, Waits } from "./engine.ts";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { assertKey, refused } from "./run-options.ts";
import { TaskDeclaration } from "./task.ts";
import { WorkflowDeclaration } from "./workflow.ts";
import { workError } from "./errors.ts";

export type Declaration = TaskDeclaration | WorkflowDeclaration;

/** The declaration behind what `task()` or `workflow()` gave. @throws LivespanError INVALID_TASK */
export function declarationOf(candidate: unknown, what: string): Declaration {
  if (candidate instanceof TaskDeclaration || candidate instanceof WorkflowDeclaration) return candidate;
  const got = candidate === null ? "null" : typeof candidate;
  throw workError("INVALID_TASK", `${what}: expected what task() or workflow() gave, got ${got}.`, {
    remedy: "Pass the declaration itself.",
  });
}

/** What its input is checked by. A workflow's tasks have its schema unless they have one of their own. */
export function inputSchemaOf(of: Declaration): StandardSchemaV1 | undefined {
  return of.options.input ?? (of instanceof TaskDeclaration ? of.workflow?.options.input : undefined);
}

/** What a run of it consists of; undefined for a task that is run alone. */
export function stepsOf(of: Declaration): readonly TaskDeclaration[] | undefined {
  if (of instanceof WorkflowDeclaration) return of.tasks;
  const { workflow } = of;
  if (workflow === undefined) return undefined;
  // What a run of a task alone has no place for is said by a step.
  const limitsBoth = workflow.options.concurrency !== undefined && of.options.concurrency !== undefined;
  const isAlone = Object.keys(of.parents).length === 0 && of.options.waitFor === undefined && !limitsBoth;
  if (isAlone) return undefined;
  const needed = withAncestors(of);
  return workflow.tasks.filter((task) => needed.has(task));
}

export interface Asked {
  readonly of: Declaration;
  /** As its schema made it: what functions of the input are given. */
  readonly input: unknown;
  /** As it is kept. */
  readonly text: string;
  readonly options: RunOptions;
  readonly dueAt: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly parentRunId: string | undefined;
  readonly awaited: boolean;
}

/** One run as the engine is asked for it. */
export function requestOf(asked: Asked, id: string, nextId: () => string): RunRequest {
  const { of, input, text, options, dueAt, metadata, parentRunId, awaited } = asked;
  const steps = stepsOf(of);
  return {
    id,
    task: of.name,
    steps: steps?.map((task) => stepOf(task, asked, nextId())),
    input: text,
    metadata,
    dueAt,
    delay: dueAt === undefined ? options.delay : undefined,
    idempotency: idempotencyOf(of, input, options),
    parentRunId,
    awaited,
    ...(steps === undefined ? aloneOf(of as TaskDeclaration, asked) : wholeOf(of, asked)),
  };
}

/** Of a run with steps: what goes for all of them together. */
function wholeOf(of: Declaration, { input, options }: Asked): Scheduling {
  const workflow = workflowOf(of)!;
  return {
    priority: options.priority ?? of.options.priority ?? workflow.options.priority ?? 0,
    cost: 1,
    concurrency: concurrencyOf(workflow, input, options.concurrencyKey),
    rate: rateOf(workflow, input),
    scheduleTimeout: undefined,
  };
}

/** Of a task that is run without others: its own, and its workflow's where it says nothing. */
function aloneOf(task: TaskDeclaration, { input, options }: Asked): Scheduling {
  const by = (name: "concurrency" | "rateLimit"): Declaration =>
    task.options[name] === undefined && task.workflow !== undefined ? task.workflow : task;
  return {
    priority: options.priority ?? task.options.priority ?? task.workflow?.options.priority ?? 0,
    cost: task.options.slots ?? 1,
    concurrency: concurrencyOf(by("concurrency"), input, options.concurrencyKey),
    rate: rateOf(by("rateLimit"), input),
    scheduleTimeout: task.options.scheduleTimeout,
  };
}

function stepOf(task: TaskDeclaration, { input, options }: Asked, id: string): StepRequest {
  return {
    id,
    task: task.name,
    parents: Object.values(task.parents).map(({ name }) => name),
    waitFor: task.options.waitFor && waitsOf(task.options.waitFor),
    finally: task.finally,
    priority: options.priority ?? task.options.priority ?? task.workflow?.options.priority ?? 0,
    cost: task.options.slots ?? 1,
    concurrency: concurrencyOf(task, input, undefined),
    rate: rateOf(task, input),
    scheduleTimeout: task.options.scheduleTimeout,
  };
}

function concurrencyOf(of: Declaration, input: unknown, given: string | undefined): ConcurrencyLimit | undefined {
  const { concurrency } = of.options;
  if (concurrency === undefined) {
    if (given === undefined) return undefined;
    throw refused(
      `a run of "${of.name}" has a concurrencyKey, but that declares no concurrency.`,
      "Give the task concurrency, or leave the key out.",
    );
  }
  const { limit = 1, key, group = of.name, strategy = "queue" } = concurrency;
  return { key: `${group}/${given ?? keyOf(of, "concurrency.key", key, input)}`, limit, strategy };
}

function rateOf(of: Declaration, input: unknown): RateLimit | undefined {
  const { rateLimit } = of.options;
  if (rateLimit === undefined) return undefined;
  const { limit, per, key } = rateLimit;
  return { key: `${of.name}/${keyOf(of, "rateLimit.key", key, input)}`, limit, per };
}

function idempotencyOf(of: Declaration, input: unknown, { idempotencyKey }: RunOptions): RunRequest["idempotency"] {
  const by = of.options.idempotencyKey === undefined ? (workflowOf(of) ?? of) : of;
  const { idempotencyKey: declared, idempotencyHold: holds = "kept" } = by.options;
  if (idempotencyKey === undefined && declared === undefined) return undefined;
  return { key: idempotencyKey ?? keyOf(by, "idempotencyKey", declared, input), holds };
}

/** What a function of the input gives. It is typed by its own task's input, which nobody can know here. */
function keyOf(of: Declaration, option: string, key: ((input: never) => string) | undefined, input: unknown): string {
  const made: unknown = key?.(input as never) ?? "";
  if (typeof made !== "string") {
    throw refused(
      `${option} of "${of.name}" gave ${typeof made}, not a text.`,
      "Let it return a text, such as String(input.id).",
    );
  }
  if (made !== "") assertKey(`${option} of "${of.name}"`, made);
  return made;
}

function waitsOf(condition: Condition): Waits {
  const mode = "any" in condition ? "any" : "all";
  const all = "any" in condition ? condition.any : "all" in condition ? condition.all : [condition];
  const sleeps = all.flatMap((each) => ("sleep" in each ? [each.sleep] : []));
  const sleep = sleeps.length === 0 ? undefined : mode === "any" ? Math.min(...sleeps) : Math.max(...sleeps);
  return { mode, sleep, events: all.flatMap((each) => ("event" in each ? [each.event] : [])) };
}

function workflowOf(of: Declaration): WorkflowDeclaration | undefined {
  return of instanceof WorkflowDeclaration ? of : of.workflow;
}

function withAncestors(task: TaskDeclaration): ReadonlySet<TaskDeclaration> {
  const found = new Set([task]);
  // What is added while it goes on is gone through as well.
  for (const each of found) for (const parent of Object.values(each.parents)) found.add(parent);
  return found;
}
