import type { Calls } from "../../queue/ledger.ts";
import type { RunFailure, RunFilter, RunInfo, RunState, Settled } from "../../../run.ts";
import type { Value } from "../script.ts";
import { query, quietly, type Done, type Script } from "../script.ts";
import { settledOf } from "./claim.ts";
import { unpack } from "../../../payload.ts";
import { withoutPayloads } from "../../../run.ts";

/** A filter as a condition. Its parameters are numbered from 1. */
export function conditionsOf(filter: RunFilter): { where: string; values: Value[]; limit: string } {
  const { ids, tasks, states, metadata, steps, workflowRunId, parentRunId, since, until, limit, before } = filter;
  const values: Value[] = [];
  const parts: string[] = [];
  const add = (text: (n: number) => string, value: Value): void => {
    values.push(value);
    parts.push(text(values.length));
  };
  if (ids !== undefined) add((n) => `id in (texts($${n}))`, JSON.stringify(ids));
  else if (workflowRunId === undefined && steps !== true) parts.push("kind <> 'step'");
  if (tasks !== undefined) add((n) => `task in (texts($${n}))`, JSON.stringify(tasks));
  if (states !== undefined) add((n) => `state in (texts($${n}))`, JSON.stringify(states));
  if (workflowRunId !== undefined) add((n) => `root = $${n}`, workflowRunId);
  if (parentRunId !== undefined) add((n) => `parent = $${n}`, parentRunId);
  if (since !== undefined) add((n) => `created_at >= $${n}`, since);
  if (until !== undefined) add((n) => `created_at < $${n}`, until);
  if (before !== undefined) add((n) => `id < $${n}`, before);
  for (const [key, value] of Object.entries(metadata ?? {})) {
    // As it was written: keys and values are texts, so the pair stands there literally, behind a brace or a comma.
    const pair = `${JSON.stringify(key)}:${JSON.stringify(value)}`;
    add((n) => `metadata <> replace(replace(metadata, '{' || $${n}, ''), ',' || $${n}, '')`, pair);
  }
  if (limit !== undefined) values.push(limit);
  return { where: parts.join(" and ") || "true", values, limit: limit === undefined ? "" : `limit $${values.length}` };
}

interface RunRow {
  readonly id: string;
  readonly task: string;
  readonly state: RunState;
  readonly attempt: number;
  readonly priority: number;
  readonly input: string;
  readonly output: string | null;
  readonly error: string | null;
  readonly reason: string | null;
  readonly progress: string | null;
  readonly metadata: string;
  readonly worker: string | null;
  readonly root: string | null;
  readonly parent: string | null;
  readonly created_at: number;
  readonly due_at: number | null;
  readonly started_at: number | null;
  readonly settled_at: number | null;
}

/** The newest first. */
export function* list(filter: Calls["list"]["takes"]): Script<Done<readonly RunInfo[]>> {
  const { payloads = true, ...which } = filter;
  const { where, values, limit } = conditionsOf({ ...which, limit: Math.min(filter.limit ?? 100, 1_000) });
  const texts = payloads ? "input, output" : "'' as input, null as output";
  const rows = yield* query<RunRow>(
    `select id, task, state, attempt, priority, ${texts}, error, reason, progress, metadata, root, parent, created_at,
      due_at, started_at, settled_at, (select name from {workers} as w where w.id = r.worker) as worker
     from {runs} as r where ${where} order by id desc ${limit}`,
    ...values,
  );
  const infos = rows.map(infoOf);
  return quietly(payloads ? infos : infos.map(withoutPayloads));
}

function infoOf(row: RunRow): RunInfo {
  return {
    id: row.id,
    task: row.task,
    state: row.state,
    attempt: row.attempt,
    priority: row.priority,
    input: valueOf(row.input),
    output: valueOf(row.output),
    error: row.error === null ? undefined : (JSON.parse(row.error) as RunFailure),
    reason: row.reason ?? undefined,
    progress: valueOf(row.progress),
    metadata: JSON.parse(row.metadata) as Readonly<Record<string, string>>,
    worker: row.worker ?? undefined,
    workflowRunId: row.root ?? undefined,
    parentRunId: row.parent ?? undefined,
    createdAt: row.created_at,
    dueAt: row.due_at ?? undefined,
    startedAt: row.started_at ?? undefined,
    settledAt: row.settled_at ?? undefined,
  };
}

/** An empty text is no JSON: it stands for undefined. */
function valueOf(json: string | null): unknown {
  return json === null || json === "" ? undefined : unpack(json);
}

/** Runs of which somebody waits for the end. Marked before they are looked at, so that no end is missed. */
export function* results({ ids }: Calls["results"]["takes"]): Script<Done<Calls["results"]["gives"]>> {
  const asked = JSON.stringify(ids);
  yield* query("update {runs} set awaited = 1 where id in (texts($1)) and awaited = 0 and settled_at is null", asked);
  const rows = yield* query<Parameters<typeof settledOf>[0] & { id: string; settled_at: number | null }>(
    "select id, state, output, error, reason, settled_at from {runs} where id in (texts($1))",
    asked,
  );
  const found = new Map(rows.map((row) => [row.id, row]));
  // Not set one by one: an id is any text, and one of them would set the prototype.
  const entries = ids.flatMap((id): (readonly [string, Settled | null])[] => {
    const row = found.get(id);
    if (row === undefined) return [[id, null]];
    return row.settled_at === null ? [] : [[id, settledOf(row)]];
  });
  return quietly(Object.fromEntries(entries));
}
