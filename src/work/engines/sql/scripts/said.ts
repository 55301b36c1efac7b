import type { Calls, Said } from "../../queue/ledger.ts";
import type { Chunk } from "../../../run.ts";
import { query, quietly, Told, type Done, type Script } from "../script.ts";

/** Only the worker that has the run may remember for it. */
export function* remember({ worker, id, fence, name, value }: Calls["remember"]["takes"]): Script<Done<boolean>> {
  const kept = yield* query(
    `insert into {steps} (run, name, value)
     select id, $4, $5 from {runs} where id = $1 and fence = $2 and worker = $3 and state = 'running'
     on conflict (run, name) do update set value = excluded.value returning run`,
    id,
    fence,
    worker,
    name,
    value,
  );
  return quietly(kept.length > 0);
}

/** Of an attempt that goes on; what one that was lost says is dropped. */
export function* say({ said: { chunks, progress } }: Calls["say"]["takes"]): Script<Done<undefined>> {
  const told = new Told();
  if (chunks.length > 0) {
    yield* query(
      `insert into {chunks} (run, fence, place, attempt, kind, data) select c.id, c.fence, c.place, r.attempt, c.kind, c.data
       from rows($1 as c; id text, fence int, place int, kind text, data text)
       join {runs} as r on r.id = c.id and r.fence = c.fence and r.state = 'running' where true order by c.id, c.place
       on conflict do nothing`,
      JSON.stringify(chunks),
    );
  }
  if (progress.length > 0) yield* keepProgress(told, progress);
  for (const { id } of [...chunks, ...progress]) told.said.add(id);
  return { result: undefined, news: told.news() };
}

/** The progress of a workflow's run is what any of its steps has said last. */
function* keepProgress(told: Told, progress: Said["progress"]): Script<void> {
  // What is returned is named without its table, so the record has other names.
  const kept = yield* query<{ id: string; root: string | null }>(
    `update {runs} as r set progress = p.said from rows($1 as p; run text, held int, said text)
     where r.id = p.run and r.fence = p.held and r.state = 'running' returning id, root`,
    JSON.stringify(progress.map(({ id, fence, value }) => ({ run: id, held: fence, said: value }))),
  );
  const roots = new Map(kept.map(({ id, root }) => [id, root]));
  const last = new Map<string, string>();
  for (const { id, value } of progress) {
    const root = roots.get(id);
    if (typeof root === "string") last.set(root, value);
  }
  if (last.size === 0) return;
  // In one order, so that two workers that say something of the same runs never wait for each other.
  yield* query(
    "select id from {runs} where id in (texts($1)) order by id {for update}",
    JSON.stringify([...last.keys()]),
  );
  yield* query(
    `update {runs} as r set progress = p.said from rows($1 as p; run text, said text)
     where r.id = p.run and r.settled_at is null`,
    JSON.stringify(Array.from(last, ([run, said]) => ({ run, said }))),
  );
  for (const root of last.keys()) told.said.add(root);
}

export function* chunks({ id, after }: Calls["chunks"]["takes"]): Script<Done<Calls["chunks"]["gives"]>> {
  // Whether it has ended is looked at first: what was said before the end is seen with it.
  const [run] = yield* query<{ settled_at: number | null }>("select settled_at from {runs} where id = $1", id);
  const rows = yield* query<Chunk>(
    `select cast(at as {moment}) as at, attempt, kind, data from {chunks} where run = $1 and at > $2 order by at limit 1000`,
    id,
    after,
  );
  return quietly({ chunks: rows, settled: rows.length < 1_000 && (run === undefined || run.settled_at !== null) });
}

export function* progress({ id }: Calls["progress"]["takes"]): Script<Done<Calls["progress"]["gives"]>> {
  const [run] = yield* query<{ progress: string | null; settled_at: number | null }>(
    "select progress, settled_at from {runs} where id = $1",
    id,
  );
  return quietly({ value: run?.progress ?? undefined, settled: run === undefined || run.settled_at !== null });
}

/** Forgets runs that ended before a moment, with all that was kept of them. Steps go with their workflow's run. */
export function* sweep({ before, limit }: Calls["sweep"]["takes"]): Script<Done<number>> {
  const old = yield* query<{ id: string }>(
    // Locked, since one that is being replayed right now is not old any more.
    `select id from {runs} where settled_at < $1 and created_at < $1 and root is null order by id limit $2 {skip locked}`,
    before,
    limit,
  );
  if (old.length === 0) return quietly(0);
  const ids = JSON.stringify(old.map(({ id }) => id));
  const gone = yield* query<{ id: string }>(
    "delete from {runs} where id in (texts($1)) or root in (texts($1)) returning id",
    ids,
  );
  const all = JSON.stringify(gone.map(({ id }) => id));
  yield* query("delete from {steps} where run in (texts($1))", all);
  yield* query("delete from {chunks} where run in (texts($1))", all);
  return quietly(old.length);
}
