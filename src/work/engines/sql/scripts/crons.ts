import type { Calls } from "../../queue/ledger.ts";
import type { RunRequest } from "../../../engine.ts";
import { add } from "./enqueue.ts";
import { query, quietly, Told, type Done, type Script } from "../script.ts";

/** One of a name. One that a task declares, and that is as it was, keeps its moment: a restart must not put it off. */
export function* cron({ cron: asked, next }: Calls["cron"]["takes"]): Script<Done<undefined>> {
  const { name, expression, timezone, request, declared } = asked;
  const told = new Told();
  yield* query(
    `insert into {crons} as c (name, task, expression, timezone, next_at, declared, request) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (name) do update set task = excluded.task, request = excluded.request, declared = excluded.declared,
       expression = excluded.expression, timezone = excluded.timezone,
       next_at = case when excluded.declared = 1 and c.expression = excluded.expression
         and coalesce(c.timezone, '') = coalesce(excluded.timezone, '') then c.next_at else excluded.next_at end`,
    name,
    request.task,
    expression,
    timezone ?? null,
    next ?? null,
    declared ? 1 : 0,
    JSON.stringify(request),
  );
  told.due(next);
  return { result: undefined, news: told.news() };
}

interface CronRow {
  readonly name: string;
  readonly task: string;
  readonly expression: string;
  readonly timezone: string | null;
  readonly next_at: number | null;
  readonly request: string;
}

export function* crons(): Script<Done<Calls["crons"]["gives"]>> {
  const rows = yield* query<CronRow>(
    "select name, task, expression, timezone, next_at, request from {crons} order by name",
  );
  return quietly(
    rows.map(({ timezone, next_at, request, ...cron }) => ({
      ...cron,
      timezone: timezone ?? undefined,
      nextAt: next_at ?? undefined,
      request: JSON.parse(request) as RunRequest,
    })),
  );
}

export function* removeCron({ name }: Calls["removeCron"]["takes"]): Script<Done<boolean>> {
  return quietly((yield* query("delete from {crons} where name = $1 returning name", name)).length > 0);
}

/** Whoever moves the cron on is the one that enqueues its run. */
export function* fire({ now, name, at, next, request }: Calls["fire"]["takes"]): Script<Done<boolean>> {
  const moved = yield* query(
    "update {crons} set next_at = $3 where name = $1 and next_at = $2 returning name",
    name,
    at,
    next ?? null,
  );
  if (moved.length === 0) return quietly(false);
  const told = new Told();
  if (request !== undefined) yield* add(told, now, [request]);
  told.due(next);
  return { result: true, news: told.news() };
}
