import type { RateLimit } from "../../../engine.ts";
import { finish, type Final } from "./finish.ts";
import { advance } from "./advance.ts";
import { lock, query, type Script, type Told } from "../script.ts";

/** A run that is due, and asks for its turn. */
export interface Entering {
  readonly id: string;
  readonly kind: "task" | "workflow" | "step";
  readonly task: string;
  readonly root: string | null;
  readonly key: string | null;
  readonly key_limit: number | null;
  readonly key_strategy: string | null;
  readonly rate: string | null;
  readonly start_within: number | null;
}

export const enteringColumns = "id, kind, task, root, key, key_limit, key_strategy, rate, start_within";

/**
 * Lets runs in that are due: by their rate, then by their key, then into the queue. Whoever has come before is counted in the
 * same transaction, so no more than the limit are ever admitted.
 */
export function* enter(told: Told, now: number, runs: readonly Entering[]): Script<void> {
  const limited = runs.filter(({ rate, key }) => rate !== null || key !== null);
  yield* queue(
    told,
    now,
    runs.filter(({ rate, key }) => rate === null && key === null),
  );
  // In the order of their keys, so that two transactions never wait for each other.
  const keys = limited.map(({ rate, key }) => `${key ?? ""}\n${rate ?? ""}`);
  const order = limited.map((_, i) => i).sort((a, b) => (keys[a]! < keys[b]! ? -1 : keys[a]! > keys[b]! ? 1 : a - b));
  for (const i of order) {
    const run = limited[i]!;
    if (run.rate !== null && !(yield* passes(told, now, run, JSON.parse(run.rate) as RateLimit))) continue;
    if (run.key === null) yield* queue(told, now, [run]);
    else yield* admit(told, now, run, run.key);
  }
}

// In turn: behind what is queued already, also when that was within this very millisecond.
const queueRuns = `update {runs} as r set state = case when kind = 'workflow' then 'running' else 'queued' end,
  due_at = null, start_by = coalesce(start_by, cast($2 as {moment}) + start_within),
  place = case when key_strategy = 'round-robin' then coalesce((select max(q.place) + 0.001 from {runs} as q
    where q.task = r.task and q.state = 'queued' and q.priority = r.priority and q.place >= cast($2 as {moment})), cast($2 as {moment})) else place end,
  admitted = case when key is null then 0 else 1 end where id in (texts($1))`;

/** A task can be claimed from now on; a workflow's first steps begin. */
function* queue(told: Told, now: number, runs: readonly Entering[]): Script<void> {
  if (runs.length === 0) return;
  yield* query(queueRuns, JSON.stringify(runs.map(({ id }) => id)), now);
  for (const { id, kind, task, start_within } of runs) {
    if (kind === "workflow") yield* advance(told, now, id);
    else told.queued.add(task);
    if (start_within !== null) told.due(now + start_within);
  }
}

/** Whether its rate lets it in now; otherwise it is due later, and has passed then. */
function* passes(told: Told, now: number, { id }: Entering, { key, limit, per }: RateLimit): Script<boolean> {
  yield* lock(`rate ${key}`);
  const [row] = yield* query<{ moments: string }>("select moments from {rates} where key = $1", key);
  const moments = row === undefined ? [] : (JSON.parse(row.moments) as number[]);
  const at = moments.length < limit ? now : Math.max(now, moments.at(-limit)! + per);
  const kept = JSON.stringify([...moments, at].slice(-limit));
  yield* query(
    "insert into {rates} (key, moments) values ($1, $2) on conflict (key) do update set moments = excluded.moments",
    key,
    kept,
  );
  if (at <= now) return true;
  yield* query("update {runs} set state = 'scheduled', due_at = $2, rate = null where id = $1", id, at);
  told.due(at);
  return false;
}

/** One of the runs of a key that have not ended. */
interface Rival {
  readonly id: string;
  readonly kind: Entering["kind"];
  readonly state: string;
  readonly admitted: number;
  readonly cancel_why: string | null;
}

const admitted = "select cast(count(*) as integer) as count from {runs} where key = $1 and admitted = 1";

function* admittedOf(key: string): Script<number> {
  const [row] = yield* query<{ count: number }>(admitted, key);
  return row?.count ?? 0;
}

