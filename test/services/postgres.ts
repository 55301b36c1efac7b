import { randomUUID } from "node:crypto";
import { after } from "node:test";
import { Client } from "pg";
import { startProxy, type Proxy } from "./proxy.ts";
import { startPostgres } from "../../tools/services/postgres.ts";

export { startPostgres } from "../../tools/services/postgres.ts";

/**
 * A database of this file's own, dropped when its tests have ended: on the server that the gate started, or on one of this
 * process's own. For files that do not harm the server.
 */
export async function postgresUrl(): Promise<string> {
  const { LIVESPAN_TEST_POSTGRES_URL } = process.env;
  if (LIVESPAN_TEST_POSTGRES_URL === undefined) {
    const server = await startPostgres();
    after(() => server[Symbol.asyncDispose]());
    return server.url;
  }
  const name = `livespan_${randomUUID().replaceAll("-", "")}`;
  await query(LIVESPAN_TEST_POSTGRES_URL, `create database ${name}`);
  after(() => query(LIVESPAN_TEST_POSTGRES_URL, `drop database ${name} with (force)`));
  const url = new URL(LIVESPAN_TEST_POSTGRES_URL);
  url.pathname = `/${name}`;
  return url.href;
}

/** The rows that one statement gives, over a connection of its own. */
export async function query(url: string, text: string, values: unknown[] = []): Promise<readonly object[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // A connection that is lost while nothing is asked says so by this event, which would end the process.
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<object>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** The same database through a proxy. */
export async function throughProxy(url: string): Promise<{ readonly proxy: Proxy; readonly url: string }> {
  const proxy = await startProxy(url);
  const through = new URL(url);
  through.port = new URL(proxy.url).port;
  return { proxy, url: through.href };
}
