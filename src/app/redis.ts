export { redisStore } from "../live/server/stores/redis/store.ts";
export type { RedisStoreOptions } from "../live/server/stores/redis/store.ts";
export type { RedisOptions } from "../live/server/stores/redis/connection.ts";
export { redisLeases } from "./leases/redis.ts";
export type { RedisLeasesOptions } from "./leases/redis.ts";
