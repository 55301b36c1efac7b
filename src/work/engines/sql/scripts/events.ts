import type { Calls } from "../../queue/ledger.ts";
import type { Waits } from "../../../engine.ts";
import { enter, enteringColumns, type Entering } from "./enter.ts";
import { query, Told, type Done, type Script } from "../script.ts";

/** What waits for the event goes on. What begins to wait later has missed it. */
export function* emit({ now, event, data }: Calls["emit"]["takes"]): Script<Done<number>> {
  const told = new Told();
  const waiting = yield* query<{ run: string; step: string | null }>(
    "delete from {waits} where event = $1 returning run, step",
    event,
  );
  for (const { run, step } of waiting) {
    if (step !== null) yield* keep(run, step, `{"event":${data}}`);
    yield* goOn(told, now, run, event);
  }
  return { result: waiting.length, news: told.news() };
}

/** What a body that waited finds remembered: `{ event: data }`, or `{ timeout: true }`. */
function* keep(run: string, step: string, value: string): Script<void> {
  yield* query(
    "insert into {steps} (run, name, value) values ($1, $2, $3) on conflict (run, name) do update set value = excluded.value",
    run,
    step,
    value,
  );
}

type Waiting = Entering & { readonly state: string; readonly waits: string | null; readonly due_at: number | null };

/** An event has come for a run that waits, or its time is over. */
export function* goOn(told: Told, now: number, run: string, event: string | undefined): Script<void> {
  const [row] = yield* query<Waiting>(
    `select ${enteringColumns}, state, waits, due_at from {runs} where id = $1 and state = 'waiting' {for update}`,
    run,
  );
  if (row === undefined) return;
  if (row.waits === null) return yield* resume(told, row, event);
  const { mode } = JSON.parse(row.waits) as Waits;
  const slept = event === undefined;
  if (mode === "all") {
    if (slept) yield* query("update {runs} set due_at = null where id = $1", run);
    const [left] = yield* query("select 1 as one from {waits} where run = $1 limit 1", run);
    if (left !== undefined || (!slept && row.due_at !== null)) return;
  }
  yield* query("delete from {waits} where run = $1", run);
  yield* enter(told, now, [row]);
}

/** A body that left its slot to wait is begun again; it kept its concurrency key meanwhile. */
function* resume(told: Told, { id, task }: Waiting, event: string | undefined): Script<void> {
  const left = yield* query<{ step: string }>("delete from {waits} where run = $1 returning step", id);
  if (event === undefined) for (const { step } of left) yield* keep(id, step, '{"timeout":true}');
  yield* query("update {runs} set state = 'queued', due_at = null where id = $1", id);
  told.queued.add(task);
}
