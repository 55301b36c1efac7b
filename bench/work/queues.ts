import type { WorkSide } from "./figures.ts";

/** What keeps jobs in PostgreSQL, and BullMQ, at its best known settings for ten slots and for many. */
export const onPostgres = {
  livespan: {
    name: "livespan",
    file: "programs/work/livespan.ts",
    args: (url) => ["postgres", url],
    keepsResults: true,
  },
  byHand: peer("SQL by hand", "postgres"),
  graphile: peer("graphile-worker", "graphile", ["plain"], false),
  graphileLocal: peer("graphile-worker, local queue", "graphile", ["local"], false),
  boss: peer("pg-boss", "pg-boss", ["worker"]),
  bossCalm: peer("pg-boss", "pg-boss", ["calm"]),
  bossLoop: peer("pg-boss, a loop over it", "pg-boss", ["loop"], false),
} as const satisfies Record<string, WorkSide>;

export const bullmq: WorkSide = peer("bullmq", "bullmq");

function peer(name: string, file: string, more: readonly string[] = [], keepsResults = true): WorkSide {
  return { name, file: `peers/work/${file}.mjs`, args: (where) => [where, ...more], keepsResults };
}
