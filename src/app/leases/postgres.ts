import { assertMs, assertOptions } from "../../kernel/lifespan.ts";
import type { Leases, LeaseWorld } from "../lease.ts";
import { LockLeases, type Locks } from "./locks.ts";
import {
  checkPostgresOptions,
  postgresOptionNames,
  type PostgresOptions,
} from "../../work/engines/postgres/options.ts";
import { Database } from "../../work/engines/postgres/database.ts";
import { PostgresLocks } from "./postgres-locks.ts";
import { workError } from "../../work/errors.ts";

export interface PostgresLeasesOptions extends PostgresOptions {
  /** Milliseconds after which the lease of a process that has stopped answering may be taken. 10,000 unless said. */
  readonly lease?: number;
}

/**
 * Leases among all processes that are given the same database and `schema`, kept in PostgreSQL (13 or newer); by the server's time.
 * Needs the package `pg`, which is loaded when they are opened. A process holds up to two connections, and one on which it hears
 * that a lease is free.
 *
 * @throws LivespanError UNKNOWN_OPTION, INVALID_DECLARATION
 */
export function postgresLeases(options: PostgresLeasesOptions = {}): Leases {
  const owner = "postgresLeases()";
  assertOptions(owner, options, [...postgresOptionNames, "lease"]);
  const { lease = 10_000 } = options;
  assertMs(`${owner}: lease`, lease);
  checkPostgresOptions(owner, options);
  const closed = (): Error => workError("ENGINE_CLOSED", "the leases are not open.");
  return new LockLeases("postgres", (world) => connect({ connections: 2, ...options }, lease, world), closed);
}

async function connect(options: PostgresOptions, lease: number, world: LeaseWorld): Promise<Locks> {
  const locks = new PostgresLocks(new Database(options), world, lease);
  try {
    await locks.open();
  } catch (error) {
    await locks.close();
    throw error;
  }
  return locks;
}