const rivals = `select id, kind, state, admitted, cancel_why from {runs}
  where key = $1 and (admitted = 1 or state = 'held') and id <> $2 order by place, id {for update}`;

function* admit(told: Told, now: number, run: Entering, key: string): Script<void> {
  yield* lock(key);
  const limit = run.key_limit ?? 1;
  const strategy = run.key_strategy;
  if (strategy === "cancel-in-progress") {
    yield* overtake(told, now, yield* query<Rival>(rivals, key, run.id), limit, key);
  }
  // The line of a key may be long, so it is not read by each that joins it.
  const taken = yield* admittedOf(key);
  if (taken < limit) return yield* queue(told, now, [run]);
  if (strategy === "cancel-newest") {
    return yield* finish(told, now, [cancelledBy(run.id, `its concurrency key is taken, and it is the newest`)]);
  }
  yield* query(
    "update {runs} set state = 'held', due_at = null, start_by = coalesce(start_by, cast($2 as {moment}) + start_within) where id = $1",
    run.id,
    now,
  );
  const [held] = yield* query<{ start_by: number | null }>("select start_by from {runs} where id = $1", run.id);
  told.due(held?.start_by);
}

function cancelledBy(id: string, reason: string): Final {
  return { id, state: "cancelled", reason };
}

const markOvertaken = `update {runs} set cancel_why = 'concurrency', cancel_reason = $2
  where id in (texts($1)) and state = 'running' returning worker`;

/** Ends the oldest of those that have not ended, so that the newest `limit` are left. */
function* overtake(told: Told, now: number, others: readonly Rival[], limit: number, key: string): Script<void> {
  const left = others.filter(({ cancel_why }) => cancel_why === null);
  const excess = left.slice(0, Math.max(0, left.length + 1 - limit));
  const reason = `a newer run of its concurrency key took its place`;
  const running = excess.filter(({ state, kind }) => state === "running" && kind !== "workflow");
  const marked = yield* query<{ worker: string | null }>(
    markOvertaken,
    JSON.stringify(running.map(({ id }) => id)),
    reason,
  );
  for (const { worker } of marked) if (worker !== null) told.cancelled.add(worker);
  const rest = excess.filter((each) => !running.includes(each));
  for (const { id, kind } of rest) {
    if (kind === "workflow") yield* cancelSteps(told, now, id, reason);
    else yield* finish(told, now, [cancelledBy(id, reason)], key);
  }
}

/** Cancels all of a workflow's run; it ends when its last step has. */
export function* cancelSteps(told: Told, now: number, root: string, reason: string, why = "concurrency"): Script<void> {
  yield* query(
    "update {runs} set cancel_why = $2, cancel_reason = $3 where id = $1 and settled_at is null",
    root,
    why,
    reason,
  );
  // Locked, since one that is being claimed right now is to be told, and not only ended.
  const open = yield* query<{ id: string; state: string }>(
    "select id, state from {runs} where root = $1 and settled_at is null order by id {for update}",
    root,
  );
  const marked = yield* query<{ worker: string | null }>(
    `update {runs} set cancel_why = $2, cancel_reason = $3
     where id in (texts($1)) and state = 'running' and cancel_why is null returning worker`,
    JSON.stringify(open.map(({ id }) => id)),
    why,
    reason,
  );
  for (const { worker } of marked) if (worker !== null) told.cancelled.add(worker);
  const rest = open.filter(({ state }) => state !== "running");
  yield* finish(
    told,
    now,
    rest.map(({ id }) => cancelledBy(id, reason)),
  );
  yield* advance(told, now, root);
}

const nextHeld = `select ${enteringColumns} from {runs} where key = $1 and state = 'held'
  order by priority desc, place, id limit $2`;

/** A run of this key has ended: the next in line have their turn. */
export function* letIn(told: Told, now: number, key: string): Script<void> {
  yield* lock(key);
  // The limit is the latest that was declared.
  const [latest] = yield* query<{ key_limit: number }>(
    "select key_limit from {runs} where key = $1 and state = 'held' order by id desc limit 1",
    key,
  );
  if (latest === undefined) return;
  const free = latest.key_limit - (yield* admittedOf(key));
  if (free <= 0) return;
  yield* queue(told, now, yield* query<Entering>(nextHeld, key, free));
}
