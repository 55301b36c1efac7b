import { after } from "node:test";
import { startRedis } from "../../tools/services/redis.ts";

export { startRedis, type RedisServer } from "../../tools/services/redis.ts";

/** The server that the gate started, or one of this process's own, for files that do not harm it. Keep to your own keys. */
export async function redisUrl(): Promise<string> {
  const { LIVESPAN_TEST_REDIS_URL } = process.env;
  if (LIVESPAN_TEST_REDIS_URL !== undefined) return LIVESPAN_TEST_REDIS_URL;
  const server = await startRedis();
  after(() => server[Symbol.asyncDispose]());
  return server.url;
}
