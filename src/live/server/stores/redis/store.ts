import type { Commit, Lease, Outcome, Place, Saved, Store, StoreWorld } from "../../store.ts";
import type { Op } from "../../../wire/ops.ts";
import { assertMs, assertOptions } from "../../../../kernel/lifespan.ts";
import { foundIn, type Found, type RedisLock } from "./lock.ts";
import { liveError } from "../../../errors.ts";
import { RedisLocks } from "./locks.ts";
import { checkRedisOptions, RedisConnection, type RedisOptions } from "./connection.ts";
import { seal } from "../../seal.ts";
import { textOf, valueOf } from "./text.ts";

export interface RedisStoreOptions extends RedisOptions {
  /** Milliseconds that an owner's states are kept after they were last read, written, watched or locked. An hour unless said. */
  readonly idle?: number;
  /** Milliseconds after which the lock of a process that has stopped answering may be taken. 10,000 unless said. */
  readonly lease?: number;
}

/**
 * Keeps states in Redis (6.2 or newer) or Valkey, for every process that is given the same `prefix`. Needs the package
 * `redis`, which is loaded when the store is opened.
 *
 * @throws LivespanError UNKNOWN_OPTION, INVALID_DECLARATION
 */
export function redisStore(options: RedisStoreOptions = {}): Store {
  assertOptions("redisStore()", options, ["url", "prefix", "timeout", "client", "idle", "lease"]);
  const { idle = 3_600_000, lease = 10_000 } = options;
  for (const [name, ms] of Object.entries({ idle, lease })) assertMs(`redisStore(): ${name}`, ms);
  checkRedisOptions("redisStore()", options);
  return new RedisStore(options, idle, lease);
}

/** What is watched of one owner, by state. */
type Watches = Map<string, number>;

class RedisStore implements Store {
  readonly name = "redis";
  readonly isShared = true;
  private readonly options: RedisOptions;
  private readonly idle: number;
  private readonly lease: number;
  private readonly watched = new Map<string, Watches>();
  /** Places that others watch as well, as far as is known: only these have someone to tell operations. */
  private readonly told = new Set<string>();
  private world: StoreWorld | undefined;
  private locks: RedisLocks | undefined;
  private cancelTouch: (() => void) | undefined;

  constructor(options: RedisOptions, idle: number, lease: number) {
    this.options = options;
    this.idle = idle;
    this.lease = lease;
  }

  async open(world: StoreWorld): Promise<void> {
    const { clock, log } = world;
    const connection = new RedisConnection(this.options, clock, log, {
      message: (text, run) => this.onMessage(text, run),
      connected: () => this.onConnected(),
    });
    const locks = new RedisLocks(connection, world, this.lease, this.idle);
    this.world = world;
    this.locks = locks;
    try {
      await connection.open();
    } catch (error) {
      await this.close();
      throw error;
    }
    this.cancelTouch = clock.after(this.idle / 3, this.touch, true);
  }

  async close(): Promise<void> {
    const { locks } = this;
    this.cancelTouch?.();
    this.locks = undefined;
    await locks?.close();
    locks?.connection.close();
  }

  async load(place: Place): Promise<Saved | undefined> {
    const { run, value } = await this.opened.call("load", place.owner, () => [place.state]);
    return this.savedFrom(place, run, foundIn(listOf(value)));
  }

  async commit(place: Place, commit: Commit): Promise<Outcome> {
    const outcome = await this.set(place, commit, undefined, false);
    if (outcome.kind !== "lost") return outcome;
    throw liveError("STORE_FAILED", `Redis took a commit of "${place.owner}" for one of a lock's holder.`);
  }

  async acquire(place: Place, signal: AbortSignal): Promise<Lease> {
    const lock = await this.opened.acquire(place.owner, place.state, signal);
    const { run, found } = lock.granted;
    return new RedisLease(this, place, lock, this.savedFrom(place, run, found));
  }

  watch(place: Place): () => void {
    const states: Watches = this.watched.get(place.owner) ?? new Map();
    const count = states.get(place.state) ?? 0;
    this.watched.set(place.owner, states.set(place.state, count + 1));
    if (count === 0) this.locks?.inBackground(this.listen(place));
    let isOver = false;
    return () => {
      if (!isOver) this.unwatch(place, states);
      isOver = true;
    };
  }

  async remove(owner: string): Promise<void> {
    await this.opened.call("remove", owner, () => []);
  }

  /** Compares and sets, in one command; under a lock when there is one. */
  async set(place: Place, commit: Commit, lock: RedisLock | undefined, release: boolean): Promise<Outcome | Lost> {
    const { id, base, value } = commit;
    const text = textOf(value);
    const key = keyOf(place);
    const ops = this.told.has(key) ? textOf(commit.ops()) : "";
    const held = lock === undefined ? ["", "", ""] : [lock.id, lock.granted.fence, release ? "1" : "0"];
    const { run, value: answer } = await this.opened.call("commit", place.owner, (current) => {
      return [place.state, ...held, ...from(base, current), id, text, key, ops];
    });
    const [kind, ...rest] = listOf(answer);
    if (kind === "held") return { kind };
    if (kind === "lost") return { kind };
    if (kind === "conflict") return { kind, saved: this.savedFrom(place, run, foundIn(rest)) };
    const [birth, version, others] = rest;
    this.note(key, Number(others));
    return { kind: "saved", saved: { epoch: `${run}.${String(birth)}`, version: Number(version), value } };
  }

