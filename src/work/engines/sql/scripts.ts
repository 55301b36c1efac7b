import type { Scripts } from "./script.ts";
import { beat, bury, cancelled, hand, register, workers } from "./scripts/workers.ts";
import { cancel, replay } from "./scripts/control.ts";
import { chunks, progress, remember, say, sweep } from "./scripts/said.ts";
import { cron, crons, fire, removeCron } from "./scripts/crons.ts";
import { emit } from "./scripts/events.ts";
import { enqueue } from "./scripts/enqueue.ts";
import { exchange } from "./scripts/exchange.ts";
import { list, results } from "./scripts/list.ts";
import { tick } from "./scripts/tick.ts";

/** Every call of the ledger. */
export const scripts: Scripts = {
  enqueue,
  exchange,
  register,
  beat,
  workers,
  bury,
  hand,
  cancelled,
  tick,
  results,
  list,
  cancel,
  replay,
  emit,
  remember,
  say,
  chunks,
  progress,
  cron,
  crons,
  removeCron,
  fire,
  sweep,
};

/** Calls that change nothing. */
export const looks: ReadonlySet<string> = new Set([
  "workers",
  "hand",
  "cancelled",
  "list",
  "chunks",
  "progress",
  "crons",
]);
