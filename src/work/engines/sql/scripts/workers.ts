import type { Calls, WorkerRow } from "../../queue/ledger.ts";
import { finish, type Final } from "./finish.ts";
import { query, quietly, Told, type Done, type Script } from "../script.ts";

/** So often may a worker die over a job before that is given up. */
const mostLosses = 5;

export function* register({ now, worker }: Calls["register"]["takes"]): Script<Done<undefined>> {
  const { id, name, host, pid, slots, lease, tasks } = worker;
  yield* query(
    `insert into {workers} (id, name, host, pid, slots, lease, tasks, seen_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict do nothing`,
    id,
    name,
    host,
    pid,
    slots,
    lease,
    JSON.stringify(tasks),
    now,
  );
  return quietly(undefined);
}

export function* beat({ now, worker }: Calls["beat"]["takes"]): Script<Done<boolean>> {
  const rows = yield* query(
    "update {workers} set beat = beat + 1, seen_at = $2 where id = $1 returning id",
    worker,
    now,
  );
  return quietly(rows.length > 0);
}

interface Registered extends Omit<WorkerRow, "tasks" | "seenAt"> {
  readonly tasks: string;
  readonly seen_at: number;
}

export function* workers(): Script<Done<readonly WorkerRow[]>> {
  const rows = yield* query<Registered>(
    "select id, name, host, pid, slots, lease, beat, tasks, seen_at from {workers} order by id",
  );
  return quietly(
    rows.map(({ tasks, seen_at: seenAt, ...row }) => ({ ...row, tasks: JSON.parse(tasks) as string[], seenAt })),
  );
}

interface Held {
  readonly id: string;
  readonly task: string;
  readonly losses: number;
  readonly cancel_why: string | null;
  readonly cancel_reason: string | null;
}

export function* bury({ now, worker, beat: seen, lost }: Calls["bury"]["takes"]): Script<Done<number | undefined>> {
  const gone = yield* query(
    `delete from {workers} where id = $1 ${seen === undefined ? "" : "and beat = $2"} returning id`,
    ...(seen === undefined ? [worker] : [worker, seen]),
  );
  if (gone.length === 0) return quietly(undefined);
  const told = new Told();
  return { result: yield* giveBack(told, now, [worker], lost), news: told.news() };
}

const hold = `select id, task, losses, cancel_why, cancel_reason from {runs}
  where worker in (texts($1)) and state = 'running' order by id {for update}`;

/** What these workers had in hand can be claimed again, unless it was to be cancelled or has cost too many workers. */
export function* giveBack(told: Told, now: number, gone: readonly string[], lost: boolean): Script<number> {
  const held = yield* query<Held>(hold, JSON.stringify(gone));
  const finals: Final[] = [];
  const back: Held[] = [];
  for (const run of held) {
    const { id, losses, cancel_why, cancel_reason } = run;
    if (cancel_why !== null) finals.push({ id, state: "cancelled", reason: cancel_reason ?? "it was cancelled" });
    else if (lost && losses + 1 >= mostLosses) finals.push(lostTooOften(id));
    else back.push(run);
  }
  yield* query(
    `update {runs} set state = 'queued', worker = null, fence = fence + 1, losses = losses + $2 where id in (texts($1))`,
    JSON.stringify(back.map(({ id }) => id)),
    lost ? 1 : 0,
  );
  for (const { task } of back) told.queued.add(task);
  yield* finish(told, now, finals);
  return back.length;
}

function lostTooOften(id: string): Final {
  const message = `each of the ${mostLosses} workers that ran this job was lost while it did.`;
  return { id, state: "failed", error: JSON.stringify({ name: "LivespanError", code: "LOST_TOO_OFTEN", message }) };
}

export function* hand({ worker }: Calls["hand"]["takes"]): Script<Done<Calls["hand"]["gives"]>> {
  return quietly(
    yield* query<{ id: string; fence: number }>(
      "select id, fence from {runs} where worker = $1 and state = 'running'",
      worker,
    ),
  );
}

export function* cancelled({ worker }: Calls["cancelled"]["takes"]): Script<Done<Calls["cancelled"]["gives"]>> {
  return quietly(
    yield* query<Calls["cancelled"]["gives"][number]>(
      `select id, fence, cancel_why as why, coalesce(cancel_reason, '') as reason from {runs}
       where worker = $1 and state = 'running' and cancel_why is not null`,
      worker,
    ),
  );
}
