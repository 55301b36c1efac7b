import type { CallName, Calls, Lane, News } from "../queue/ledger.ts";
import { claimedColumns, firstInLine, isRegistered, jobsOf, linesOf, type Claimed } from "../sql/scripts/claim.ts";
import { query, type Done, type Script, type Statement } from "../sql/script.ts";
import { isSimple, settledBefore } from "../sql/scripts/settle.ts";
import { payloadsOf } from "./news.ts";
import { scripts } from "../sql/scripts.ts";

/** Where the news of a statement goes to, and whose they are. */
export interface Teller {
  readonly channel: string;
  readonly sender: string;
}

/**
 * The same as a script, in one statement that keeps, takes and tells, so one journey and no transaction to open and close: of what is
 * asked most. Undefined where more moves than the runs themselves.
 */
export function hotScript<K extends CallName>(
  name: K,
  argument: Calls[K]["takes"],
  teller: Teller,
): Script<Done<Calls[K]["gives"]>> | undefined;
export function hotScript(
  name: CallName,
  argument: unknown,
  teller: Teller,
): Script<Done<Calls["exchange"]["gives"]>> | Script<Done<Calls["enqueue"]["gives"]>> | undefined {
  // The name says which call's argument it is.
  if (name === "exchange") return hotExchange(argument as Calls["exchange"]["takes"], teller);
  if (name === "enqueue") return hotEnqueue(argument as Calls["enqueue"]["takes"], teller);
  return undefined;
}

type Requests = Calls["enqueue"]["takes"]["requests"];

/** Runs that are queued as soon as they are written. */
function hotEnqueue(
  argument: Calls["enqueue"]["takes"],
  teller: Teller,
): Script<Done<Calls["enqueue"]["gives"]>> | undefined {
  return argument.requests.every(isPlain) ? tellingEnqueue(argument, teller) : undefined;
}

function isPlain({ steps, idempotency, concurrency, rate, dueAt, delay, scheduleTimeout }: Requests[number]): boolean {
  return (
    steps === undefined &&
    idempotency === undefined &&
    concurrency === undefined &&
    rate === undefined &&
    dueAt === undefined &&
    delay === undefined &&
    scheduleTimeout === undefined
  );
}

function* tellingEnqueue(
  argument: Calls["enqueue"]["takes"],
  { channel, sender }: Teller,
): Script<Done<Calls["enqueue"]["gives"]>> {
  const script = scripts.enqueue(argument);
  const news: News = { queued: [...new Set(argument.requests.map(({ task }) => task))] };
  let step = script.next();
  if (step.done !== true) {
    const rows = yield withNews(step.value, channel, payloadsOf(news, sender));
    step = script.next(rows.filter(({ id }) => id !== null));
  }
  // Only what was there before is asked for once more.
  while (step.done !== true) step = script.next(yield step.value);
  return step.value;
}

/** A statement that returns ids, and tells when it returns any. */
function withNews({ text, values }: Statement, channel: string, payloads: readonly string[]): Statement {
  const n = values.length;
  return {
    text: `with written as (${text}), told as (
        select pg_notify($${n + 1}, value)::text as sent from (texts($${n + 2})) as said where exists (select 1 from written))
      select id from written union all select null from told where sent is null`,
    values: [...values, channel, JSON.stringify(payloads)],
  };
}

function hotExchange(
  { now, worker, settled, lanes }: Calls["exchange"]["takes"],
  teller: Teller,
): Script<Done<Calls["exchange"]["gives"]>> | undefined {
  if (!settled.every(isSimple) || lanes.some(({ weighted }) => weighted)) return undefined;
  const open = lanes.filter(({ slots, tasks }) => slots > 0 && tasks.length > 0);
  return exchange(now, worker, settled, open, teller);
}

type Exchanged = Claimed | { readonly id: null; readonly fence: number; readonly input: string };

