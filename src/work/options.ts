import type { BackoffOptions } from "../kernel/backoff.ts";
import type { Needs } from "../kernel/lifespan.ts";
import type { AnyTaskOptions, ConcurrencyOptions } from "./task.ts";
import type { WorkflowOptions } from "./workflow.ts";
import { cronFault } from "./cron.ts";
import { assertName, assertOptions, declarationOf } from "../kernel/lifespan.ts";
import { didYouMean } from "../kernel/nearest.ts";
import { isSchema } from "./check.ts";
import { print, wrong } from "./wrong.ts";
import { workError } from "./errors.ts";

/** Refuses one option's value. */
type Check = (what: string, value: unknown) => void;

const ms = finite("milliseconds, more than 0", (value) => value > 0);
const pause = finite("milliseconds, 0 or more", (value) => value >= 0);
const count = finite("a whole number, 1 or more", (value) => Number.isSafeInteger(value) && value >= 1);

const checks = {
  input: assertSchema,
  output: assertSchema,
  retries: finite("a whole number, 0 or more", (value) => Number.isSafeInteger(value) && value >= 0),
  backoff: assertBackoff,
  timeout: (what, value) => value === Infinity || ms(what, value),
  scheduleTimeout: ms,
  // What the databases of the engines keep it in.
  priority: finite("a whole number within 32 bits", (value) => (value | 0) === value),
  concurrency: assertConcurrency,
  idempotencyKey: assertFunction,
  idempotencyHold: assertHold,
  rateLimit: assertRateLimit,
  slots: count,
  cron: assertCronOption,
  description: assertText,
  waitFor: assertCondition,
  skipIf: assertFunction,
  cancelIf: assertFunction,
} satisfies Readonly<Record<string, Check>>;

const ofSteps = ["parents", "waitFor", "skipIf", "cancelIf"];
const stepOptions = ["needs", "uses", "parents", ...Object.keys(checks)];
const taskOptions = stepOptions.filter((name) => !ofSteps.includes(name));
const unshared = ["output", "uses", "retries", "backoff", "timeout", "scheduleTimeout", "slots"];
const workflowOptions = [...taskOptions.filter((name) => !unshared.includes(name)), "defaults"];
const defaults = ["retries", "backoff", "timeout", "scheduleTimeout", "slots"];

/** A name that runs are kept under. The slash stands between a workflow's name and its task's. */
export function assertRunName(what: string, name: unknown): asserts name is string {
  assertName(what, name);
  if (!name.includes("/")) return;
  throw workError("INVALID_TASK", `the ${what} ${JSON.stringify(name)} has a "/" in its name.`, {
    remedy: "Leave it out: a task inside a workflow gets workflow/task as its full name.",
  });
}

export function assertTaskOptions(owner: string, options: unknown): asserts options is AnyTaskOptions {
  assertOptions(owner, options, taskOptions);
  assertValues(owner, options);
}

export function assertStepOptions(owner: string, options: unknown): asserts options is AnyTaskOptions {
  assertOptions(owner, options, stepOptions);
  assertValues(owner, options);
}

export function assertWorkflowOptions(
  owner: string,
  options: unknown,
): asserts options is WorkflowOptions<Needs, undefined> {
  assertOptions(owner, options, workflowOptions);
  assertValues(owner, options);
  const { defaults: shared } = options as WorkflowOptions<Needs, undefined>;
  if (shared === undefined) return;
  assertOptions(`${owner}: defaults`, shared, defaults);
  assertValues(`${owner}: defaults`, shared);
}

function assertValues(owner: string, options: object): void {
  for (const [name, value] of Object.entries(options)) {
    // An option that is undefined was not given.
    if (value !== undefined && name in checks) checks[name as keyof typeof checks](`${owner}: ${name}`, value);
  }
}

/** What a task needs: its workflow's and its own. One key stands for one lifespan. */
export function mergeNeeds(owner: string, shared: Needs = {}, own: unknown = {}): Needs {
  if (typeof own !== "object" || own === null) throw wrong(`${owner}: needs`, "a record of lifespans", own);
  const merged: Record<string, Needs[string]> = { ...shared };
  for (const [key, candidate] of Object.entries(own)) {
    const needed = declarationOf(candidate, key, owner);
    const other = shared[key];
    if (other !== undefined && other !== needed) {
      const message = `${owner} needs the lifespan "${needed.name}" as "${key}", which is "${other.name}" in its workflow.`;
      throw workError("INVALID_TASK", message, { remedy: "Give one of them another key." });
    }
    merged[key] = needed;
  }
  return merged;
}

/** How much of each lifespan one job takes, by the lifespan's name. */
export function usesOf(owner: string, uses: unknown = {}, needs: Needs): ReadonlyMap<string, number> {
  if (typeof uses !== "object" || uses === null) throw wrong(`${owner}: uses`, "numbers by keys of needs", uses);
  const taken = new Map<string, number>();
  for (const [key, units] of Object.entries(uses)) {
    const needed = needs[key];
    if (needed === undefined) {
      const known = Object.keys(needs);
      const message = `${owner} uses "${key}", which it does not need.${didYouMean(key, known)}`;
      throw workError("INVALID_TASK", `${message} It needs: ${known.join(", ") || "nothing"}.`);
    }
    if (units !== undefined) taken.set(needed.name, assertUnits(`${owner}: uses.${key}`, units));
  }
  return taken;
}

