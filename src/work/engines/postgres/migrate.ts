import type { Database } from "./database.ts";
import { latestVersion, migrate as migrations } from "../sql/migrations.ts";
import type { Session } from "./session.ts";
import { query, type Script } from "../sql/script.ts";

/** Milliseconds that one statement of a migration may take. */
const limit = 600_000;

/** Brings the schema up to date: of those who start at the same time one does it, the others wait. */
export async function migrate(database: Database): Promise<void> {
  const { schema } = database;
  const isThere = `select to_regclass('${schema}.schema_version') is not null as there`;
  await database.use(
    `bring the schema "${schema}" up to date`,
    async (session) => {
      // Who may not make tables may still use those that are there.
      const [row] = await session.ask(isThere);
      if (row?.there && (await isLatest(session, database))) return;
      await alone(session, schema, () => session.drive(upTo(database.place)));
    },
    limit,
  );
}

/** Makes tables beside those of the runs, unless the one of this name is there. */
export async function makeTables(database: Database, name: string, statements: readonly string[]): Promise<void> {
  const { schema } = database;
  function* all(): Script<void> {
    for (const statement of statements) yield* query(statement);
  }
  await database.use(`make the tables of "${schema}"`, async (session) => {
    const [row] = await session.ask(`select to_regclass('${schema}.${name}') is not null as there`);
    if (!row?.there) await alone(session, schema, () => session.drive(all()));
  });
}

/** In a transaction that nobody else is in who changes the schema. */
async function alone(session: Session, schema: string, work: () => Promise<void>): Promise<void> {
  await session.transaction(async () => {
    await session.ask("set local statement_timeout = 0");
    await session.ask(`select pg_advisory_xact_lock(hashtextextended('livespan ${schema}', 0))`);
    const [known] = await session.ask(`select 1 as one from pg_namespace where nspname = '${schema}'`);
    if (known === undefined) await session.ask(`create schema ${schema}`);
    await work();
  });
}

async function isLatest(session: Session, { schema }: Database): Promise<boolean> {
  const [row] = await session.ask(`select version from ${schema}.schema_version`);
  return row?.version === latestVersion;
}

function* upTo(place: string): Script<void> {
  yield* migrations(place);
  for (const statement of tuning) yield* query(statement);
}

/** A queue's rows change some times in a second, then never again: what they leave behind is to go soon. */
const tuning = [
  `alter table {runs} set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0.05, autovacuum_analyze_threshold = 1000, autovacuum_vacuum_cost_delay = 0)`,
  "alter table {workers} set (fillfactor = 50)",
];
