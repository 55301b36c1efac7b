import type { Calls } from "../../queue/ledger.ts";
import { advance } from "./advance.ts";
import { cancelSteps, enter, enteringColumns, type Entering } from "./enter.ts";
import { conditionsOf } from "./list.ts";
import { finish } from "./finish.ts";
import { query, Told, type Done, type Script } from "../script.ts";

/** Ends runs that have not ended, with the runs that their bodies asked for. */
export function* cancel({ now, filter, reason }: Calls["cancel"]["takes"]): Script<Done<number>> {
  const told = new Told();
  const { where, values, limit } = conditionsOf(filter);
  const rows = yield* query<{ id: string; kind: string; state: string }>(
    `select id, kind, state from {runs} where settled_at is null and ${where} order by id ${limit} {for update}`,
    ...values,
  );
  yield* cancelRuns(told, now, rows, reason, "user");
  return { result: rows.length, news: told.news() };
}

function* cancelRuns(
  told: Told,
  now: number,
  rows: readonly { readonly id: string; readonly kind: string; readonly state: string }[],
  reason: string,
  why: "user" | "parent",
): Script<void> {
  if (rows.length === 0) return;
  const ids = JSON.stringify(rows.map(({ id }) => id));
  const marked = yield* query<{ id: string; worker: string | null }>(
    `update {runs} set cancel_why = $2, cancel_reason = $3
     where id in (texts($1)) and state = 'running' and kind <> 'workflow' and cancel_why is null returning id, worker`,
    ids,
    why,
    reason,
  );
  for (const { worker } of marked) if (worker !== null) told.cancelled.add(worker);
  const idle = rows.filter(({ kind, state }) => kind !== "workflow" && state !== "running");
  yield* finish(
    told,
    now,
    idle.map(({ id }) => ({ id, state: "cancelled", reason })),
  );
  for (const { id, kind } of rows) if (kind === "workflow") yield* cancelSteps(told, now, id, reason, why);
  yield* cancelChildren(told, now, ids, reason);
}

/** Runs that these bodies asked for, also as steps of these workflows. */
export function* cancelChildren(told: Told, now: number, ids: string, reason: string): Script<void> {
  const children = yield* query<{ id: string; kind: string; state: string }>(
    `select id, kind, state from {runs} where settled_at is null and cancel_why is null and parent in
      (texts($1) union all select id from {runs} where root in (texts($1))) order by id {for update}`,
    ids,
  );
  yield* cancelRuns(told, now, children, reason, "parent");
}

const again = `state = 'waiting', output = null, error = null, reason = null, cancel_why = null, cancel_reason = null,
  settled_at = null, failures = 0, losses = 0, admitted = 0`;

/** Runs again what has ended: of a workflow what did not end well, or all of it when everything did. */
export function* replay({ now, filter, fresh = false }: Calls["replay"]["takes"]): Script<Done<number>> {
  const told = new Told();
  const { where, values, limit } = conditionsOf(filter);
  const rows = yield* query<Entering & { state: string }>(
    `select ${enteringColumns}, state from {runs} where settled_at is not null and ${where} order by id ${limit} {for update}`,
    ...values,
  );
  const workflows = rows.filter(({ kind }) => kind === "workflow");
  for (const { id, state } of workflows) yield* resetSteps(id, state === "succeeded");
  const steps = rows.filter(({ kind, root }) => kind === "step" && !workflows.some(({ id }) => id === root));
  const tasks = rows.filter(({ kind }) => kind !== "step");
  yield* query(`update {runs} set ${again} where id in (texts($1))`, JSON.stringify(tasks.map(({ id }) => id)));
  yield* enter(told, now, tasks);
  const replayed = yield* replaySteps(told, now, steps);
  if (fresh) yield* forget(rows);
  return { result: rows.length - steps.length + replayed, news: told.news() };
}

/** What these, and what is open again of their workflows' steps, remember. Of what ends a workflow nothing is kept either. */
function* forget(rows: readonly Entering[]): Script<void> {
  yield* query(
    `delete from {steps} where run in (select id from {runs} where settled_at is null and
      (id in (texts($1)) or root in (texts($1)) or (root in (texts($2)) and ending is not null)))`,
    JSON.stringify(rows.map(({ id }) => id)),
    JSON.stringify(rows.flatMap(({ root }) => (root === null ? [] : [root]))),
  );
}

function* resetSteps(root: string, all: boolean): Script<void> {
  const unless = all ? "" : "and (ending is not null or state not in ('succeeded', 'skipped'))";
  yield* query(`update {runs} set ${again}, released = 0 where root = $1 ${unless}`, root);
}

/** One step by itself: its workflow's run is open again, and goes on from it. */
function* replaySteps(told: Told, now: number, steps: readonly Entering[]): Script<number> {
  let replayed = 0;
  for (const { id, root } of steps) {
    const [run] = yield* query<Entering & { settled_at: number | null; cancel_why: string | null }>(
      `select ${enteringColumns}, settled_at, cancel_why from {runs} where id = $1 {for update}`,
      root,
    );
    // What is being cancelled ends, and begins nothing more.
    if (run === undefined || (run.settled_at === null && run.cancel_why !== null)) continue;
    replayed++;
    yield* query(`update {runs} set ${again}, released = 0 where id = $1`, id);
    yield* query(
      `update {runs} set ${again}, released = 0
       where root = $1 and id <> $2 and (ending is not null or (state = 'cancelled' and attempt = 0))`,
      root,
      id,
    );
    if (run.settled_at === null) yield* advance(told, now, run.id);
    else {
      yield* query(`update {runs} set ${again} where id = $1`, root);
      yield* enter(told, now, [run]);
    }
  }
  return replayed;
}
