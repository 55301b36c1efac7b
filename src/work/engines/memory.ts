import type { Engine, Transaction } from "../engine.ts";
import { QueueEngine, type QueueOptions } from "./queue/engine.ts";
import type { CallName, Calls, Ledger, LedgerWorld } from "./queue/ledger.ts";
import { call, drive } from "./sql/drive.ts";
import { migrate } from "./sql/migrations.ts";
import { SqliteConnection } from "./sql/sqlite.ts";
import { transactionRefused } from "./queue/transactions.ts";
import { workError } from "../errors.ts";

/**
 * An engine that keeps runs in this process's memory, for tests: its time is the clock that it is opened with. What it keeps is
 * there again when it is opened again.
 */
export function memoryEngine(options: QueueOptions = {}): Engine {
  return new QueueEngine(new MemoryLedger(), options);
}

/** A ledger in this process's memory. What it keeps is there again when it is opened again. */
export class MemoryLedger implements Ledger {
  readonly name = "memory";
  readonly where = "memory";
  readonly isShared = false;
  private connection: Promise<SqliteConnection> | undefined;
  private world: LedgerWorld | undefined;

  async open(world: LedgerWorld): Promise<void> {
    this.connection ??= connect();
    await this.connection;
    this.world = world;
  }

  async close(): Promise<void> {
    this.world = undefined;
  }

  now(): number {
    if (this.world === undefined) throw workError("ENGINE_CLOSED", "the memory engine is not open.");
    return this.world.clock.wall();
  }

  async call<K extends CallName>(
    name: K,
    argument: Calls[K]["takes"],
    transaction?: Transaction,
  ): Promise<Calls[K]["gives"]> {
    if (transaction !== undefined) throw transactionRefused(this.where);
    const { world, connection } = this;
    if (world === undefined || connection === undefined) {
      throw workError("ENGINE_CLOSED", `${name}: the memory engine is not open.`);
    }
    const { result, news } = call(name, argument, await connection);
    world.heard(news);
    return result;
  }
}

async function connect(): Promise<SqliteConnection> {
  // Loaded only here: nobody else pays for it.
  const { DatabaseSync } = await import("node:sqlite");
  const connection = new SqliteConnection(new DatabaseSync(":memory:"));
  drive(migrate("memory"), connection);
  return connection;
}