  private get opened(): RedisLocks {
    if (this.locks !== undefined) return this.locks;
    throw liveError("STORE_UNREACHABLE", "the store is not open.");
  }

  private savedFrom(place: Place, run: string, [birth, version, text, others]: Found): Saved | undefined {
    this.note(keyOf(place), others);
    if (version === "0") return undefined;
    const value = valueOf(text);
    if (typeof value !== "object" || value === null) {
      throw liveError(
        "STORE_FAILED",
        `Redis holds a ${typeof value} as the state "${place.state}" of "${place.owner}".`,
      );
    }
    return { epoch: `${run}.${birth}`, version: Number(version), value: seal(value) };
  }

  private note(key: string, others: number): void {
    if (others > 0) this.told.add(key);
    else this.told.delete(key);
  }

  /** Has this process told of commits from now on, and tells what there is: it may have changed since it was loaded. */
  private async listen(place: Place): Promise<void> {
    const { run, value } = await this.opened.call("watch", place.owner, () => [place.state, "0"]);
    const [birth, version] = listOf(value);
    if (version === "0") return;
    this.tell(place, { epoch: `${run}.${String(birth)}`, version: Number(version) }, undefined);
  }

  private unwatch({ owner, state }: Place, states: Watches): void {
    const left = (states.get(state) ?? 1) - 1;
    if (left > 0) return void states.set(state, left);
    states.delete(state);
    if (states.size > 0 || this.watched.get(owner) !== states) return;
    this.watched.delete(owner);
    this.locks?.inBackground(this.locks.call("watch", owner, () => [state, "1"]));
  }

  private onMessage(text: string, run: string): void {
    if (this.locks?.message(text, run) === true || !text.startsWith("c ")) return;
    const [head = "", key = "", ...rest] = text.split("\n");
    const [birth, version] = head.slice(2).split(" ");
    const [owner, state] = listOf(JSON.parse(key));
    const ops = rest.join("\n");
    const place = { owner: String(owner), state: String(state) };
    const saved = { epoch: `${run}.${birth}`, version: Number(version) };
    this.tell(place, saved, ops === "" ? undefined : (valueOf(ops) as readonly Op[]));
  }

  private tell(place: Place, saved: Omit<Saved, "value">, ops: readonly Op[] | undefined): void {
    if (this.watched.get(place.owner)?.has(place.state) === true) this.world?.changed(place, saved, ops);
  }

  /** Whatever was published while there was no connection is lost, and the server may have ceased to publish. */
  private onConnected(): void {
    const { locks } = this;
    if (locks === undefined || this.watched.size === 0) return locks?.connected();
    locks.connected();
    locks.inBackground(
      this.forWatched((place) => this.listen(place)).then(() => {
        this.world?.missed();
      }),
    );
  }

  private readonly touch = (): void => {
    const { locks } = this;
    if (locks === undefined) return;
    locks.inBackground(this.forWatched(({ owner }) => locks.call("touch", owner, () => [])));
    this.cancelTouch = this.world?.clock.after(this.idle / 3, this.touch, true);
  };

  /** Some at a time: there may be many thousands. */
  private async forWatched(work: (place: Place) => Promise<unknown>): Promise<void> {
    let batch: Promise<unknown>[] = [];
    for (const [owner, states] of this.watched) {
      for (const state of states.keys()) batch.push(work({ owner, state }));
      if (batch.length < 100) continue;
      await Promise.all(batch);
      batch = [];
    }
    await Promise.all(batch);
  }
}

interface Lost {
  readonly kind: "lost";
}

/** The store's lease: a lock, with what the store held when it was given. */
class RedisLease implements Lease {
  readonly fence: number;
  readonly lost: AbortSignal;
  readonly saved: Saved | undefined;
  private readonly store: RedisStore;
  private readonly place: Place;
  private readonly lock: RedisLock;

  constructor(store: RedisStore, place: Place, lock: RedisLock, saved: Saved | undefined) {
    this.store = store;
    this.place = place;
    this.lock = lock;
    this.saved = saved;
    this.fence = lock.fence;
    this.lost = lock.lost;
  }

  async commit(commit: Commit, release: boolean): Promise<Saved> {
    const { lock, place } = this;
    const outcome = lock.isReleased ? undefined : await this.store.set(place, commit, lock, release);
    if (outcome?.kind !== "saved") {
      lock.lose("another has taken it");
      throw lock.notHeld();
    }
    if (release) lock.released();
    return outcome.saved;
  }

  async release(): Promise<void> {
    await this.lock.release();
  }
}

/** What the compare compares with. What comes from another run of the server names nothing that this one has. */
function from(base: Saved | undefined, run: string): readonly [birth: string, version: string] {
  if (base === undefined) return ["", "0"];
  const [before, birth = ""] = base.epoch.split(".");
  return [before === run ? birth : "-", String(base.version)];
}

function keyOf({ owner, state }: Place): string {
  return JSON.stringify([owner, state]);
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`a script answered ${JSON.stringify(value)}`);
}
