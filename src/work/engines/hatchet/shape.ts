import type { ConcurrencyLimit, RunRequest, StationSpec, StepRequest, Waits } from "../../engine.ts";
import { type Declaration, stepsOf } from "../../run-request.ts";
import type { Condition } from "../../task.ts";
import { hatchetName } from "./names.ts";
import { TaskDeclaration } from "../../task.ts";
import { unsupported } from "./refusals.ts";
import { workError } from "../../errors.ts";

export type Limit = Pick<ConcurrencyLimit, "limit" | "strategy">;
export type Rate = { readonly limit: number; readonly per: number };

/** What Hatchet is told of a workflow before it can run it: all that goes for each of its runs. */
export interface Shape {
  /** Full name of the task or workflow. */
  readonly of: string;
  readonly description: string;
  /** Of more than one task, or of one with what only a step has. */
  readonly isWhole: boolean;
  readonly steps: readonly StepShape[];
  readonly concurrency: Limit | undefined;
  readonly idempotency: "kept" | "active" | number | undefined;
}

export interface StepShape {
  /** Full name. */
  readonly task: string;
  readonly parents: readonly string[];
  readonly finally: "failure" | "success" | undefined;
  readonly waitFor: Pick<Waits, "mode" | "sleep" | "events"> | undefined;
  readonly cost: number;
  readonly concurrency: Limit | undefined;
  readonly rate: Rate | undefined;
  readonly scheduleTimeout: number | undefined;
  /** Of a declaration; a request says nothing of them. */
  readonly retries?: number;
  readonly timeout?: number;
  readonly backoff?: { readonly base?: number; readonly factor?: number; readonly max?: number };
}

/** What a worker's declarations are there. @throws LivespanError INVALID_TASK where two have one name; ENGINE_UNSUPPORTED */
export function shapesOf(spec: StationSpec, namespace: string): Shape[] {
  const all = new Map<string, Declaration>();
  const alone = spec.tasks.filter((task) => task.finally === undefined);
  for (const of of [...spec.workflows.filter(({ tasks }) => tasks.length > 0), ...alone]) {
    const name = hatchetName(namespace, of.name);
    const other = all.get(name);
    if (other !== undefined && other.name !== of.name) {
      throw workError("INVALID_TASK", `"${other.name}" and "${of.name}" would both be "${name}" at Hatchet.`);
    }
    all.set(name, of);
  }
  return [...all.values()].map(shapeOf);
}

function shapeOf(of: Declaration): Shape {
  const steps = stepsOf(of);
  const whole = of instanceof TaskDeclaration ? of.workflow : of;
  const by = (name: "concurrency" | "rateLimit" | "idempotencyKey"): Declaration =>
    whole !== undefined && (steps !== undefined || of.options[name] === undefined) ? whole : of;
  const keyed = by("idempotencyKey").options;
  if (steps !== undefined && whole?.options.rateLimit !== undefined) {
    throw unsupported(`the workflow "${whole.name}" has a rate limit for its runs as a whole`);
  }
  const alone = { concurrency: undefined, rate: by("rateLimit").options.rateLimit };
  return {
    of: of.name,
    description: of.options.description ?? "",
    isWhole: steps !== undefined,
    steps: steps?.map(stepOf) ?? [{ ...stepOf(of as TaskDeclaration), ...alone }],
    concurrency: limitOf(by("concurrency")),
    idempotency: keyed.idempotencyKey === undefined ? undefined : (keyed.idempotencyHold ?? "kept"),
  };
}

function stepOf(task: TaskDeclaration): StepShape {
  const { waitFor, slots = 1, scheduleTimeout, retries = 0, timeout, backoff, rateLimit } = task.options;
  return {
    task: task.name,
    parents: Object.values(task.parents).map(({ name }) => name),
    finally: task.finally,
    waitFor: waitFor && waitsOf(waitFor),
    cost: slots,
    concurrency: limitOf(task),
    rate: rateLimit,
    scheduleTimeout,
    retries,
    ...(timeout !== undefined && { timeout }),
    ...(backoff !== undefined && { backoff }),
  };
}

function limitOf(of: Declaration): Limit | undefined {
  const { concurrency } = of.options;
  if (concurrency === undefined) return undefined;
  const { limit = 1, strategy = "queue", group } = concurrency;
  if (group !== undefined) throw unsupported(`"${of.name}" shares the concurrency keys of the group "${group}"`);
  return { limit, strategy };
}

function waitsOf(condition: Condition): Pick<Waits, "mode" | "sleep" | "events"> {
  const mode = "any" in condition ? "any" : "all";
  const each = "any" in condition ? condition.any : "all" in condition ? condition.all : [condition];
  const sleeps = each.flatMap((part) => ("sleep" in part ? [part.sleep] : []));
  const sleep = sleeps.length === 0 ? undefined : mode === "any" ? Math.min(...sleeps) : Math.max(...sleeps);
  return { mode, sleep, events: each.flatMap((part) => ("event" in part ? [part.event] : [])) };
}

/** What a run is asked for with says what Hatchet has to know, where no worker has told it. */
export function shapeOfRequest({ task, steps, idempotency, ...whole }: RunRequest): Shape {
  if (steps !== undefined && whole.rate !== undefined) {
    throw unsupported(`the workflow "${task}" has a rate limit for its runs as a whole`);
  }
  const alone = { ...whole, task, parents: [], waitFor: undefined, finally: undefined, concurrency: undefined };
  return {
    of: task,
    description: "",
    isWhole: steps !== undefined,
    steps: (steps ?? [alone]).map(requested),
    concurrency: whole.concurrency,
    idempotency: idempotency?.holds,
  };
}

function requested(step: Omit<StepRequest, "id" | "priority">): StepShape {
  const { task, parents, waitFor, cost, concurrency, rate, scheduleTimeout } = step;
  return { task, parents, finally: step.finally, waitFor, cost, concurrency, rate, scheduleTimeout };
}

/** Whether a run that is asked for can be one of a shape: nothing would be left out of what it is asked for with. */
export function isOf(asked: Shape, there: Shape): boolean {
  return (
    facetsOf(asked) === facetsOf(there) ||
    (asked.idempotency === undefined && facetsOf(asked, there) === facetsOf(there))
  );
}

function facetsOf({ isWhole, steps, concurrency, idempotency }: Shape, as?: Shape): string {
  const limit = (of: Limit | undefined) => of && [of.limit, of.strategy];
  const each = steps.map((step) => {
    const { task, parents, waitFor, cost, rate, scheduleTimeout } = step;
    return [
      task,
      parents,
      step.finally,
      waitFor,
      cost,
      limit(step.concurrency),
      rate && [rate.limit, rate.per],
      scheduleTimeout,
    ];
  });
  return JSON.stringify([isWhole, each, limit(concurrency), as === undefined ? idempotency : as.idempotency]);
}
