import { embeddedEngine, type Engine } from "livespan/work";
import { join } from "node:path";
import { postgresEngine } from "livespan/postgres";

/** Where runs are kept, and what is written down of them. */
export interface Place {
  /** Of a PostgreSQL; the embedded engine has a file in the folder. */
  readonly url?: string | undefined;
  readonly folder: string;
}

/** What a worker does to itself, so that a slow machine moves no moment. */
export interface Fate {
  readonly seed: number;
  readonly signal: "SIGKILL" | "SIGSTOP";
  /** How often; each time at a random entry of its journal, one of the next so many, or some milliseconds after it. */
  readonly times: number;
  readonly within: number;
}

/** Milliseconds: short, since each worker that is stopped for longer is waited for. */
export const lease = 1_000;
/** Jobs at a time of one worker: so many begun bodies a kill can hide. */
export const slots = 8;

export function engineOf({ url, folder }: Place): Engine {
  if (url === undefined) return embeddedEngine({ file: join(folder, "work.db"), lease });
  return postgresEngine({ connectionString: url, lease, connections: 4 });
}
