import type { Commit, Lease, Place, Store } from "livespan/live";
import { memoryStore } from "livespan/live";
import { LivespanError } from "livespan";

/** What a test may do to a store and see of it; each is asked before the store is. */
export interface Faults {
  acquire?(place: Place): Promise<void> | void;
  /** Under a lease. */
  keep?(place: Place, commit: Commit): void;
  commit?(place: Place, commit: Commit): void;
  /** Places that are watched are in it meanwhile. */
  readonly watched?: Set<Place>;
}

/** A memory store that fails when it is told to. */
export function faultyStore(faults: Faults): Store {
  const store = memoryStore();
  const failing = async (place: Place, signal: AbortSignal): Promise<Lease> => {
    await faults.acquire?.(place);
    const lease = await store.acquire(place, signal);
    const commit = lease.commit.bind(lease);
    lease.commit = (change, release) => {
      faults.keep?.(place, change);
      return commit(change, release);
    };
    return lease;
  };
  return {
    name: "faulty",
    isShared: false,
    open: (world) => store.open(world),
    close: () => store.close(),
    load: (place) => store.load(place),
    commit(place, commit) {
      faults.commit?.(place, commit);
      return store.commit(place, commit);
    },
    acquire: failing,
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

export function storeError(code: "LOCK_LOST" | "STORE_UNREACHABLE"): Error {
  return new LivespanError(code, `a test says ${code}.`, "");
}
