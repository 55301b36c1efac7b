import type { Calls } from "../../queue/ledger.ts";
import type { Enqueued, RunRequest, Scheduling, StepRequest } from "../../../engine.ts";
import { advance } from "./advance.ts";
import { enter, type Entering } from "./enter.ts";
import { query, Told, type Done, type Script } from "../script.ts";

/** A run or step as it is written. What can be queued at once is; everything else waits until `enter` or `advance` moves it. */
interface NewRun {
  readonly id: string;
  readonly kind: "task" | "workflow" | "step";
  readonly task: string;
  readonly state: "queued" | "scheduled" | "waiting" | "running";
  readonly priority: number;
  readonly cost: number;
  readonly root?: string;
  readonly parent?: string | undefined;
  readonly parents?: string;
  readonly waits?: string;
  readonly ending?: string | undefined;
  readonly released: 0 | 1;
  readonly input: string;
  readonly metadata: string;
  readonly key?: string | undefined;
  readonly key_limit?: number | undefined;
  readonly key_strategy?: string | undefined;
  readonly rate?: string;
  readonly idem?: string | undefined;
  readonly idem_until?: number | undefined;
  readonly awaited: 0 | 1;
  readonly due_at?: number | undefined;
  readonly start_within?: number | undefined;
  readonly start_by?: number | undefined;
}

const types: Readonly<Record<keyof NewRun, "text" | "int" | "real">> = {
  id: "text",
  kind: "text",
  task: "text",
  state: "text",
  priority: "int",
  cost: "int",
  root: "text",
  parent: "text",
  parents: "text",
  waits: "text",
  ending: "text",
  released: "int",
  input: "text",
  metadata: "text",
  key: "text",
  key_limit: "int",
  key_strategy: "text",
  rate: "text",
  idem: "text",
  idem_until: "real",
  awaited: "int",
  due_at: "real",
  start_within: "real",
  start_by: "real",
};

/** Writes new runs, with the columns that one of them has: most have few. Gives the ids of those that were not there. */
function* write(runs: readonly NewRun[], now: number): Script<ReadonlySet<string>> {
  if (runs.length === 0) return new Set();
  const names = (Object.keys(types) as (keyof NewRun)[]).filter((name) => runs.some((run) => run[name] !== undefined));
  const listed = names.join(", ");
  const columns = names.map((name) => `${name} ${types[name]}`).join(", ");
  // SQLite reads `on conflict` behind a select as a join, unless there is a condition.
  const text = `insert into {runs} (${listed}, place, created_at) select ${listed}, cast($2 as {moment}), cast($2 as {moment})
    from rows($1 as fresh; ${columns}) where true on conflict do nothing returning id`;
  const written = yield* query<{ id: string }>(text, JSON.stringify(runs), now);
  return new Set(written.map(({ id }) => id));
}

/** Keys that hold no longer make room: after their time, or after their run. */
const freeKeys = `update {runs} as r set idem = null from rows($1 as q; task text, idem text)
  where r.task = q.task and r.idem = q.idem and ((r.idem_until > 0 and r.idem_until <= $2) or (r.idem_until = -1 and r.settled_at is not null))`;

// The last of an id counts: itself, which another may have replaced under its key.
const holders = `select r.id as id, q.id as asked from rows($1 as q; id text, task text, idem text)
  join {runs} as r on r.id = q.id or (r.task = q.task and r.idem = q.idem)
  order by case when r.id = q.id then 1 else 0 end`;

export function* enqueue({ now, requests }: Calls["enqueue"]["takes"]): Script<Done<readonly Enqueued[]>> {
  const told = new Told();
  return { result: yield* add(told, now, requests), news: told.news() };
}

/** Writes what is asked for, and lets it in. */
export function* add(told: Told, now: number, requests: readonly RunRequest[]): Script<readonly Enqueued[]> {
  const keyed = requests.filter(({ idempotency }) => idempotency !== undefined);
  if (keyed.length > 0) yield* query(freeKeys, JSON.stringify(keyed.map(keyOf)), now);
  const fresh = yield* write(
    requests.map((each) => runOf(each, now)),
    now,
  );
  const added = requests.filter(({ id }) => fresh.has(id));
  yield* addSteps(told, now, added);
  for (const request of added) {
    if (request.steps === undefined && isPlain(request)) told.queued.add(request.task);
    else told.due(dueOf(request, now));
    if (isPlain(request) && request.scheduleTimeout !== undefined) told.due(now + request.scheduleTimeout);
  }
  const entering = added.filter((request) => !isPlain(request) && dueOf(request, now) === undefined);
  yield* enter(told, now, entering.map(enteringOf));
  if (added.length === requests.length) return requests.map(({ id }) => ({ id, existing: false }));
  const known = yield* query<{ id: string; asked: string }>(holders, JSON.stringify(requests.map(keyOf)));
  const byAsked = new Map(known.map(({ id, asked }) => [asked, id]));
  return requests.map(({ id }) => ({ id: byAsked.get(id) ?? id, existing: !fresh.has(id) }));
}

