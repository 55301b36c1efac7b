import type { Pool } from "pg";
import { assertMs } from "../../../kernel/lifespan.ts";
import { kernelError } from "../../../kernel/catalogue.ts";

/** Where a PostgreSQL (13 or newer) is, and how long to try. */
export interface PostgresOptions {
  /** `postgres://user:password@host:port/database?sslmode=…`. DATABASE_URL unless said, else PGHOST, PGDATABASE and so on. */
  readonly connectionString?: string;
  /** A pool of your own, in place of a connection string. It is left open. */
  readonly pool?: Pool;
  /** Tables are kept in it; it is made when it is not there. "livespan" unless said. */
  readonly schema?: string;
  /** The most connections that are open at a time, beside one that listens. 10 unless said; with a pool it has its own limit. */
  readonly connections?: number;
  /** Milliseconds that a call is tried for, lost connections included. 10,000 unless said. */
  readonly patience?: number;
  /** False for a pooler in between that keeps no prepared statements. True unless said. */
  readonly prepare?: boolean;
}

export const postgresOptionNames = [
  "connectionString",
  "pool",
  "schema",
  "connections",
  "patience",
  "prepare",
] as const;

/** @throws LivespanError INVALID_DECLARATION */
export function checkPostgresOptions(owner: string, options: PostgresOptions): void {
  const { connectionString, pool, schema = "livespan", connections = 10, patience = 0 } = options;
  assertMs(`${owner}: patience`, patience);
  const wrong = (what: string): Error => kernelError("INVALID_DECLARATION", `${owner}: ${what}.`);
  if (!/^[a-z_][a-z0-9_]{0,39}$/.test(schema) || schema.startsWith("pg_")) {
    throw wrong(`schema: expected up to 40 small letters, digits and _, not from pg_ on, got "${schema}"`);
  }
  if (!Number.isInteger(connections) || connections < 1) {
    throw wrong(`connections: expected a whole number from 1, got ${connections}`);
  }
  if (pool !== undefined && connectionString !== undefined)
    throw wrong("expected a pool or a connectionString, got both");
  // What it is must not be printed: there may be a password in it.
  if (connectionString !== undefined && !/^postgres(?:ql)?:\/\//.test(connectionString)) {
    throw wrong(`connectionString: expected "postgres://…", got something else`);
  }
}

/** What of a connection's parameters may be printed. */
function placeOf({ host, port, database }: Place): string {
  return `${host ?? "localhost"}:${port ?? 5432}/${database ?? ""}`;
}

interface Place {
  readonly host?: string | undefined;
  readonly port?: number | string | undefined;
  readonly database?: string | undefined;
}

/** Before anything is open: what the options and the environment say. */
export function placeIn({ connectionString = process.env.DATABASE_URL, pool }: PostgresOptions): string {
  if (pool !== undefined && pool.options.connectionString === undefined) return placeOf(pool.options);
  const text = pool?.options.connectionString ?? connectionString;
  const { PGHOST, PGPORT, PGDATABASE } = process.env;
  if (text === undefined) return placeOf({ host: PGHOST, port: PGPORT, database: PGDATABASE });
  if (!URL.canParse(text)) return "the database of the connection string";
  const { hostname, port, pathname, searchParams } = new URL(text);
  const host = hostname === "" ? (searchParams.get("host") ?? PGHOST) : hostname;
  return placeOf({ host, port: port === "" ? PGPORT : port, database: decodeURIComponent(pathname.slice(1)) });
}
