import { embeddedEngine, type Engine, memoryEngine } from "livespan/work";
import { postgresEngine } from "livespan/postgres";

/** The engine that a test gives a program, by its environment. */
export function engineOf({ FILE, DATABASE_URL, SCHEMA, LEASE = "15000" }: NodeJS.ProcessEnv): Engine {
  const lease = Number(LEASE);
  if (DATABASE_URL !== undefined) return postgresEngine({ connectionString: DATABASE_URL, schema: SCHEMA!, lease });
  return FILE === undefined ? memoryEngine({ lease }) : embeddedEngine({ file: FILE, lease });
}
