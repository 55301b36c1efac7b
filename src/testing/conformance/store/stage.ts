import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "../../../kernel/clock.ts";
import type { Commit, Lease, Outcome, Place, Saved, Store } from "../../../live/server/store.ts";
import type { Op } from "../../../live/wire/ops.ts";
import { manualClock, type ManualClock } from "../../clock.ts";
import { systemClock } from "../../../app/world.ts";

/** What a case asks of a store. */
export interface StoreSettings {
  /** Stores of one space are processes on the same data, where a store is shared; of another space, strangers. */
  readonly space: string;
  /** Milliseconds after which what nobody uses is forgotten. */
  readonly idle: number;
  /** Milliseconds after which a lock may be taken from a process that says nothing. */
  readonly lease: number;
}

/** Makes a store that is not open yet. */
export type MakeStore = (settings: StoreSettings) => Store;

export interface Case {
  readonly name: string;
  /** Needs two processes. */
  readonly shared?: true;
  run(stage: Stage): Promise<void>;
}

/** A commit that was made elsewhere, as a store told it. */
export interface Told {
  readonly place: Place;
  readonly epoch: string;
  readonly version: number;
  readonly ops: readonly Op[] | undefined;
}

/** An open store with what it told its process. */
export interface Process {
  readonly store: Store;
  readonly told: Told[];
  /** Settles when so many commits were told. */
  heard(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Where one case plays: its own data, and as many processes as it opens. */
export class Stage implements AsyncDisposable {
  readonly place: Place = { owner: randomUUID(), state: "counter" };
  readonly isShared: boolean;
  private readonly make: MakeStore;
  private readonly space = randomUUID();
  private readonly manual: ManualClock = manualClock();
  private readonly processes: Process[] = [];

  constructor(make: MakeStore) {
    this.make = make;
    this.isShared = make({ space: this.space, idle: 60_000, lease: 10_000 }).isShared;
  }

  /** Opens a store. With `frozen` its process's time stands still: it renews nothing, as if it were stopped. */
  async open({ idle = 60_000, lease = 10_000, frozen = false } = {}): Promise<Process> {
    const store = this.make({ space: this.space, idle, lease });
    const told: Told[] = [];
    const waiting = new Set<() => void>();
    const clock: Clock = this.isShared && !frozen ? systemClock : this.manual;
    await store.open({
      clock,
      log: () => {},
      changed: (place, { epoch, version }, ops) => {
        told.push({ place, epoch, version, ops });
        for (const look of waiting) look();
      },
      missed: () => {},
    });
    const heard = async (count: number): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = (): void => void (told.length >= count && resolve());
      waiting.add(look);
      look();
      await promise;
      waiting.delete(look);
    };
    const process = { store, told, heard, close: async () => store.close() };
    this.processes.push(process);
    return process;
  }

  /** Lets time pass: for a store that keeps its own time, really. */
  async elapse(ms: number): Promise<void> {
    await (this.isShared ? wait(ms) : this.manual.advance(ms));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.processes.toReversed()) await process.close();
  }
}

/** A commit from `base`, and what it tells of itself. */
export function commitOf(base: Saved | undefined, value: object, ops: readonly Op[] = []): Commit {
  return { id: randomUUID(), base, value: Object.freeze(value), ops: () => ops };
}

/** What was saved; fails for every other outcome. */
export function savedBy(outcome: Outcome): Saved {
  assert.equal(outcome.kind, "saved");
  return outcome.saved;
}

/** Commits one more, on top of what there is, until it is kept. */
export async function add(store: Store, place: Place): Promise<Saved> {
  for (;;) {
    const base = await store.load(place);
    const outcome = await store.commit(place, commitOf(base, { n: countOf(base) + 1 }));
    if (outcome.kind === "saved") return outcome.saved;
    if (outcome.kind === "held") await (await acquire(store, place)).release();
  }
}

/** Adds one inside a block, with something awaited in the middle of it. */
export async function addInBlock(store: Store, place: Place): Promise<Saved> {
  const lease = await acquire(store, place);
  const n = countOf(lease.saved);
  await new Promise((resolve) => void setImmediate(resolve));
  return lease.commit(commitOf(lease.saved, { n: n + 1 }), true);
}

export async function acquire(store: Store, place: Place, signal?: AbortSignal): Promise<Lease> {
  return store.acquire(place, signal ?? new AbortController().signal);
}

export function countOf(saved: Saved | undefined): number {
  return Number(saved === undefined ? 0 : Reflect.get(saved.value, "n"));
}

export function hasCode(code: string) {
  return (error: unknown) => error instanceof Error && "code" in error && error.code === code;
}
