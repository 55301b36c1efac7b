import type { FinalState } from "../../../run.ts";
import { advance } from "./advance.ts";
import { cancelChildren } from "./control.ts";
import { letIn } from "./enter.ts";
import { query, type Script, type Told } from "../script.ts";

/** The end of a run that is in nobody's hand. */
export interface Final {
  readonly id: string;
  readonly state: FinalState;
  readonly output?: string;
  /** JSON text. */
  readonly error?: string;
  readonly reason?: string;
}

/** What has ended, and what may go on by that. */
export interface Ended {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly reason: string | null;
  readonly root: string | null;
  readonly key: string | null;
  readonly awaited: number;
}

const finishRuns = `update {runs} as r set state = f.ended, output = f.output, error = f.error, reason = f.why,
    worker = null, admitted = 0, released = 1, due_at = null, start_by = null, settled_at = $2, fence = r.fence + 1
  from rows($1 as f; run text, ended text, output text, error text, why text)
  where r.id = f.run and r.settled_at is null
  returning id, kind, state, root, key, awaited, reason`;

/** Ends runs. `holding` is the key whose next in line the caller sees to. */
export function* finish(told: Told, now: number, finals: readonly Final[], holding?: string): Script<void> {
  if (finals.length === 0) return;
  const ended = yield* query<Ended>(finishRuns, JSON.stringify(finals.map(recordOf)), now);
  yield* query("delete from {waits} where run in (texts($1))", JSON.stringify(ended.map(({ id }) => id)));
  yield* follow(told, now, ended, holding);
}

/** With names that no column has which is returned: SQLite takes no table's name there. */
function recordOf({ id, state, reason, ...rest }: Final) {
  return { run: id, ended: state, why: reason, ...rest };
}

/** Tells who waits for a result, and moves what waited for these to end: the next of their keys, the rest of their workflows. */
export function* follow(told: Told, now: number, ended: readonly Ended[], holding?: string): Script<void> {
  for (const { id, awaited } of ended) if (awaited === 1) told.settled.add(id);
  const keys = new Set(ended.flatMap(({ key }) => (key === null || key === holding ? [] : [key])));
  for (const key of [...keys].sort()) yield* letIn(told, now, key);
  const roots = new Set(ended.flatMap(({ root }) => (root === null ? [] : [root])));
  for (const root of [...roots].sort()) yield* advance(told, now, root);
  // Also what a body asked for when it had been told, but did not know of it yet.
  const cancelled = Map.groupBy(
    ended.filter(({ state }) => state === "cancelled"),
    ({ reason }) => reason ?? "",
  );
  for (const [reason, parents] of cancelled) {
    yield* cancelChildren(told, now, JSON.stringify(parents.map(({ id }) => id)), reason);
  }
}
