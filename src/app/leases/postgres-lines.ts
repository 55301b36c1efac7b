import { query, type Script } from "../../work/engines/sql/script.ts";

/** Who holds a name, and who waits for it: in tables of their own, in the schema of the runs. */
export const tables = [
  `create table if not exists {leases} (
    name text primary key, fence bigint not null default 0, holder text, until timestamptz
  )`,
  `create table if not exists {lease_waiters} (
    id text primary key, place bigint generated always as identity, name text not null, until timestamptz not null
  )`,
] as const;

/** Said to all processes: a holder has been overtaken, or a name may be free. */
export interface LeaseNews {
  readonly lost?: string;
  readonly free?: string;
}

export interface Asking {
  readonly name: string;
  /** Of who asks, each time another. */
  readonly id: string;
  /** Milliseconds. */
  readonly lease: number;
  /** Stands in line until it is given up; else it is given when nobody holds it or waits for it. */
  readonly waits: boolean;
  readonly channel: string;
}

/** Given, with its fence; or not, with the milliseconds that the holder's lease still lasts. */
export type Answer = { readonly fence: number } | { readonly left: number };

const after = "clock_timestamp() + $2 * interval '1 millisecond'";

/** Asks for a name. Asked again with the same id it is the same asking, in its old place. */
export function* take({ name, id, lease, waits, channel }: Asking): Script<Answer> {
  yield* query("insert into {leases} (name) values ($1) on conflict do nothing", name);
  const [row] = yield* query<{ fence: number; holder: string | null; remaining: number | null }>(
    `select fence::float8 as fence, holder,
      (extract(epoch from until - clock_timestamp()) * 1000)::float8 as remaining from {leases} where name = $1 for update`,
    name,
  );
  const { fence, holder, remaining } = row!;
  if (holder === id) return { fence };
  if (waits) {
    yield* query(
      `insert into {lease_waiters} (id, until, name) values ($1, ${after}, $3)
       on conflict (id) do update set until = excluded.until`,
      id,
      lease,
      name,
    );
  }
  const [first] = yield* query<{ id: string }>(
    "select id from {lease_waiters} where name = $1 and until > clock_timestamp() order by place limit 1",
    name,
  );
  const left = holder === null ? 0 : (remaining ?? 0);
  if (left > 0 || (waits ? first?.id !== id : first !== undefined)) return { left };
  yield* query(`update {leases} set holder = $1, fence = fence + 1, until = ${after} where name = $3`, id, lease, name);
  yield* query("delete from {lease_waiters} where id = $1 or until < clock_timestamp() - interval '1 hour'", id);
  if (holder !== null) yield* tell(channel, { lost: holder });
  return { fence: fence + 1 };
}

/** Gives back what is held or waited for. */
export function* giveBack(name: string, id: string, channel: string): Script<void> {
  // In this order, as those who take do: so that none waits for another who waits for it.
  yield* query("update {leases} set holder = null, until = null where name = $1 and holder = $2", name, id);
  yield* query("delete from {lease_waiters} where id = $1", id);
  yield* tell(channel, { free: name });
}

/** Those of these holders and waiters that live: gives the holders that still are. */
export function* renew(holders: readonly string[], waiters: readonly string[], lease: number): Script<string[]> {
  const kept = yield* query<{ holder: string }>(
    `update {leases} set until = ${after} where holder in (texts($1)) returning holder`,
    JSON.stringify(holders),
    lease,
  );
  if (waiters.length > 0) {
    yield* query(`update {lease_waiters} set until = ${after} where id in (texts($1))`, JSON.stringify(waiters), lease);
  }
  return kept.map(({ holder }) => holder);
}

function* tell(channel: string, news: LeaseNews): Script<void> {
  yield* query("select pg_notify($1, $2)", channel, JSON.stringify(news));
}
