import { assertMs, assertOptions } from "../../kernel/lifespan.ts";
import type { Lease, Leases, LeaseWorld } from "../lease.ts";
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
  return new PostgresLeases({ connections: 2, ...options }, lease);
}

class PostgresLeases implements Leases {
  readonly name = "postgres";
  readonly isShared = true;
  private readonly options: PostgresOptions;
  private readonly lease: number;
  /** How many apps use them. */
  private users = 0;
  private opening: Promise<PostgresLocks> | undefined;
  private locks: PostgresLocks | undefined;

  constructor(options: PostgresOptions, lease: number) {
    this.options = options;
    this.lease = lease;
  }

  async open(world: LeaseWorld): Promise<void> {
    this.users++;
    this.opening ??= this.connect(world);
    try {
      this.locks = await this.opening;
    } catch (error) {
      this.users--;
      this.opening = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.users === 0 || --this.users > 0) return;
    const { locks } = this;
    this.locks = undefined;
    this.opening = undefined;
    await locks?.close();
  }

  async acquire(name: string, signal: AbortSignal): Promise<Lease> {
    return this.opened.acquire(name, signal);
  }

  async tryAcquire(name: string): Promise<Lease | undefined> {
    return this.opened.tryAcquire(name);
  }

  private get opened(): PostgresLocks {
    if (this.locks !== undefined) return this.locks;
    throw workError("ENGINE_CLOSED", "the leases are not open.");
  }

  private async connect(world: LeaseWorld): Promise<PostgresLocks> {
    const locks = new PostgresLocks(new Database(this.options), world, this.lease);
    try {
      await locks.open();
    } catch (error) {
      await locks.close();
      throw error;
    }
    return locks;
  }
}
