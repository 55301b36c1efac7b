import { setTimeout as sleep } from "node:timers/promises";
import type { Benchmark, Settings } from "../harness/benchmark.ts";
import { administered, hasPostgres, hasRedis, inDatabase, inRedis } from "./services.ts";
import { against, amount, type Goal, type Row } from "../harness/row.ts";
import { ask } from "../harness/stage.ts";
import { bullmq, onPostgres } from "./queues.ts";
import { embedded, inFile } from "./embedded.ts";
import { type Fresh, started, tenSlots, type WorkSide } from "./figures.ts";
import { Monitor } from "../harness/monitor.ts";
import { type PostgresServer, startPostgres } from "../../tools/services/postgres.ts";
import { startRedis } from "../../tools/services/redis.ts";
import { using } from "../harness/program.ts";

interface Idle {
  /** What it asked of its server in a second. */
  readonly queries: number | undefined;
  /** Percent of a core. */
  readonly cpu: number;
  /** MiB, with a worker that has nothing to do. */
  readonly memory: number;
  /** MiB more, when a thousand bodies wait. */
  readonly inHand: number;
}

/** Counts what servers are asked for; gives what came since it was last called. */
type Count = (where: string) => Promise<number>;

interface Usage {
  readonly cpu: number;
  readonly rss: number;
}

const inHand = 1_000;
const mebibyte = 2 ** 20;

async function idle(side: WorkSide, fresh: Fresh, seconds: number, count?: Count): Promise<Idle> {
  const calm = await fresh((where) =>
    using(started(side, where, ["--expose-gc"]), async (program) => {
      await program.line();
      await ask(program, { ask: "work", slots: tenSlots });
      await sleep(seconds * 200);
      const { rss } = await ask<Usage>(program, { ask: "usage", collect: true });
      await count?.(where);
      const before = await ask<Usage>(program, { ask: "usage" });
      await sleep(seconds * 1_000);
      const asked = await count?.(where);
      const { cpu } = await ask<Usage>(program, { ask: "usage" });
      const queries = asked === undefined ? undefined : asked / seconds;
      return { queries, cpu: (cpu - before.cpu) / seconds / 10_000, memory: rss / mebibyte };
    }),
  );
  return { ...calm, inHand: await perThousand(side, fresh) };
}

/** A second thousand, so that what the first ones make grow once is not laid to them. */
async function perThousand(side: WorkSide, fresh: Fresh): Promise<number> {
  return fresh((where) =>
    using(started(side, where, ["--expose-gc"]), async (program) => {
      await program.line();
      // More room than jobs, for who takes batches that are not always full.
      await ask(program, { ask: "work", slots: 4 * inHand });
      const memory = async (): Promise<number> => (await ask<Usage>(program, { ask: "usage", collect: true })).rss;
      await ask(program, { ask: "hold", jobs: inHand });
      const first = await memory();
      await ask(program, { ask: "hold", jobs: inHand });
      return ((await memory()) - first) / mebibyte;
    }),
  );
}

/** Statements, those that begin and end a transaction included. */
function statements(server: PostgresServer): Count {
  return async (where) =>
    administered(server, async (client) => {
      const database = new URL(where).pathname.slice(1);
      const { rows } = await client.query<{ calls: number }>(
        `select coalesce(sum(calls), 0)::float8 as calls from pg_stat_statements
         where dbid = (select oid from pg_database where datname = $1)`,
        [database],
      );
      await client.query("select pg_stat_statements_reset()");
      return rows[0]!.calls;
    });
}

/** A server that counts statements, which PostgreSQL does not do by default; undefined where it cannot. */
async function counting(): Promise<PostgresServer | undefined> {
  try {
    const server = await startPostgres({ settings: { shared_preload_libraries: "pg_stat_statements" } });
    await administered(server, (client) => client.query("create extension pg_stat_statements"));
    return server;
  } catch {
    console.log("PostgreSQL: it has no pg_stat_statements, these rows are left out.");
    return undefined;
  }
}

const goals: Readonly<Record<"queries" | "cpu", Goal>> = { queries: { most: 2 }, cpu: { most: 0.5 } };
const units: Readonly<Record<keyof Idle, readonly [name: string, unit: string]>> = {
  queries: ["statements a second", "/s"],
  cpu: ["of a core", "%"],
  memory: ["memory with a worker", "MiB"],
  inHand: ["memory for 1,000 jobs in hand", "MiB"],
};

/** One row a figure: ours, and what the others have come to. */
function rows(name: string, ours: Idle, peers: Readonly<Record<string, Idle>>): readonly Row[] {
  const keys = ["queries", "cpu", "memory", "inHand"] as const;
  return keys.flatMap((key) => {
    const [what, unit] = units[key];
    const value = ours[key];
    if (value === undefined) return [];
    const told = Object.entries(peers).flatMap(([side, { [key]: theirs }]) =>
      theirs === undefined ? [] : [`${side} ${amount(theirs, unit)}`],
    );
    const goal = key === "queries" || key === "cpu" ? { goal: goals[key] } : {};
    const shown = { ours: amount(value, unit), peer: told.join(", "), unit: ` ${unit}`, ...goal };
    return [against(`${name}: ${what}`, [value], shown)];
  });
}

async function onServers({ peers }: Settings, seconds: number): Promise<readonly Row[]> {
  if (!(await hasPostgres())) return [];
  await using server = await counting();
  if (server === undefined) return [];
  const { livespan, graphile, bossCalm, bossLoop } = onPostgres;
  const run = (side: WorkSide): Promise<Idle> => idle(side, inDatabase(server), seconds, statements(server));
  const ours = await run(livespan);
  const others: Record<string, Idle> = {};
  if (peers.npm) for (const side of [graphile, bossCalm, bossLoop]) others[side.name] = await run(side);
  if (peers.npm && (await hasRedis())) others[bullmq.name] = await onRedis(seconds);
  return rows("work-idle, postgres", ours, others);
}

async function onRedis(seconds: number): Promise<Idle> {
  await using redis = await startRedis();
  const monitor = await Monitor.of(redis.port);
  try {
    return await idle(bullmq, inRedis(redis), seconds, () => monitor.count());
  } finally {
    monitor.close();
  }
}

export const workIdle: Benchmark = {
  name: "work-idle",
  about: "a worker with nothing to do: what it asks of its server, its share of a core, its memory; jobs in hand",
  rounds: 1,
  needs: ["npm"],
  async run(settings) {
    const seconds = settings.quick ? 0.5 : 20;
    const own = rows("work-idle, embedded", await idle(embedded("normal"), inFile, seconds), {});
    return [...own, ...(await onServers(settings, seconds))];
  },
};
