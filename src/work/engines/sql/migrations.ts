import { query, type Script } from "./script.ts";
import { runs } from "./migrations/0001-runs.ts";
import { workers } from "./migrations/0002-workers.ts";
import { workError } from "../../errors.ts";

/** In their order: the n-th makes version n. One that was released is never changed. */
const migrations: readonly (readonly string[])[] = [runs, workers];

/** What `migrate` makes. */
export const latestVersion = migrations.length;

/**
 * Brings the schema up to date, under a lock that the member has taken. `where` is for the message.
 *
 * @throws LivespanError ENGINE_SCHEMA when it is newer than this package.
 */
export function* migrate(where: string): Script<void> {
  yield* query("create table if not exists {schema_version} (version integer not null)");
  const [row] = yield* query<{ version: number }>("select version from {schema_version}");
  const version = row?.version ?? 0;
  if (version > migrations.length) {
    const message = `${where} has schema version ${version}; this package knows up to ${migrations.length}.`;
    throw workError("ENGINE_SCHEMA", message);
  }
  if (version === migrations.length) return;
  for (const statement of migrations.slice(version).flat()) yield* query(statement);
  yield* query("delete from {schema_version}");
  yield* query("insert into {schema_version} (version) values ($1)", migrations.length);
}
