import type { ListFilter, RunFilter, RunState } from "./run.ts";
import type { ReplayOptions, RunOptions } from "./client.ts";
import { didYouMean } from "../kernel/nearest.ts";
import { workError } from "./errors.ts";

/** Of keys and names that runs are found by, in characters: a database has room for some 2,700 bytes in an index. */
const longestKey = 500;

interface Rule {
  readonly expected: string;
  fits(value: unknown): boolean;
}

const text: Rule = { expected: "a text that is not empty", fits: (value) => typeof value === "string" && value !== "" };
const key: Rule = { expected: `a text of 1 to ${longestKey} characters`, fits: isKey };
const moment: Rule = { expected: "milliseconds since the Unix epoch", fits: Number.isFinite };
const texts: Rule = { expected: "a list of texts", fits: (value) => Array.isArray(value) && value.every(isText) };
const flag: Rule = { expected: "true or false", fits: (value) => typeof value === "boolean" };
const metadata: Rule = {
  expected: "a record of texts",
  fits: (value) => typeof value === "object" && value !== null && Object.values(value).every(isText),
};

const runRules: Readonly<Record<keyof RunOptions, Rule>> = {
  delay: { expected: "milliseconds, 0 or more", fits: (value) => Number.isFinite(value) && Number(value) >= 0 },
  // What the engines' databases keep it in.
  priority: { expected: "a whole number of 32 bits", fits: (value) => (Number(value) | 0) === value },
  idempotencyKey: key,
  concurrencyKey: key,
  metadata,
  transaction: {
    expected: "a PostgreSQL client",
    fits: (value) => typeof value === "object" && value !== null && "query" in value,
  },
};

/** Typed, so that a state that is added cannot be forgotten here. */
const isState: Readonly<Record<RunState, true>> = {
  scheduled: true,
  waiting: true,
  held: true,
  queued: true,
  running: true,
  succeeded: true,
  failed: true,
  cancelled: true,
  skipped: true,
};
const states = Object.keys(isState);

const filterRules: Readonly<Record<keyof RunFilter, Rule>> = {
  ids: texts,
  tasks: texts,
  states: texts,
  metadata,
  steps: flag,
  workflowRunId: text,
  parentRunId: text,
  since: moment,
  until: moment,
  limit: { expected: "a whole number above 0", fits: (value) => Number.isSafeInteger(value) && Number(value) > 0 },
  before: text,
};
const listRules: Readonly<Record<keyof ListFilter, Rule>> = { ...filterRules, payloads: flag };

const replayRules: Readonly<Record<keyof ReplayOptions, Rule>> = { fresh: flag };

/** @throws LivespanError INVALID_RUN_OPTION */
export function assertRunOptions(what: string, options: unknown): asserts options is RunOptions {
  assertRules(what, options, runRules);
}

/** @throws LivespanError INVALID_RUN_OPTION */
export function assertFilter(what: string, filter: unknown): asserts filter is RunFilter {
  assertRules(what, filter, filterRules);
  assertStates(what, filter);
}

/** @throws LivespanError INVALID_RUN_OPTION */
export function assertListFilter(what: string, filter: unknown): asserts filter is ListFilter {
  assertRules(what, filter, listRules);
  assertStates(what, filter);
  const { limit = 0 } = filter as ListFilter;
  if (limit > 1_000) throw refused(`${what}: limit: expected at most 1,000, got ${limit}.`);
}

function assertStates(what: string, filter: unknown): void {
  for (const state of (filter as RunFilter).states ?? []) {
    if (!states.includes(state)) {
      throw refused(`${what}: no run is ever "${state}".${didYouMean(state, states)} Expected: ${states.join(", ")}.`);
    }
  }
}

/** Whether it forgets what it remembers. @throws LivespanError INVALID_RUN_OPTION */
export function isFresh(what: string, options: ReplayOptions): boolean {
  assertRules(what, options, replayRules);
  return options.fresh === true;
}

/** A key, or the name of an event, a cron or a step. @throws LivespanError INVALID_RUN_OPTION */
export function assertKey(what: string, candidate: unknown): asserts candidate is string {
  if (isKey(candidate)) return;
  const got = typeof candidate === "string" ? `${candidate.length} characters` : shown(candidate);
  throw refused(`${what}: expected ${key.expected}, got ${got}.`);
}

/** Milliseconds since the Unix epoch. @throws LivespanError INVALID_RUN_OPTION */
export function momentOf(what: string, at: unknown): number {
  const ms = at instanceof Date ? at.getTime() : at;
  if (typeof ms === "number" && Number.isFinite(ms)) return ms;
  throw refused(`${what}: at: expected a Date or ${moment.expected}, got ${String(at)}.`);
}

export function refused(message: string, remedy?: string): Error {
  return workError("INVALID_RUN_OPTION", message, remedy === undefined ? {} : { remedy });
}

function assertRules(what: string, options: unknown, rules: Readonly<Record<string, Rule>>): void {
  if (typeof options !== "object" || options === null) {
    throw refused(`${what}: expected an object of options, got ${options === null ? "null" : typeof options}.`);
  }
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    const known = Object.keys(rules);
    if (rule === undefined) {
      throw refused(`${what} has no option "${name}".${didYouMean(name, known)} Expected one of: ${known.join(", ")}.`);
    }
    if (value !== undefined && !rule.fits(value)) {
      throw refused(`${what}: ${name}: expected ${rule.expected}, got ${shown(value)}.`);
    }
  }
}

function isKey(value: unknown): boolean {
  return typeof value === "string" && value !== "" && value.length <= longestKey;
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function shown(value: unknown): string {
  if (typeof value === "string" && value.length > longestKey) return `${value.length} characters`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
