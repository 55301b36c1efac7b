import type { Lease, Leases, LeaseWorld } from "../lease.ts";
import { assertMs, assertOptions } from "../../kernel/lifespan.ts";
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
  return new RedisLeases(options, lease);
}

class RedisLeases implements Leases {
  readonly name = "redis";
  readonly isShared = true;
  private readonly options: RedisOptions;
  private readonly lease: number;
  /** How many apps use them. */
  private users = 0;
  private opening: Promise<RedisLocks> | undefined;
  private locks: RedisLocks | undefined;

  constructor(options: RedisOptions, lease: number) {
    this.options = options;
    this.lease = lease;
  }

  async open(world: LeaseWorld): Promise<void> {
    this.users++;
    this.opening ??= this.connect(world);
    try {
      this.locks = await this.opening;
    } catch (error) {
      this.users--;
      this.opening = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.users === 0 || --this.users > 0) return;
    const { locks } = this;
    this.locks = undefined;
    this.opening = undefined;
    await locks?.close();
    locks?.connection.close();
  }

  async acquire(name: string, signal: AbortSignal): Promise<Lease> {
    return this.opened.acquire(ownerOf(name), "", signal);
  }

  async tryAcquire(name: string): Promise<Lease | undefined> {
    return this.opened.tryAcquire(ownerOf(name), "");
  }

  private get opened(): RedisLocks {
    if (this.locks !== undefined) return this.locks;
    throw liveError("STORE_UNREACHABLE", "the leases are not open.");
  }

  private async connect(world: LeaseWorld): Promise<RedisLocks> {
    const connection = new RedisConnection(this.options, world.clock, world.log, {
      message: (text, run) => void locks.message(text, run),
      connected: () => locks.connected(),
    });
    const locks = new RedisLocks(connection, world, this.lease, memory);
    try {
      await connection.open();
    } catch (error) {
      connection.close();
      throw error;
    }
    return locks;
  }
}

/** Apart from the owners of states, which may have the same prefix. */
function ownerOf(name: string): string {
  return `lease:${name}`;
}