/** A part of a lifespan's capacity, or all of it. */
export function assertUnits(what: string, units: unknown): number {
  if (typeof units === "number" && units > 0 && units < Infinity) return units;
  throw wrong(what, "a number, more than 0", units);
}

/** @throws LivespanError INVALID_TASK unless it is a whole number, 1 or more. */
export function assertCount(what: string, value: unknown): asserts value is number {
  count(what, value);
}

/** @throws LivespanError INVALID_TASK unless `body` is a function that can be called once for a job. */
export function assertBody(owner: string, body: unknown): void {
  if (typeof body !== "function") throw wrong(`${owner} has no body`, "a function", body);
  // Told by its tag, which functions of other realms and compiled ones have as well.
  if (!/Generator/.test(Object.prototype.toString.call(body))) return;
  throw workError(
    "INVALID_TASK",
    `${owner} is a generator: expected a function, async or not, that gives its output.`,
    {
      remedy: "Return the output, and send what comes on the way with ctx.stream().",
    },
  );
}

function finite(expected: string, fits: (value: number) => boolean): Check {
  return (what, value) => {
    if (typeof value !== "number" || !Number.isFinite(value) || !fits(value)) throw wrong(what, expected, value);
  };
}

function assertSchema(what: string, value: unknown): void {
  if (!isSchema(value)) throw wrong(what, "a schema, such as zod's", value);
}

function assertFunction(what: string, value: unknown): void {
  if (typeof value !== "function") throw wrong(what, "a function", value);
}

function assertText(what: string, value: unknown): void {
  if (typeof value !== "string") throw wrong(what, "a text", value);
}

function assertWord(what: string, value: unknown, known: readonly string[]): void {
  if (value === undefined || known.includes(value as string)) return;
  const near = typeof value === "string" ? didYouMean(value, known) : "";
  throw workError("INVALID_TASK", `${what} is ${print(value)}.${near} Expected one of: ${known.join(", ")}.`);
}

function assertBackoff(what: string, value: unknown): void {
  assertOptions(what, value, ["base", "factor", "max", "jitter"]);
  const { base, factor, max, jitter } = value as BackoffOptions;
  if (base !== undefined) pause(`${what}.base`, base);
  if (factor !== undefined) finite("a number, 1 or more", (each) => each >= 1)(`${what}.factor`, factor);
  if (max !== undefined) pause(`${what}.max`, max);
  assertWord(`${what}.jitter`, jitter, ["full", "none"]);
}

function assertConcurrency(what: string, value: unknown): void {
  assertOptions(what, value, ["limit", "key", "group", "strategy"]);
  const { limit, key, group, strategy } = value as ConcurrencyOptions<never>;
  if (limit !== undefined) count(`${what}.limit`, limit);
  if (key !== undefined) assertFunction(`${what}.key`, key);
  if (group !== undefined) assertName(`concurrency group (${what}.group)`, group);
  assertWord(`${what}.strategy`, strategy, ["queue", "round-robin", "cancel-newest", "cancel-in-progress"]);
}

function assertHold(what: string, value: unknown): void {
  if (typeof value === "number") ms(what, value);
  else if (value !== "kept" && value !== "active") throw wrong(what, '"kept", "active" or milliseconds', value);
}

function assertRateLimit(what: string, value: unknown): void {
  assertOptions(what, value, ["limit", "per", "key"]);
  const { limit, per, key } = value as { limit?: unknown; per?: unknown; key?: unknown };
  count(`${what}.limit`, limit);
  ms(`${what}.per`, per);
  if (key !== undefined) assertFunction(`${what}.key`, key);
}

function assertCronOption(what: string, value: unknown): void {
  if (typeof value !== "string") assertOptions(what, value, ["expression", "timezone", "input"]);
  const { expression, timezone } = (typeof value === "string" ? { expression: value } : value) as CronParts;
  const fault = cronFault(expression, timezone);
  if (fault !== undefined) throw workError("INVALID_TASK", `${what}: ${fault}.`);
}

interface CronParts {
  readonly expression?: unknown;
  readonly timezone?: unknown;
}

function assertCondition(what: string, value: unknown): void {
  assertOptions(what, value, ["event", "sleep", "any", "all"]);
  const [[kind, of] = ["nothing"], ...more] = Object.entries(value).filter(([, each]) => each !== undefined);
  if (more.length > 0 || kind === "nothing") throw wrong(what, "one of event, sleep, any and all", value);
  if (kind === "event") assertName(`event (${what}.event)`, of);
  else if (kind === "sleep") pause(`${what}.sleep`, of);
  else if (!Array.isArray(of) || of.length === 0) throw wrong(`${what}.${kind}`, "a list of events and sleeps", of);
  else for (const [at, each] of of.entries()) assertSimple(`${what}.${kind}[${at}]`, each);
}

/** A condition inside of any or all. */
function assertSimple(what: string, value: unknown): void {
  assertOptions(what, value, ["event", "sleep"]);
  assertCondition(what, value);
}
