import { assertMs, assertOptions } from "../../../kernel/lifespan.ts";
import { checkPostgresOptions, postgresOptionNames, type PostgresOptions } from "./options.ts";
import type { Engine } from "../../engine.ts";
import { PostgresLedger } from "./ledger.ts";
import { QueueEngine, type QueueOptions } from "../queue/engine.ts";

export interface PostgresEngineOptions extends PostgresOptions, QueueOptions {}

/**
 * Runs kept in PostgreSQL (13 or newer), shared by all processes that are given the same database and schema. Needs the package
 * `pg`, which is loaded when it is opened. A process holds at most `connections` and one on which it hears of what others do;
 * those not in use for half a minute are closed.
 *
 * Behind a pooler that pools by transaction nothing is heard, and what others do is found by looking, up to a few seconds later;
 * where that keeps no prepared statements, `prepare: false` is needed.
 *
 * @throws LivespanError UNKNOWN_OPTION, INVALID_DECLARATION
 */
export function postgresEngine(options: PostgresEngineOptions = {}): Engine {
  const owner = "postgresEngine()";
  assertOptions(owner, options, [...postgresOptionNames, "lease", "retention"]);
  checkPostgresOptions(owner, options);
  const { lease, retention } = options;
  for (const [name, ms] of Object.entries({ lease, retention }))
    if (ms !== undefined) assertMs(`${owner}: ${name}`, ms);
  return new QueueEngine(new PostgresLedger(options), options);
}
