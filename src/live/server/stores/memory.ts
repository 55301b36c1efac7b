import { randomUUID } from "node:crypto";
import type { Commit, Lease, Outcome, Place, Saved, Store, StoreWorld } from "../store.ts";
import { assertMs, assertOptions } from "../../../kernel/lifespan.ts";
import { kernelError } from "../../../kernel/catalogue.ts";
import { liveError } from "../../errors.ts";

export interface MemoryStoreOptions {
  /** Milliseconds that an owner's states are kept after they were last read, written, watched or locked. An hour unless said. */
  readonly idle?: number;
  /**
   * The most states that are kept at once; beyond it those are given up that nobody watches, the longest unused first. 100,000
   * unless said.
   */
  readonly limit?: number;
}

/** One state. What an owner has is a list: it is rarely more than two. */
interface Kept {
  readonly state: string;
  saved: Saved;
  /** The id of the last commit. */
  commit: string;
  readonly next: Kept | undefined;
}

interface Owner {
  readonly name: string;
  first: Kept | undefined;
  holder: MemoryLease | undefined;
  waiting: Waiter[] | undefined;
  watched: number;
  /** When it was last touched, on the clock's scale. */
  used: number;
}

interface Waiter {
  readonly grant: () => void;
  readonly fail: (error: Error) => void;
}

/** All that a memory store holds, taken out of it. */
export type MemoryContents = ReadonlyMap<string, Owner>;

const held: Outcome = { kind: "held" };

