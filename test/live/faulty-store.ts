import type { Commit, Lease, Place, Store, StoreWorld } from "livespan/live";
import { memoryStore } from "livespan/live";
import { LivespanError } from "livespan";

/** What a test may do to a store and see of it; each is asked before the store is. */
export interface Faults {
  acquire?(place: Place): Promise<void> | void;
  /** Under a lease. */
  keep?(place: Place, commit: Commit): Promise<void> | void;
  commit?(place: Place, commit: Commit): void;
  /** After the store was asked, and before its answer arrives. */
  loaded?(place: Place): Promise<void> | void;
  released?(): void;
  /** Places that are watched are in it meanwhile. */
  readonly watched?: Set<Place>;
  readonly isShared?: boolean;
}

export interface FaultyStore extends Store {
  /** Of the app that runs with it: what another process has done is said here. */
  world(): StoreWorld;
}

/** A memory store that fails, or hesitates, when it is told to. */
export function faultyStore(faults: Faults): FaultyStore {
  const store = memoryStore();
  let opened: StoreWorld;
  return {
    name: "faulty",
    isShared: faults.isShared === true,
    world: () => opened,
    open(world) {
      opened = world;
      return store.open(world);
    },
    close: () => store.close(),
    async load(place) {
      const saved = store.load(place);
      await faults.loaded?.(place);
      return saved;
    },
    commit(place, commit) {
      faults.commit?.(place, commit);
      return store.commit(place, commit);
    },
    async acquire(place, signal) {
      await faults.acquire?.(place);
      return faultyLease(await store.acquire(place, signal), place, faults);
    },
    watch(place) {
      const stop = store.watch(place);
      faults.watched?.add(place);
      return () => {
        faults.watched?.delete(place);
        stop();
      };
    },
    remove: (owner) => store.remove(owner),
  };
}

function faultyLease(lease: Lease, place: Place, faults: Faults): Lease {
  return {
    fence: lease.fence,
    lost: lease.lost,
    saved: lease.saved,
    async commit(commit, release) {
      await faults.keep?.(place, commit);
      return lease.commit(commit, release);
    },
    release() {
      faults.released?.();
      return lease.release();
    },
  };
}

export function storeError(code: "LOCK_LOST" | "STORE_UNREACHABLE"): Error {
  return new LivespanError(code, `a test says ${code}.`, "");
}
