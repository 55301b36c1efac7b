import type {
  Concurrency,
  CreateTaskOpts,
  CreateTaskRateLimit,
  CreateWorkflowVersionRequest,
} from "@hatchet-dev/typescript-sdk/protoc/v1/workflows.js";
import type { Limit, Shape, StepShape } from "./shape.ts";
import { actionOf, hatchetName, stepName } from "./names.ts";
import { randomUUID } from "node:crypto";
import type { Sdk } from "./connection.ts";
import { unsupported } from "./refusals.ts";

/** Attempts that Hatchet is told of beyond a task's own: for those that a worker gives back. The worker says which is the last. */
const spareRetries = 20;

/** Milliseconds that Hatchet waits longer than a task's own timeout, which its worker sees to. */
export const timeoutMargin = 60_000;
export const defaultTimeout = 600_000;
const forEver = "87600h";

/** Milliseconds that an idempotency key is kept where the task says "kept". */
const keptKey = 30 * 86_400_000;

const strategies = {
  "cancel-in-progress": "CANCEL_IN_PROGRESS",
  queue: "GROUP_ROUND_ROBIN",
  "round-robin": "GROUP_ROUND_ROBIN",
  "cancel-newest": "CANCEL_NEWEST",
} as const;

const spans = [
  [1_000, "SECOND"],
  [60_000, "MINUTE"],
  [3_600_000, "HOUR"],
  [86_400_000, "DAY"],
  [604_800_000, "WEEK"],
] as const;

/** Who is told, in which words. */
export interface Terms {
  readonly namespace: string;
  readonly sdk: Sdk;
}

/** A workflow as Hatchet is told of it. @throws LivespanError ENGINE_UNSUPPORTED */
export function declarationOf(shape: Shape, terms: Terms): CreateWorkflowVersionRequest {
  const regular = shape.steps.filter((step) => step.finally !== "failure");
  const failure = shape.steps.find((step) => step.finally === "failure");
  const place = { ...terms, isWhole: shape.isWhole };
  return {
    name: hatchetName(terms.namespace, shape.of),
    description: shape.description,
    version: "",
    eventTriggers: [],
    cronTriggers: [],
    tasks: regular.map((step) => taskOf(step, { ...place, all: regular })),
    concurrency: undefined,
    concurrencyArr: concurrencyOf(terms, shape.concurrency, "*"),
    defaultFilters: [],
    onFailureTask: failure && taskOf(failure, { ...place, all: [] }),
    idempotency: shape.idempotency === undefined ? undefined : idempotency(terms, shape.idempotency),
  };
}

interface Place extends Terms {
  readonly isWhole: boolean;
  readonly all: readonly StepShape[];
}

function taskOf(step: StepShape, { all, isWhole, ...terms }: Place): CreateTaskOpts {
  const name = stepName(step.task);
  const { retries = 0, timeout = defaultTimeout, scheduleTimeout, waitFor } = step;
  return {
    readableId: name,
    action: actionOf(terms.namespace, step.task),
    timeout: `${timeout + timeoutMargin}ms`,
    inputs: "{}",
    parents: parentsOf(step, all),
    retries: retries + spareRetries,
    rateLimits: ratesOf(terms, step, isWhole ? name : "*"),
    workerLabels: {},
    concurrency: isWhole ? concurrencyOf(terms, step.concurrency, name) : [],
    conditions: waitFor && conditionsOf(terms, waitFor),
    scheduleTimeout: scheduleTimeout === undefined ? forEver : `${scheduleTimeout}ms`,
    isDurable: false,
    slotRequests: { default: step.cost },
    ...backoffOf(step),
  };
}

/** What runs after success waits for all. */
function parentsOf(step: StepShape, all: readonly StepShape[]): string[] {
  const others = all.filter((each) => each !== step).map(({ task }) => task);
  return (step.finally === "success" ? others : step.parents).map(stepName);
}

/** Hatchet's own begins at a second, and has no jitter. Without one, an attempt follows at once. */
function backoffOf({ backoff = {}, retries = 0 }: StepShape): Partial<CreateTaskOpts> {
  const { factor = 2, max = 60_000, base = 1_000 } = backoff;
  if (retries === 0 || base < 1_000 || max < 1_000) return {};
  return { backoffFactor: factor, backoffMaxSeconds: Math.ceil(max / 1_000) };
}

function concurrencyOf({ sdk }: Terms, limit: Limit | undefined, step: string): Concurrency[] {
  if (limit === undefined) return [];
  const limitStrategy = sdk.ConcurrencyLimitStrategy[strategies[limit.strategy]];
  return [{ expression: field("keys", step), maxRuns: limit.limit, limitStrategy }];
}

function ratesOf({ sdk }: Terms, { task, rate }: StepShape, step: string): CreateTaskRateLimit[] {
  if (rate === undefined) return [];
  const [, span] = spans.find(([ms]) => ms === rate.per) ?? [];
  if (span === undefined) {
    throw unsupported(`the rate limit of "${task}" is per ${rate.per} ms, not per second, minute, hour, day or week`);
  }
  const key = `livespan-${task}`;
  const duration = sdk.RateLimitDuration[span];
  return [{ key, keyExpr: field("rates", step), units: 1, limitValuesExpr: String(rate.limit), duration }];
}

/** What a run's input says under a name; a run of another client says nothing. */
function field(of: "keys" | "rates", name: string): string {
  const at = JSON.stringify(name);
  return `has(input.${of}) && ${at} in input.${of} ? string(input.${of}[${at}]) : "*"`;
}

function conditionsOf({ sdk, namespace }: Terms, { mode, sleep, events }: NonNullable<StepShape["waitFor"]>) {
  const one = randomUUID();
  const base = (readableDataKey: string) => {
    return {
      readableDataKey,
      action: sdk.Action.QUEUE,
      orGroupId: mode === "any" ? one : randomUUID(),
      expression: "",
    };
  };
  return {
    parentOverrideConditions: [],
    sleepConditions: sleep === undefined ? [] : [{ base: base("sleep"), sleepFor: `${sleep}ms` }],
    userEventConditions: events.map((event) => ({ base: base(event), userEventKey: namespace + event })),
  };
}

function idempotency({ sdk }: Terms, holds: "kept" | "active" | number): CreateWorkflowVersionRequest["idempotency"] {
  const moment = "additional_metadata.hatchet__scheduled_at";
  return {
    // What a cron asks for is another run at each of its moments.
    expression: `has(${moment}) ? string(input.key) + string(${moment}) : string(input.key)`,
    ttlMs: typeof holds === "number" ? holds : keptKey,
    method: sdk.IdempotencyMethod[holds === "active" ? "STATUS" : "TTL"],
  };
}
