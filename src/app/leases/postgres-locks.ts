import { randomUUID } from "node:crypto";
import type { Lease, LeaseWorld } from "../lease.ts";
import { giveBack, renew, tables, take, type Answer, type LeaseNews } from "./postgres-lines.ts";
import type { Database } from "../../work/engines/postgres/database.ts";
import { Listener } from "../../work/engines/postgres/listener.ts";
import { makeTables } from "../../work/engines/postgres/migrate.ts";
import { messageOf } from "../../kernel/errors.ts";
import type { Script } from "../../work/engines/sql/script.ts";
import { workError } from "../../work/errors.ts";

/** Milliseconds that closing waits for what is under way. */
const closeLimit = 500;

/** One who waits. */
interface Waiter {
  readonly name: string;
  isGone: boolean;
  /** Ends the current pause: something has happened. */
  wake: () => void;
}

/** The leases of a process in PostgreSQL: who waits, who holds, and what others say of them. */
export class PostgresLocks {
  private readonly database: Database;
  private readonly world: LeaseWorld;
  private readonly lease: number;
  private readonly channel: string;
  private readonly listener: Listener;
  private readonly waiting = new Map<string, Waiter>();
  private readonly holding = new Map<string, PostgresLock>();
  private readonly loose = new Set<Promise<void>>();
  /** Those who ask get in line one after the other, in the order of asking. */
  private entered: Promise<unknown> = Promise.resolve();
  private cancelBeat: (() => void) | undefined;
  private isClosed = false;

  constructor(database: Database, world: LeaseWorld, lease: number) {
    this.database = database;
    this.world = world;
    this.lease = lease;
    this.channel = `livespan:${database.schema}:leases`;
    this.listener = new Listener(database, this.channel, world, {
      heard: (payload) => this.heard(JSON.parse(payload) as LeaseNews),
      missed: () => this.missed(),
      time: () => {},
    });
  }

  async open(): Promise<void> {
    const { clock, log } = this.world;
    await this.database.open({ clock, log, reachable: () => {} });
    await makeTables(this.database, "leases", tables);
    await this.listener.open();
    this.beatLater();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.cancelBeat?.();
    for (const waiter of this.waiting.values()) waiter.wake();
    for (const lock of this.holding.values()) lock.stop();
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.world.clock.after(closeLimit, resolve);
    await Promise.race([promise, Promise.all(this.loose)]);
    cancel();
    this.listener.close();
    await this.database.close();
  }

