import assert from "node:assert/strict";
import type { RunInfo } from "livespan/work";
import type { Entry } from "./journal.ts";
import { limit, sumOf, type Given } from "./mix.ts";
import { slots } from "./place.ts";

/** What a play has come to. */
export interface Played {
  /** Every run that there is: steps of workflows and children too. */
  readonly runs: readonly RunInfo[];
  /** The runs that were asked for, in order. */
  readonly asked: readonly string[];
  readonly entries: readonly Entry[];
  /** The keys of all effects. */
  readonly effects: readonly string[];
  /** Runs that were replayed, since five workers had been lost over them. What is said of attempts does not hold for them. */
  readonly replayed: ReadonlySet<string>;
  /** How often a process was killed, stopped or cut off. */
  readonly troubles: number;
}

type Begun = Extract<Entry, { readonly what: "begun" }>;

/**
 * Holds a play to this:
 *
 * - Each run that was asked for has succeeded, with what it must give, and so has each that one of them asked for: none is lost.
 * - Each body's effect is there once, under its key.
 * - Attempts are honest. The bodies of a run that have begun have different attempts; the last one is the one whose output was
 *   kept, and the one that the run says. An attempt without a body is a job that was lost before its body began: so there are
 *   at most as many of them as workers in trouble could have in hand.
 * - What is remembered of a step is not done again by a later attempt.
 * - A step of a workflow begins when the effects of those before it are there.
 * - While leases hold, no more bodies of one key are open at once than its limit.
 */
export function judge(played: Played): void {
  assertEnded(played);
  assertEffects(played);
  assertAttempts(played);
  assertSteps(played);
  assertOrder(played);
  assertLimits(played);
}

function assertEnded({ runs, asked }: Played): void {
  const byId = new Map(runs.map((run) => [run.id, run]));
  for (const { id, task, state, error } of runs) {
    assert.equal(state, "succeeded", `${task} ${id}: ${JSON.stringify(error)}`);
  }
  for (const [n, id] of asked.entries()) {
    const run = byId.get(id);
    assert.ok(run !== undefined, `run ${id} is lost`);
    const { task, output } = run;
    // The mix wrote it.
    const given = (task === "flow" ? (output as Record<string, Given>)["flow/last"] : output) as Given;
    assert.equal(given.sum, sumOf(task, n), `${task} ${id}`);
  }
  const children = Map.groupBy(runs, ({ parentRunId }) => parentRunId);
  for (const { id } of runs.filter(({ task }) => task === "parent")) assert.equal(children.get(id)?.length, 2);
  const asking = runs.filter(({ task, workflowRunId }) => task !== "child" && workflowRunId === undefined);
  assert.equal(asking.length, asked.length);
}

const hasBody = ({ task }: RunInfo): boolean => task !== "flow";

function assertEffects({ runs, effects }: Played): void {
  const expected = runs.filter(hasBody).map(({ id }) => id);
  assert.deepEqual([...effects].sort(), expected.sort());
}

function assertAttempts({ runs, entries, replayed, troubles }: Played): void {
  const begun = Map.groupBy(begunOf(entries), ({ run }) => run);
  let hidden = 0;
  for (const { id, task, attempt, output } of runs.filter(hasBody)) {
    if (replayed.has(id)) continue;
    const attempts = (begun.get(id) ?? []).map((each) => each.attempt);
    const about = `${task} ${id}: ${attempts.join(", ")} of ${attempt}`;
    assert.equal(new Set(attempts).size, attempts.length, `two bodies were one attempt: ${about}`);
    assert.equal(Math.max(...attempts), attempt, about);
    assert.equal((output as Given).attempt, attempt, about);
    hidden += attempt - attempts.length;
  }
  assert.ok(hidden <= troubles * 2 * slots, `${hidden} attempts have no body`);
}

function begunOf(entries: readonly Entry[]): Begun[] {
  return entries.filter((entry) => entry.what === "begun");
}

function assertSteps({ entries, replayed }: Played): void {
  const kept = new Map<string, number>();
  for (const entry of entries) {
    if (entry.what !== "kept") continue;
    const name = `${entry.run} ${entry.step}`;
    kept.set(name, Math.min(kept.get(name) ?? Infinity, entry.attempt));
  }
  for (const entry of entries) {
    if (entry.what !== "did" || replayed.has(entry.run)) continue;
    const { run, step, attempt } = entry;
    const by = kept.get(`${run} ${step}`) ?? Infinity;
    assert.ok(attempt <= by, `attempt ${attempt} of ${run} did step ${step}, which attempt ${by} had kept`);
  }
}

const before: Readonly<Record<string, readonly string[]>> = {
  "flow/left": ["flow/first"],
  "flow/right": ["flow/first"],
  "flow/last": ["flow/left", "flow/right"],
};

function assertOrder({ runs, entries }: Played): void {
  const steps = Map.groupBy(runs, ({ workflowRunId }) => workflowRunId);
  const byId = new Map(runs.map((run) => [run.id, run]));
  const made = new Set<string>();
  for (const entry of entries) {
    if (entry.what === "effect" || entry.what === "again") made.add(entry.run);
    const parents = entry.what === "begun" ? before[entry.task] : undefined;
    if (parents === undefined || entry.what !== "begun") continue;
    const { workflowRunId } = byId.get(entry.run)!;
    for (const { id } of steps.get(workflowRunId)!.filter(({ task }) => parents.includes(task))) {
      assert.ok(made.has(id), `${entry.task} began before its parent's effect`);
    }
  }
}

/** From one entry to another: while a body was open, and its lease surely held. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * The last attempt of a run is the one that the ledger kept, so its lease held throughout. Of any other one it is gone at some
 * time after trouble came over its process, so only what was before that counts; and nothing of a process that lost its lease
 * without any, since nobody wrote down when.
 */
function spansOf({ entries, runs, replayed }: Played): ReadonlyMap<string, Span[]> {
  const last = new Map(runs.map(({ id, attempt }) => [id, attempt]));
  const spans = new Map<string, Span[]>();
  for (const [from, entry] of entries.entries()) {
    if (entry.what !== "begun" || entry.key === undefined || replayed.has(entry.run)) continue;
    const to = endOf(entry, from, entries, last.get(entry.run) === entry.attempt);
    if (to === undefined) continue;
    const known = spans.get(entry.key);
    if (known === undefined) spans.set(entry.key, [{ from, to }]);
    else known.push({ from, to });
  }
  return spans;
}

function endOf(begun: Begun, from: number, entries: readonly Entry[], isLast: boolean): number | undefined {
  const { run, attempt, pid } = begun;
  for (let at = from + 1; at < entries.length; at++) {
    const entry = entries[at]!;
    if (entry.what === "ended" && entry.run === run && entry.attempt === attempt) return at;
    if (!isLast && entry.what === "trouble" && (entry.pid === pid || entry.pid === 0)) return at;
    if (!isLast && entry.what === "lost" && entry.pid === pid) return undefined;
  }
  return undefined;
}

function assertLimits(played: Played): void {
  for (const [key, spans] of spansOf(played)) {
    const moments = spans.flatMap(({ from, to }) => [
      { at: from, by: 1 },
      { at: to, by: -1 },
    ]);
    let open = 0;
    for (const { at, by } of moments.sort((a, b) => a.at - b.at)) {
      open += by;
      assert.ok(
        open <= limit,
        `${open} bodies of key ${key} are open at entry ${at}: ${JSON.stringify(played.entries[at])}`,
      );
    }
  }
}
