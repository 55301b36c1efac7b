import type { Leases, LeaseWorld } from "../lease.ts";
import { assertMs, assertOptions } from "../../kernel/lifespan.ts";
import { LockLeases, type Locks } from "./locks.ts";
import { liveError } from "../../live/errors.ts";
import { checkRedisOptions, RedisConnection, type RedisOptions } from "../../live/server/stores/redis/connection.ts";
import { RedisLocks } from "../../live/server/stores/redis/locks.ts";

export interface RedisLeasesOptions extends RedisOptions {
  /** Milliseconds after which the lease of a process that has stopped answering may be taken. 10,000 unless said. */
  readonly lease?: number;
}

/** Milliseconds that Redis remembers who held a lease last. */
const memory = 86_400_000;

/**
 * Leases among all processes that are given the same `prefix`, kept in Redis (6.2 or newer) or Valkey. Needs the package
 * `redis`, which is loaded when they are opened.
 *
 * @throws LivespanError UNKNOWN_OPTION, INVALID_DECLARATION
 */
export function redisLeases(options: RedisLeasesOptions = {}): Leases {
  assertOptions("redisLeases()", options, ["url", "prefix", "timeout", "client", "lease"]);
  const { lease = 10_000 } = options;
  assertMs("redisLeases(): lease", lease);
  checkRedisOptions("redisLeases()", options);
  const closed = (): Error => liveError("STORE_UNREACHABLE", "the leases are not open.");
  return new LockLeases("redis", (world) => connect(options, lease, world), closed);
}

async function connect(options: RedisOptions, lease: number, world: LeaseWorld): Promise<Locks> {
  const connection = new RedisConnection(options, world.clock, world.log, {
    message: (text, run) => void locks.message(text, run),
    connected: () => locks.connected(),
  });
  const locks = new RedisLocks(connection, world, lease, memory);
  try {
    await connection.open();
  } catch (error) {
    connection.close();
    throw error;
  }
  return {
    acquire: (name, signal) => locks.acquire(ownerOf(name), "", signal),
    tryAcquire: (name) => locks.tryAcquire(ownerOf(name), ""),
    async close() {
      await locks.close();
      connection.close();
    },
  };
}

/** Apart from the owners of states, which may have the same prefix. */
function ownerOf(name: string): string {
  return `lease:${name}`;
}
