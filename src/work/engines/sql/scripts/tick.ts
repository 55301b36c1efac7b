import type { Calls } from "../../queue/ledger.ts";
import { enter, enteringColumns, type Entering } from "./enter.ts";
import { finish } from "./finish.ts";
import { giveBack } from "./workers.ts";
import { goOn } from "./events.ts";
import { query, Told, type Done, type Script } from "../script.ts";
import { startedTooLate } from "../../../run.ts";

/** So many are moved in one transaction. */
const most = 500;

const due = `select ${enteringColumns}, state, admitted, started_at from {runs}
  where due_at <= $1 order by due_at, id limit $2 {skip locked}`;
const late = `select id, start_by from {runs} where start_by <= $1 order by start_by limit $2 {skip locked}`;

type Due = Entering & { readonly state: string; readonly admitted: number; readonly started_at: number | null };

/** Moves what is due, cancels what could not start in time, and gives back what a worker took that nobody knows any more. */
export function* tick({ now }: Calls["tick"]["takes"]): Script<Done<number | undefined>> {
  const told = new Told();
  const rows = yield* query<Due>(due, now, most);
  const scheduled = rows.filter(({ state }) => state === "scheduled");
  const back = scheduled.filter(hasBegun);
  yield* query(
    "update {runs} set state = 'queued', due_at = null where id in (texts($1))",
    JSON.stringify(back.map(({ id }) => id)),
  );
  for (const { task } of back) told.queued.add(task);
  yield* enter(
    told,
    now,
    scheduled.filter((row) => !hasBegun(row)),
  );
  for (const { id } of rows.filter(({ state }) => state === "waiting")) yield* goOn(told, now, id, undefined);

  const overdue = yield* query<{ id: string; start_by: number }>(late, now, most);
  const reason = startedTooLate;
  yield* finish(
    told,
    now,
    overdue.map(({ id }) => ({ id, state: "cancelled", reason })),
  );

  yield* giveBackOrphans(told, now);
  const next = rows.length === most || overdue.length === most ? now : yield* nextDue();
  return { result: next, news: told.news() };
}

/** It was let in before, and goes on: it has its place among those of its key, and no rate is asked once more. */
function hasBegun({ key, admitted, started_at }: Due): boolean {
  return key === null ? started_at !== null : admitted === 1;
}

function* nextDue(): Script<number | undefined> {
  const [row] = yield* query<{ due: number | null; late: number | null }>(
    `select (select min(due_at) from {runs} where due_at is not null) as due,
      (select min(start_by) from {runs} where start_by is not null) as late`,
  );
  const moments = [row?.due, row?.late].filter((each) => typeof each === "number");
  return moments.length === 0 ? undefined : Math.min(...moments);
}

/** Claimed while its worker was being buried. */
function* giveBackOrphans(told: Told, now: number): Script<void> {
  const orphans = yield* query<{ worker: string }>(
    "select distinct worker from {runs} where worker is not null and worker not in (select id from {workers})",
  );
  if (orphans.length > 0)
    yield* giveBack(
      told,
      now,
      orphans.map(({ worker }) => worker),
      true,
    );
}