function keyOf({ id, task, idempotency }: RunRequest) {
  return { id, task, idem: idempotency?.key };
}

/** It can be queued, or begun, as soon as it is written. */
function isPlain({ concurrency, rate, dueAt, delay }: RunRequest): boolean {
  return concurrency === undefined && rate === undefined && dueAt === undefined && !(delay !== undefined && delay > 0);
}

function dueOf({ dueAt, delay }: RunRequest, now: number): number | undefined {
  const due = dueAt ?? (delay === undefined ? undefined : now + delay);
  return due !== undefined && due > now ? due : undefined;
}

function runOf(request: RunRequest, now: number): NewRun {
  const { id, task, steps, input, metadata, idempotency, parentRunId, awaited } = request;
  const due = dueOf(request, now);
  const plain = isPlain(request);
  const holds = idempotency?.holds;
  return {
    id,
    kind: steps === undefined ? "task" : "workflow",
    task,
    state: due !== undefined ? "scheduled" : !plain ? "waiting" : steps === undefined ? "queued" : "running",
    parent: parentRunId,
    released: 1,
    input,
    metadata: JSON.stringify(metadata),
    idem: idempotency?.key,
    idem_until: holds === "active" ? -1 : typeof holds === "number" ? now + holds : undefined,
    awaited: awaited ? 1 : 0,
    due_at: due,
    ...schedulingOf(request),
    start_by: plain && request.scheduleTimeout !== undefined ? now + request.scheduleTimeout : undefined,
  };
}

function schedulingOf({ priority, cost, concurrency, rate, scheduleTimeout }: Scheduling) {
  return {
    priority,
    cost,
    key: concurrency?.key,
    key_limit: concurrency?.limit,
    key_strategy: concurrency?.strategy,
    start_within: scheduleTimeout,
    ...(rate !== undefined && { rate: JSON.stringify(rate) }),
  };
}

function enteringOf(request: RunRequest): Entering {
  const { id, task, steps, concurrency, rate, scheduleTimeout } = request;
  return {
    id,
    kind: steps === undefined ? "task" : "workflow",
    task,
    root: null,
    key: concurrency?.key ?? null,
    key_limit: concurrency?.limit ?? null,
    key_strategy: concurrency?.strategy ?? null,
    rate: rate === undefined ? null : JSON.stringify(rate),
    start_within: scheduleTimeout ?? null,
  };
}

/** The steps of workflows. The first of a workflow that has begun are queued at once, unless something must be asked. */
function* addSteps(told: Told, now: number, requests: readonly RunRequest[]): Script<void> {
  const withSteps = requests.filter(({ steps }) => steps !== undefined);
  if (withSteps.length === 0) return;
  const begun = (request: RunRequest): boolean => isPlain(request);
  const isFirst = (request: RunRequest, step: StepRequest): boolean =>
    begun(request) &&
    step.parents.length === 0 &&
    step.finally === undefined &&
    step.waitFor === undefined &&
    step.concurrency === undefined &&
    step.rate === undefined;
  const steps = withSteps.flatMap((request) =>
    request.steps!.map((step) => stepOf(request, step, now, isFirst(request, step))),
  );
  yield* write(steps, now);
  for (const { state, task, start_by } of steps) {
    if (state === "queued") told.queued.add(task);
    told.due(start_by);
  }
  // What could not be queued by itself: first steps with a key, a rate or something to wait for, and workflows of none.
  for (const request of withSteps) {
    const rest = request.steps!.some((step) => step.parents.length === 0 && !isFirst(request, step));
    if (begun(request) && (rest || request.steps!.length === 0)) yield* advance(told, now, request.id);
  }
}

function stepOf({ id: root, input, metadata }: RunRequest, step: StepRequest, now: number, first: boolean): NewRun {
  return {
    id: step.id,
    kind: "step",
    task: step.task,
    state: first ? "queued" : "waiting",
    root,
    parents: JSON.stringify(step.parents),
    ...(step.waitFor !== undefined && { waits: JSON.stringify(step.waitFor) }),
    ending: step.finally,
    released: first ? 1 : 0,
    input,
    metadata: JSON.stringify(metadata),
    awaited: 0,
    ...schedulingOf(step),
    start_by: first && step.scheduleTimeout !== undefined ? now + step.scheduleTimeout : undefined,
  };
}
