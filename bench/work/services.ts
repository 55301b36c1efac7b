import { Client } from "pg";
import type { Fresh } from "./figures.ts";
import { findPostgres, type PostgresServer } from "../../tools/services/postgres.ts";
import type { RedisServer } from "../../tools/services/redis.ts";
import { redisPrograms } from "../../tools/services/redis.ts";
import { findProgram } from "../../tools/services/program.ts";

/** Whether there is a PostgreSQL to start; says what is left out otherwise. */
export async function hasPostgres(): Promise<boolean> {
  if ((await findPostgres()) !== undefined) return true;
  console.log("PostgreSQL: not installed, these rows are left out.");
  return false;
}

export async function hasRedis(): Promise<boolean> {
  if ((await findProgram(...redisPrograms)) !== undefined) return true;
  console.log("Redis: not installed, the rows of BullMQ are left out.");
  return false;
}

/** Runs statements on the server's own database, outside of what is measured. */
export async function administered<T>(
  { url }: { readonly url: string },
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

let count = 0;

/** A database of its own on one server; given as a connection string. */
export function inDatabase(server: PostgresServer): Fresh {
  return async (use) => {
    const name = `bench_${++count}`;
    await administered(server, (client) => client.query(`create database ${name}`));
    try {
      return await use(server.url.replace(/postgres$/, name));
    } finally {
      await administered(server, (client) => client.query(`drop database ${name} with (force)`));
    }
  };
}

/** A Redis with nothing in it; given as its port. */
export function inRedis(server: RedisServer): Fresh {
  return async (use) => {
    await server.command("FLUSHALL");
    return await use(String(server.port));
  };
}