/**
 * Keeps states in this process: at once, without a promise, and until it ends. A state that is not used for `idle` is
 * forgotten, unless it is watched or its owner is locked.
 *
 * @throws LivespanError UNKNOWN_OPTION, INVALID_DECLARATION
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  assertOptions("memoryStore()", options, ["idle", "limit"]);
  const { idle = 3_600_000, limit = 100_000 } = options;
  assertMs("memoryStore(): idle", idle);
  if (!(limit >= 1))
    throw kernelError("INVALID_DECLARATION", `memoryStore(): expected a limit of 1 or more, got ${limit}.`);
  return new MemoryStore(idle, limit);
}

export class MemoryStore implements Store {
  readonly name = "memory";
  readonly isShared = false;
  private readonly idle: number;
  private readonly limit: number;
  private owners = new Map<string, Owner>();
  private count = 0;
  private fence = 0;
  /** Another one as soon as something was forgotten: what is made anew counts its versions from 1 again. */
  private epoch = newEpoch();
  private now: () => number = () => 0;
  private after: StoreWorld["clock"]["after"] | undefined;
  private log: StoreWorld["log"] = () => {};
  private cancelSweep: (() => void) | undefined;

  constructor(idle: number, limit: number) {
    this.idle = idle;
    this.limit = limit;
  }

  open({ clock, log }: StoreWorld): void {
    this.log = log;
    this.now = () => clock.now();
    this.after = (ms, fn, unref) => clock.after(ms, fn, unref);
  }

  close(): void {
    this.cancelSweep?.();
    this.cancelSweep = undefined;
    this.after = undefined;
    this.empty();
  }

  /** Takes out all that it holds, for one that comes after it in this process. */
  empty(): MemoryContents {
    const { owners } = this;
    for (const { name, waiting } of owners.values()) {
      const closed = (): Error =>
        liveError("STORE_UNREACHABLE", `the store was closed while "${name}" was waited for.`);
      for (const waiter of waiting ?? []) waiter.fail(closed());
    }
    this.owners = new Map();
    this.count = 0;
    this.epoch = newEpoch();
    return owners;
  }

  /** Goes on with what another one has held, as far as it `fits`, in an epoch of its own. */
  adopt(contents: MemoryContents, fits: (place: Place, value: object) => boolean): void {
    for (const { name, first, used } of contents.values()) {
      const entry = this.add(name);
      entry.used = used;
      for (let kept = first; kept !== undefined; kept = kept.next) {
        if (!fits({ owner: name, state: kept.state }, kept.saved.value)) continue;
        entry.first = { ...kept, saved: { ...kept.saved, epoch: this.epoch }, next: entry.first };
        this.count++;
      }
    }
  }

  load({ owner, state }: Place): Saved | undefined {
    const entry = this.find(owner);
    return entry === undefined ? undefined : keptIn(entry, state)?.saved;
  }

  commit(place: Place, commit: Commit): Outcome {
    const entry = this.find(place.owner) ?? this.add(place.owner);
    if (entry.holder !== undefined) return held;
    return this.set(entry, place.state, commit);
  }

  acquire(place: Place, signal: AbortSignal): Promise<Lease> | Lease {
    if (signal.aborted) return Promise.reject(signal.reason);
    const entry = this.find(place.owner) ?? this.add(place.owner);
    if (entry.holder === undefined) return this.lease(entry, place.state);
    const { promise, resolve, reject } = Promise.withResolvers<Lease>();
    const waiting = (entry.waiting ??= []);
    const abort = (): void => {
      waiting.splice(waiting.indexOf(waiter), 1);
      reject(signal.reason);
    };
    const ended = (): void => signal.removeEventListener("abort", abort);
    const waiter: Waiter = {
      grant: () => (ended(), resolve(this.lease(entry, place.state))),
      fail: (error) => (ended(), reject(error)),
    };
    waiting.push(waiter);
    signal.addEventListener("abort", abort, { once: true });
    return promise;
  }

  watch({ owner }: Place): () => void {
    let entry: Owner | undefined = this.find(owner) ?? this.add(owner);
    entry.watched++;
    return () => {
      if (entry === undefined) return;
      entry.watched--;
      entry.used = this.now();
      entry = undefined;
    };
  }

  remove(name: string): void {
    const entry = this.owners.get(name);
    if (entry !== undefined) this.forget(entry);
  }

  /** Compares and sets; the lock is the caller's matter. */
  set(entry: Owner, state: string, commit: Commit): Outcome {
    const kept = keptIn(entry, state);
    const saved = kept?.saved;
    const { id, base, value } = commit;
    if (kept?.commit === id) return { kind: "saved", saved: kept.saved };
    if (saved?.version !== base?.version || saved?.epoch !== base?.epoch) {
      return { kind: "conflict", saved };
    }
    if (kept !== undefined) {
      kept.commit = id;
      kept.saved = { epoch: kept.saved.epoch, version: kept.saved.version + 1, value };
      return { kind: "saved", saved: kept.saved };
    }
    if (this.count >= this.limit) this.makeRoom(entry, state);
    this.count++;
    entry.first = { state, saved: { epoch: this.epoch, version: 1, value }, commit: id, next: entry.first };
    return { kind: "saved", saved: entry.first.saved };
  }

  /** Hands the lock to the next in line. */
  release(entry: Owner): void {
    entry.holder = undefined;
    entry.used = this.now();
    entry.waiting?.shift()?.grant();
  }

  private lease(entry: Owner, state: string): Lease {
    entry.holder = new MemoryLease(this, entry, state, ++this.fence);
    return entry.holder;
  }

  /** Only what has not been idle for too long, and from now on counts as used. */
  private find(name: string): Owner | undefined {
    const entry = this.owners.get(name);
    if (entry === undefined) return undefined;
    const now = this.now();
    if (this.isStale(entry, now)) {
      this.drop(entry);
      return undefined;
    }
    entry.used = now;
    return entry;
  }

  private add(name: string): Owner {
    const used = this.now();
    const entry: Owner = { name, first: undefined, holder: undefined, waiting: undefined, watched: 0, used };
    this.owners.set(name, entry);
    this.cancelSweep ??= this.after?.(this.idle, this.sweep, true);
    return entry;
  }

  private isStale(entry: Owner, now: number): boolean {
    return now - entry.used >= this.idle && entry.watched === 0 && entry.holder === undefined;
  }

  /** Once in each idle time: what is stale is not seen in between either, so this only frees memory. */
  private readonly sweep = (): void => {
    const now = this.now();
    for (const entry of this.owners.values()) if (this.isStale(entry, now)) this.drop(entry);
    this.cancelSweep = this.owners.size === 0 ? undefined : this.after?.(this.idle, this.sweep, true);
  };

  /** Gives up those that nobody watches, the longest unused first: a hundredth of all, since looking for them takes a while. */
  private makeRoom(asking: Owner, state: string): void {
    const spare = [...this.owners.values()].filter(
      (entry) => entry !== asking && entry.watched === 0 && entry.holder === undefined && entry.first !== undefined,
    );
    spare.sort((a, b) => a.used - b.used);
    const given = spare.slice(0, Math.ceil(this.limit / 100));
    for (const entry of given) this.drop(entry);
    if (given.length > 0) {
      this.log("warn", `The memory store is full, and gave up the states of ${given.length} that nobody watched.`);
    } else {
      const what = `"${asking.name}: ${state}"`;
      throw liveError(
        "STORE_LIMIT",
        `${what} cannot be kept: all of the memory store's ${this.count} states are in use.`,
      );
    }
  }

  private drop(entry: Owner): void {
    this.forget(entry);
    this.owners.delete(entry.name);
  }

  private forget(entry: Owner): void {
    if (entry.first === undefined) return;
    for (let kept: Kept | undefined = entry.first; kept !== undefined; kept = kept.next) this.count--;
    entry.first = undefined;
    this.epoch = newEpoch();
  }
}

class MemoryLease implements Lease {
  readonly fence: number;
  private readonly store: MemoryStore;
  private readonly entry: Owner;
  private readonly state: string;
  private signal: AbortSignal | undefined;

  constructor(store: MemoryStore, entry: Owner, state: string, fence: number) {
    this.store = store;
    this.entry = entry;
    this.state = state;
    this.fence = fence;
  }

  /** Never fires: nobody else can take it. Made when it is asked for, since a signal is dear. */
  get lost(): AbortSignal {
    this.signal ??= new AbortController().signal;
    return this.signal;
  }

  get saved(): Saved | undefined {
    return keptIn(this.entry, this.state)?.saved;
  }

  commit(commit: Commit, release: boolean): Saved {
    const outcome = this.entry.holder === this ? this.store.set(this.entry, this.state, commit) : held;
    if (outcome.kind !== "saved") {
      throw liveError("LOCK_LOST", `the lock of "${this.entry.name}" was given back, or its states were removed.`);
    }
    if (release) this.release();
    return outcome.saved;
  }

  release(): void {
    if (this.entry.holder === this) this.store.release(this.entry);
  }
}

function keptIn(entry: Owner, state: string): Kept | undefined {
  let kept = entry.first;
  while (kept !== undefined && kept.state !== state) kept = kept.next;
  return kept;
}

function newEpoch(): string {
  return randomUUID().slice(0, 13);
}
