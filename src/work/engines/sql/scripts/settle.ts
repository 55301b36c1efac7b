import type { AwaitedEvent } from "../../../engine.ts";
import type { Settlement } from "../../queue/ledger.ts";
import { follow, type Ended } from "./finish.ts";
import { query, type Script, type Told } from "../script.ts";

/** What a settlement makes of the row. */
interface Change {
  readonly run: string;
  readonly fence: number;
  readonly ended: string;
  readonly output?: string | undefined;
  readonly error?: string;
  readonly why?: string | undefined;
  readonly due_at?: number | undefined;
  readonly failed: 0 | 1;
  /** The attempt goes on later. */
  readonly back: 0 | 1;
  readonly final: 0 | 1;
}

// What is returned is named without its table, which SQLite asks for: so the record has other names for these columns.
// The worker is compared as no index can: by its id a run is found at once, by its worker all that this one has are.
// A run that was to be cancelled goes to no later attempt.
const settleRuns = `update {runs} as r set
    state = case when s.final = 0 and r.cancel_why is not null then 'cancelled' else s.ended end,
    output = s.output, error = s.error, reason = case when s.final = 0 and r.cancel_why is not null then r.cancel_reason else s.why end,
    due_at = case when r.cancel_why is null then s.due_at end,
    failures = r.failures + s.failed, attempt = r.attempt - s.back, worker = null,
    admitted = case when s.final = 1 or r.cancel_why is not null then 0 else r.admitted end,
    settled_at = case when s.final = 1 or r.cancel_why is not null then cast($2 as {moment}) end
  from rows($1 as s; run text, fence int, ended text, output text, error text, why text, due_at real, failed int,
    back int, final int)
  where r.id = s.run and r.fence = s.fence and r.state = 'running' and r.worker || '' = $3
  returning id, kind, task, state, root, key, awaited, reason`;

/** The most frequent end: nothing else moves by it, and few columns change. */
const succeedRuns = `update {runs} as r set state = 'succeeded', output = s.output, error = null, worker = null,
    settled_at = $2
  from rows($1 as s; run text, fence int, output text)
  where r.id = s.run and r.fence = s.fence and r.state = 'running' and r.worker || '' = $3
  returning id, awaited`;

/** A claim ends once: a run with this fence that nobody has in hand was settled by this very call, made before. */
export const settledBefore = `select id from rows($1 as s; run text, fence int) join {runs} as r on r.id = s.run
  where r.fence = s.fence and r.state <> 'running'`;

/** Keeps how attempts have ended. Gives the ids of those that are another worker's by now. */
export function* settle(
  told: Told,
  now: number,
  worker: string,
  settled: readonly Settlement[],
): Script<readonly string[]> {
  const simple = settled.filter(isSimple);
  const kept = new Set(yield* succeed(told, now, worker, simple));
  const rest = simple.length === 0 ? settled : settled.filter((each) => !isSimple(each));
  for (const id of yield* change(told, now, worker, rest)) kept.add(id);
  if (kept.size === settled.length) return [];
  const missing = settled.filter(({ id }) => !kept.has(id));
  const records = JSON.stringify(missing.map(({ id, fence }) => ({ run: id, fence })));
  for (const { id } of yield* query<{ id: string }>(settledBefore, records)) kept.add(id);
  return missing.flatMap(({ id }) => (kept.has(id) ? [] : [id]));
}

/** Nothing else moves by it. */
export function isSimple({ to, linked }: Settlement): boolean {
  return to === "succeeded" && !linked;
}

function* succeed(told: Told, now: number, worker: string, settled: readonly Settlement[]): Script<readonly string[]> {
  if (settled.length === 0) return [];
  const records = JSON.stringify(settled.map(({ id, fence, output }) => ({ run: id, fence, output })));
  const kept = yield* query<{ id: string; awaited: number }>(succeedRuns, records, now, worker);
  for (const { id, awaited } of kept) if (awaited === 1) told.settled.add(id);
  return kept.map(({ id }) => id);
}

function* change(told: Told, now: number, worker: string, settled: readonly Settlement[]): Script<readonly string[]> {
  if (settled.length === 0) return [];
  const changes = JSON.stringify(settled.map((each) => changeOf(each, now)));
  const kept = yield* query<Ended & { task: string }>(settleRuns, changes, now, worker);
  const ended: Ended[] = [];
  for (const row of kept) {
    if (row.state === "queued") told.queued.add(row.task);
    else if (row.state !== "scheduled" && row.state !== "waiting") ended.push(row);
  }
  for (const { dueAt } of settled) told.due(dueAt);
  yield* follow(told, now, ended);
  for (const { id, event } of settled) if (event !== undefined) yield* waitFor(id, event);
  return kept.map(({ id }) => id);
}

function changeOf({ id, fence, to, output, error, reason, dueAt, event }: Settlement, now: number): Change {
  const final = to === "succeeded" || to === "failed" || to === "cancelled" || to === "skipped";
  const later = event !== undefined || (dueAt !== undefined && dueAt > now);
  return {
    run: id,
    fence,
    ended: final ? to : to === "suspended" && event !== undefined ? "waiting" : later ? "scheduled" : "queued",
    output,
    ...(error !== undefined && { error: JSON.stringify(error) }),
    why: reason,
    due_at: final || !later ? undefined : dueAt,
    failed: to === "failed" || to === "retry" ? 1 : 0,
    back: to === "suspended" ? 1 : 0,
    final: final ? 1 : 0,
  };
}

function* waitFor(run: string, { key, step }: AwaitedEvent): Script<void> {
  yield* query(
    `insert into {waits} (run, event, step) select id, $2, $3 from {runs} where id = $1 and state = 'waiting'
     on conflict do nothing`,
    run,
    key,
    step,
  );
}
