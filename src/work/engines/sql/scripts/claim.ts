import type { FinalState, RunFailure, Settled } from "../../../run.ts";
import type { JobRow, Lane } from "../../queue/ledger.ts";
import { query, type Script } from "../script.ts";

export interface Claimed extends Pick<
  JobRow,
  "id" | "task" | "fence" | "attempt" | "failures" | "cost" | "input" | "root"
> {
  readonly metadata: string;
  readonly key: string | null;
  readonly parents: string | null;
  readonly ending: string | null;
  readonly priority: number;
  readonly place: number;
}

/** SQLite joins at most 500 selects. Of more tasks than this, all that is queued is read as one line. */
const mostLines = 100;

/** The first in the lines of so many tasks. Each line has its own order in the index, so none is read beyond what is taken. */
export function firstInLine(tasks: number, from: number): string {
  if (tasks > mostLines) {
    return `select id, cost, priority, place from {runs} where task in (texts($${from})) and state = 'queued'
      order by priority desc, place, id limit $${from - 1} {skip locked}`;
  }
  const lines = Array.from(
    { length: tasks },
    (
      _,
      i,
    ) => `select * from (select id, cost, priority, place from {runs} where task = $${from + i} and state = 'queued'
      order by priority desc, place, id limit $${from - 1} {skip locked}) as line${i}`,
  );
  const all = tasks === 1 ? lines[0]! : `select * from (${lines.join(" union all ")}) as lines`;
  return `${all} order by priority desc, place, id limit $${from - 1}`;
}

/** What stands for the tasks of a line among the parameters. */
export function linesOf(tasks: readonly string[]): readonly string[] {
  return tasks.length > mostLines ? [JSON.stringify(tasks)] : tasks;
}

/** Only while the worker is registered, and not buried before the claim is kept: what it takes then would belong to nobody. */
export const isRegistered = "exists (select 1 from {workers} where id = $1 {for key share})";

const take = `update {runs} set state = 'running', worker = $1, fence = fence + 1, attempt = attempt + 1, started_at = $2,
  start_by = null where ${isRegistered}`;
export const claimedColumns =
  "id, task, fence, attempt, failures, cost, input, metadata, root, key, parents, ending, priority, place";
const taken = `returning ${claimedColumns}`;

const claims: string[] = [];
const candidates: string[] = [];

/** Takes the first jobs of a lane that fit into its slots. */
export function* claim(now: number, worker: string, lane: Lane): Script<JobRow[]> {
  const { tasks, slots } = lane;
  if (slots <= 0 || tasks.length === 0) return [];
  return yield* jobsOf(lane.weighted ? yield* claimByCost(now, worker, lane) : yield* claimSlots(now, worker, lane));
}

/** What has been claimed, in its order, with what a job must know. */
export function* jobsOf(rows: readonly Claimed[]): Script<JobRow[]> {
  if (rows.length === 0) return [];
  const ordered = [...rows].sort((a, b) => b.priority - a.priority || a.place - b.place || (a.id < b.id ? -1 : 1));
  const parents = yield* parentsOf(ordered);
  const steps = yield* stepsOf(ordered);
  return ordered.map((row) => jobOf(row, parents, steps));
}

function* claimSlots(now: number, worker: string, { tasks, slots }: Lane): Script<readonly Claimed[]> {
  const text = (claims[tasks.length] ??=
    `${take} and id in (select id from (${firstInLine(tasks.length, 4)}) as first) ${taken}`);
  return yield* query<Claimed>(text, worker, now, slots, ...linesOf(tasks));
}

/** In their order, until one does not fit: a costly job is not passed for ever by cheap ones. */
function* claimByCost(now: number, worker: string, { tasks, slots }: Lane): Script<readonly Claimed[]> {
  const text = (candidates[tasks.length] ??= firstInLine(tasks.length, 2));
  const line = yield* query<{ id: string; cost: number }>(text, slots, ...linesOf(tasks));
  let free = slots;
  const fitting: string[] = [];
  for (const { id, cost } of line) {
    if (cost > free) break;
    free -= cost;
    fitting.push(id);
  }
  if (fitting.length === 0) return [];
  return yield* query<Claimed>(`${take} and id in (texts($3)) ${taken}`, worker, now, JSON.stringify(fitting));
}

function jobOf(
  row: Claimed,
  parents: ReadonlyMap<string, JobRow["parents"]>,
  steps: ReadonlyMap<string, JobRow["steps"]>,
): JobRow {
  const { id, task, fence, attempt, failures, cost, input, metadata, root, key } = row;
  return {
    id,
    task,
    fence,
    attempt,
    failures,
    cost,
    input,
    metadata: metadata === "{}" ? none : (JSON.parse(metadata) as JobRow["metadata"]),
    root,
    linked: root !== null || key !== null,
    parents: parents.get(id) ?? none,
    steps: steps.get(id) ?? nothing,
  };
}

const none: Readonly<Record<string, never>> = Object.freeze({});
const nothing: JobRow["steps"] = Object.freeze([]);

interface ParentRow {
  readonly root: string;
  readonly task: string;
  readonly state: string;
  readonly output: string | null;
  readonly error: string | null;
  readonly reason: string | null;
}

/** How the parents of each claimed step have ended; for one that runs at the end, all steps. */
function* parentsOf(rows: readonly Claimed[]): Script<ReadonlyMap<string, JobRow["parents"]>> {
  const needing = rows.filter(({ parents, ending }) => (parents !== null && parents !== "[]") || ending !== null);
  if (needing.length === 0) return new Map();
  const all = yield* query<ParentRow>(
    "select root, task, state, output, error, reason from {runs} where root in (texts($1)) and settled_at is not null",
    JSON.stringify([...new Set(needing.map(({ root }) => root))]),
  );
  const byRoot = Map.groupBy(all, ({ root }) => root);
  return new Map(
    needing.map(({ id, root, parents, ending }) => {
      const names = new Set(parents === null ? [] : (JSON.parse(parents) as string[]));
      const mine = (byRoot.get(root!) ?? []).filter(({ task }) => ending !== null || names.has(task));
      return [id, Object.fromEntries(mine.map((each) => [each.task, settledOf(each)]))];
    }),
  );
}

/** As others see how a run has ended. */
export function settledOf({ state, output, error, reason }: Omit<ParentRow, "root" | "task">): Settled {
  return {
    state: state as FinalState,
    ...(output !== null && { output }),
    ...(error !== null && { error: JSON.parse(error) as RunFailure }),
    ...(reason !== null && { reason }),
  };
}

/** What earlier attempts remembered. A run that is claimed for the first time has nothing. */
function* stepsOf(rows: readonly Claimed[]): Script<ReadonlyMap<string, JobRow["steps"]>> {
  const again = rows.filter(({ fence }) => fence > 1);
  if (again.length === 0) return new Map();
  const all = yield* query<{ run: string; name: string; value: string }>(
    "select run, name, value from {steps} where run in (texts($1))",
    JSON.stringify(again.map(({ id }) => id)),
  );
  const byRun = Map.groupBy(all, ({ run }) => run);
  return new Map(again.map(({ id }) => [id, (byRun.get(id) ?? []).map(({ name, value }) => [name, value] as const)]));
}