function* exchange(
  now: number,
  worker: string,
  settled: Calls["exchange"]["takes"]["settled"],
  lanes: readonly Lane[],
  { channel, sender }: Teller,
): Script<Done<Calls["exchange"]["gives"]>> {
  if (settled.length === 0 && lanes.length === 0) return { result: { refused: [], jobs: [] }, news: {} };
  const changes = JSON.stringify(settled.map(({ id, fence, output }) => ({ run: id, fence, output })));
  const rows = yield* query<Exchanged>(
    exchangeOf(settled.length > 0, lanes),
    worker,
    now,
    ...(settled.length > 0 ? [changes, channel, sender] : []),
    ...lanes.flatMap(({ slots, tasks }) => [slots, ...linesOf(tasks)]),
  );
  const claimed: Claimed[] = [];
  let kept = 0;
  let awaited: readonly string[] = [];
  for (const row of rows) {
    if (row.id !== null) claimed.push(row);
    else [kept, awaited] = [row.fence, JSON.parse(row.input) as string[]];
  }
  const refused = kept === settled.length ? [] : yield* refusedOf(settled);
  const jobs = yield* jobsOf(claimed);
  return { result: { refused, jobs }, news: awaited.length > 0 ? { settled: awaited } : {} };
}

function* refusedOf(settled: Calls["exchange"]["takes"]["settled"]): Script<readonly string[]> {
  const records = JSON.stringify(settled.map(({ id, fence }) => ({ run: id, fence })));
  const known = new Set((yield* query<{ id: string }>(settledBefore, records)).map(({ id }) => id));
  return settled.flatMap(({ id }) => (known.has(id) ? [] : [id]));
}

const texts = new Map<string, string>();

function exchangeOf(settles: boolean, lanes: readonly Lane[]): string {
  const shape = `${settles} ${lanes.map(({ tasks }) => tasks.length).join(" ")}`;
  let text = texts.get(shape);
  if (text === undefined) texts.set(shape, (text = made(settles, lanes)));
  return text;
}

// That it is this worker's claim is asked where the planner does not see it: it would look for the run by that, by old figures.
const keep = `changes as materialized (select * from rows($3 as c; run text, fence int, output text)),
  kept as (update {runs} as r set state = 'succeeded', output = c.output, error = null, worker = null,
    settled_at = $2 from changes as c
    where r.id = c.run and case when r.fence = c.fence and r.state = 'running' and r.worker = $1 then true else false end
    returning r.id, r.awaited),
  told as (select pg_notify($4, json_build_object('by', $5::text, 'news', json_build_object('settled', json_agg(id)))::text)::text
    as sent from (select id, (row_number() over () - 1) / 150 as part from kept where awaited = 1) as parts group by part)`;
/** A row like those of the claimed, without an id: how many were kept, and which of them are awaited. */
const summary = `select null as id, null as task, count(*)::int as fence, 0 as attempt, 0 as failures, 0 as cost,
  coalesce(json_agg(id) filter (where awaited = 1), '[]')::text as input, null as metadata, null as root, null as key,
  null as parents, null as ending, (select count(sent) from told)::int as priority, 0 as place from kept`;

function made(settles: boolean, lanes: readonly Lane[]): string {
  const ctes = settles ? [keep] : [];
  const selects: string[] = [];
  let from = settles ? 6 : 3;
  const lines = lanes.map(({ tasks }) => {
    const line = `(select id from (${firstInLine(tasks.length, from + 1)}) as lane)`;
    from += 1 + linesOf(tasks).length;
    return line;
  });
  if (lines.length > 0) {
    ctes.push(
      `next as materialized (${lines.join(" union all ")})`,
      `taken as (update {runs} set state = 'running', worker = $1, fence = fence + 1, attempt = attempt + 1, started_at = $2,
        start_by = null where id in (select id from next) and ${isRegistered}
        returning ${claimedColumns})`,
    );
    selects.push(`select ${claimedColumns} from taken`);
  }
  if (settles) selects.push(summary);
  return `with ${ctes.join(", ")} ${selects.join(" union all ")}`;
}
