import { randomUUID } from "node:crypto";
import type { Clock } from "../../../../kernel/clock.ts";
import type { Log } from "../../../../kernel/log.ts";
import type { RedisConnection, Reply } from "./connection.ts";
import type { ScriptName } from "./scripts.ts";
import { grantedIn, RedisLock, type Granted } from "./lock.ts";
import { liveError } from "../../../errors.ts";

/** Milliseconds that closing waits for what is under way. */
const closeLimit = 500;

/** What it needs of the world. */
export interface LockWorld {
  readonly clock: Clock;
  readonly log: Log;
}

/** One who waits. */
interface Waiter {
  granted: Granted | undefined;
  isGone: boolean;
  /** Ends the current pause: something has happened. */
  wake: () => void;
}

/** The locks of a process on Redis: who waits, who holds, and what the server tells them. */
export class RedisLocks {
  readonly connection: RedisConnection;
  readonly clock: Clock;
  readonly lease: number;
  private readonly idle: number;
  private readonly log: Log;
  private readonly waiting = new Map<string, Waiter>();
  private readonly holding = new Map<string, RedisLock>();
  private readonly loose = new Set<Promise<void>>();
  private isClosed = false;

  constructor(connection: RedisConnection, { clock, log }: LockWorld, lease: number, idle: number) {
    this.connection = connection;
    this.clock = clock;
    this.log = log;
    this.lease = lease;
    this.idle = idle;
  }

  /** Runs a script for an owner. @throws LivespanError STORE_UNREACHABLE, STORE_FAILED */
  call(name: ScriptName, owner: string, args: (run: string) => readonly string[]): Promise<Reply> {
    const { connection, idle, lease } = this;
    // What stands in braces decides about the place in a cluster, up to the first that closes.
    const key = `${connection.prefix}{${owner.replaceAll("%", "%25").replaceAll("}", "%7D")}}`;
    const before = [String(idle), String(lease), connection.channel];
    return connection.call(name, [key, `${key}:queue`], (run) => [...before, ...args(run)]);
  }

  /** Takes an owner's lock, in the order of asking. Rejects with `signal.reason` when that fires first. */
  async acquire(owner: string, state: string, signal: AbortSignal): Promise<RedisLock> {
    signal.throwIfAborted();
    const id = randomUUID();
    const aborted = Promise.withResolvers<never>();
    const waiter: Waiter = { granted: undefined, isGone: false, wake: () => {} };
    const abort = (): void => {
      waiter.isGone = true;
      waiter.wake();
      aborted.reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    this.waiting.set(id, waiter);
    const asked = this.wait(owner, state, id, waiter);
    try {
      return this.hold(owner, state, id, await Promise.race([asked, aborted.promise]));
    } catch (error) {
      this.inBackground(asked.catch(() => undefined).then(() => this.giveBack(owner, state, id, true)));
      throw error;
    } finally {
      this.waiting.delete(id);
      signal.removeEventListener("abort", abort);
    }
  }

  /** Takes it when it is free. */
  async tryAcquire(owner: string, state: string): Promise<RedisLock | undefined> {
    const id = randomUUID();
    const { run, value } = await this.call("acquire", owner, () => [state, id, "try"]);
    const granted = grantedIn(run, value);
    return granted === undefined ? undefined : this.hold(owner, state, id, granted);
  }

  private hold(owner: string, state: string, id: string, granted: Granted): RedisLock {
    const lock = new RedisLock(this, owner, state, id, granted);
    this.holding.set(id, lock);
    return lock;
  }

  /** Asks, and asks again when the holder's lease is over, or when what the server said may have been missed. */
  private async wait(owner: string, state: string, id: string, waiter: Waiter): Promise<Granted> {
    let mode = "first";
    const args = (): readonly string[] => {
      const asked = [state, id, mode];
      mode = "again";
      return asked;
    };
    for (;;) {
      const { run, value } = await this.call("acquire", owner, args);
      const granted = waiter.granted ?? grantedIn(run, value);
      if (granted !== undefined) return granted;
      await this.pause(waiter, leftIn(value));
      if (waiter.granted !== undefined) return waiter.granted;
      if (waiter.isGone || this.isClosed) {
        throw liveError("STORE_UNREACHABLE", `the store was closed while "${owner}" was waited for.`);
      }
    }
  }

  private async pause(waiter: Waiter, ms: number): Promise<void> {
    if (waiter.granted !== undefined || waiter.isGone || this.isClosed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.clock.after(ms, resolve);
    waiter.wake = resolve;
    await promise;
    waiter.wake = () => {};
    cancel();
  }

  /** Gives back what is held or waited for. Never rejects: where it fails, the lease ends by itself. */
  async giveBack(owner: string, state: string, id: string, mayWait: boolean): Promise<void> {
    this.holding.delete(id);
    if (this.isClosed) return;
    await this.call("release", owner, () => [state, id, mayWait ? "1" : "0"]).catch(() => undefined);
  }

  /** It is held no more. */
  forget(id: string): void {
    this.holding.delete(id);
  }

  /** Lets something run that nobody waits for. Where it fails, the next connection or the end of a lease puts it right. */
  inBackground(work: Promise<unknown>): void {
    const quiet = work.catch((error: unknown) => {
      if (!this.isClosed) this.log("warn", "Redis could not be told something", { error });
    });
    const done: Promise<void> = quiet.then(() => void this.loose.delete(done));
    this.loose.add(done);
  }

  /** A message to this process; true when it was about a lock. */
  message(text: string, run: string): boolean {
    if (text.startsWith("l ")) {
      this.holding.get(text.slice(2))?.lose("another has taken it");
    } else if (text.startsWith("g ")) {
      const line = text.indexOf("\n");
      const [id = "", fence = "", birth = "", version = "0"] = text.slice(2, line).split(" ");
      const waiter = this.waiting.get(id);
      if (waiter === undefined) return true;
      waiter.granted = { fence, run, found: [birth, version, text.slice(line + 1), 1] };
      waiter.wake();
    } else return false;
    return true;
  }

  /** What was published meanwhile is lost: everyone asks again. */
  connected(): void {
    for (const waiter of this.waiting.values()) waiter.wake();
    for (const lock of this.holding.values()) lock.check();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const waiter of this.waiting.values()) waiter.wake();
    for (const lock of this.holding.values()) lock.stop();
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.clock.after(closeLimit, resolve);
    await Promise.race([promise, Promise.all(this.loose)]);
    cancel();
  }
}

/** How long the holder's lease lasts, and a moment. */
function leftIn(value: unknown): number {
  return (Array.isArray(value) ? Number(value[1]) : 0) + 5;
}