  /** In the order of asking. Rejects with `signal.reason` when that fires first. */
  async acquire(name: string, signal: AbortSignal): Promise<Lease> {
    signal.throwIfAborted();
    const id = randomUUID();
    const aborted = Promise.withResolvers<never>();
    const waiter: Waiter = { name, isGone: false, wake: () => {} };
    const abort = (): void => {
      waiter.isGone = true;
      waiter.wake();
      aborted.reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    this.waiting.set(id, waiter);
    const asked = this.wait(id, waiter);
    try {
      return await Promise.race([asked, aborted.promise]);
    } catch (error) {
      this.inBackground(asked.catch(() => undefined).then(() => this.giveBack(name, id)));
      throw error;
    } finally {
      this.waiting.delete(id);
      signal.removeEventListener("abort", abort);
    }
  }

  async tryAcquire(name: string): Promise<Lease | undefined> {
    const answer = await this.attempt(name, randomUUID(), false);
    return answer instanceof PostgresLock ? answer : undefined;
  }

  /** Never rejects: where it fails, the lease ends by itself. */
  async giveBack(name: string, id: string): Promise<void> {
    this.holding.delete(id);
    if (this.isClosed) return;
    const given = this.call(`give the lease "${name}" back`, () => giveBack(name, id, this.channel));
    this.inBackground(given);
    await given.catch(() => undefined);
  }

  /** It is held no more. */
  forget(id: string): void {
    this.holding.delete(id);
  }

  private async wait(id: string, waiter: Waiter): Promise<Lease> {
    const first = this.entered.then(() => this.attempt(waiter.name, id));
    this.entered = first.catch(() => undefined);
    for (let answer = await first; ; answer = await this.attempt(waiter.name, id)) {
      if (answer instanceof PostgresLock) return answer;
      await this.pause(waiter, answer.left);
      if (waiter.isGone || this.isClosed) {
        throw workError("ENGINE_CLOSED", `the leases were closed while "${waiter.name}" was waited for.`);
      }
    }
  }

  private async attempt(name: string, id: string, waits = true): Promise<PostgresLock | { readonly left: number }> {
    const { clock } = this.world;
    const asked = clock.now();
    const { lease, channel } = this;
    const answer: Answer = await this.call(`ask for the lease "${name}"`, () =>
      take({ name, id, lease, waits, channel }),
    );
    // Who is first when it becomes free is told; who died in line is passed when its own time is over.
    if ("left" in answer) return { left: answer.left > 0 ? answer.left + 5 : lease / 3 };
    const lock = new PostgresLock(this, name, id, answer.fence);
    this.holding.set(id, lock);
    lock.renewed(clock, asked + lease);
    return lock;
  }

  private call<R>(what: string, script: () => Script<R>): Promise<R> {
    return this.database.use(what, (session) => session.transaction(() => session.drive(script())));
  }

  private async pause(waiter: Waiter, ms: number): Promise<void> {
    if (waiter.isGone || this.isClosed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.world.clock.after(ms, resolve);
    waiter.wake = resolve;
    await promise;
    waiter.wake = () => {};
    cancel();
  }

  private heard({ lost, free }: LeaseNews): void {
    if (lost !== undefined) this.holding.get(lost)?.lose("another has taken it");
    for (const waiter of this.waiting.values()) if (waiter.name === free) waiter.wake();
  }

  /** What was said meanwhile is lost: everyone asks again. */
  private missed(): void {
    for (const waiter of this.waiting.values()) waiter.wake();
    this.inBackground(this.beat());
  }

  private beatLater(): void {
    const next = (): void => {
      this.inBackground(this.beat());
      if (!this.isClosed) this.beatLater();
    };
    this.cancelBeat = this.world.clock.after(this.lease / 3, next, true);
  }

  private async beat(): Promise<void> {
    const holders = [...this.holding.keys()];
    const waiters = [...this.waiting.keys()];
    if (this.isClosed || holders.length + waiters.length === 0) return;
    const { clock } = this.world;
    const asked = clock.now();
    const kept = new Set(await this.call("renew leases", () => renew(holders, waiters, this.lease)));
    for (const id of holders) {
      const lock = this.holding.get(id);
      if (kept.has(id)) lock?.renewed(clock, asked + this.lease);
      else lock?.lose("another has taken it");
    }
  }

  /** Lets something run that nobody waits for. Where it fails, the end of a lease puts it right. */
  private inBackground(work: Promise<unknown>): void {
    const quiet = work.catch((error: unknown) => {
      if (!this.isClosed) this.world.log("warn", `leases in PostgreSQL: ${messageOf(error)}`);
    });
    const done: Promise<void> = quiet.then(() => void this.loose.delete(done));
    this.loose.add(done);
  }
}

class PostgresLock implements Lease {
  readonly fence: number;
  readonly lost: AbortSignal;
  private readonly locks: PostgresLocks;
  private readonly name: string;
  private readonly id: string;
  private readonly losing = new AbortController();
  private cancel: (() => void) | undefined;
  private isOver = false;

  constructor(locks: PostgresLocks, name: string, id: string, fence: number) {
    this.locks = locks;
    this.name = name;
    this.id = id;
    this.fence = fence;
    this.lost = this.losing.signal;
  }

  /** It is kept until then, by this process's clock: asked for before, so the server's time is over no sooner. */
  renewed(clock: LeaseWorld["clock"], until: number): void {
    if (this.isOver) return;
    this.cancel?.();
    this.cancel = clock.after(
      Math.max(0, until - clock.now()),
      () => this.lose("it could not be renewed in time"),
      true,
    );
  }

  lose(why: string): void {
    if (this.isOver) return;
    this.stop();
    this.locks.forget(this.id);
    this.losing.abort(workError("LEASE_LOST", `the lease "${this.name}" was lost: ${why}.`));
  }

  async release(): Promise<void> {
    if (this.isOver) return;
    this.stop();
    await this.locks.giveBack(this.name, this.id);
  }

  stop(): void {
    this.isOver = true;
    this.cancel?.();
  }
}
