import type { Engine } from "../../engine.ts";
import { assertMs, assertOptions } from "../../../kernel/lifespan.ts";
import { dataFolder } from "./folder.ts";
import { EmbeddedLedger } from "./ledger.ts";
import { join, resolve } from "node:path";
import { QueueEngine, type QueueOptions } from "../queue/engine.ts";
import { kernelError } from "../../../kernel/catalogue.ts";

export interface EmbeddedOptions extends QueueOptions {
  /**
   * The database's file. `work.db` in the project's data folder unless said: that is `.livespan` beside the nearest
   * package.json from the current folder upwards, or what LIVESPAN_DATA names.
   */
  readonly file?: string;
  /**
   * What a crash of the machine may take: with "normal", unless said, the last moments; with "full" nothing, at a few times
   * the cost of each change. A crash of the process takes nothing with either.
   */
  readonly synchronous?: "normal" | "full";
  /** Milliseconds that a call may wait while another process writes, before it fails with ENGINE_DOWN. 10,000 unless said. */
  readonly busyTimeout?: number;
}

/**
 * Keeps runs in a SQLite file on this machine, in a thread of its own. Several processes may have the same file: each hears
 * within a few milliseconds that another has written, or within 25 where the system does not tell of files. The file must be on a disk of the machine: on a network file system (NFS, SMB, and
 * shared volumes of virtual machines) locks and shared memory do not work, and the file would be damaged.
 *
 * The thread keeps no process alive, except while something is awaited: a program that forgets to close its client ends all the
 * same, and what was accepted is kept.
 *
 * @throws LivespanError UNKNOWN_OPTION, INVALID_DECLARATION. Opening rejects with ENGINE_FILE, ENGINE_DOWN, ENGINE_SCHEMA.
 */
export function embeddedEngine(options: EmbeddedOptions = {}): Engine {
  assertOptions("embeddedEngine()", options, ["file", "synchronous", "busyTimeout", "lease", "retention"]);
  const { file, synchronous = "normal", busyTimeout = 10_000, ...queue } = options;
  assertMs("embeddedEngine(): busyTimeout", busyTimeout);
  if (synchronous !== "normal" && synchronous !== "full") {
    const got = JSON.stringify(synchronous);
    throw kernelError("INVALID_DECLARATION", `embeddedEngine(): synchronous: expected "normal" or "full", got ${got}.`);
  }
  const isOwnFolder = file === undefined;
  const path = isOwnFolder ? join(dataFolder(), "work.db") : resolve(file);
  return new QueueEngine(new EmbeddedLedger({ file: path, isOwnFolder, synchronous, busyTimeout }), queue);
}
