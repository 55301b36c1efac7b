import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Commit, Saved, Store } from "livespan/live";

/** What a client is asked to do. "hold" is a block that ends when it is told "release". */
export interface Ask {
  readonly kind: "update" | "block" | "hold" | "load" | "wait";
  readonly id: string;
  readonly pause?: number;
}

export interface Told {
  readonly kind: "ready" | "kept" | "failed" | "inside";
  readonly id: string;
  readonly code?: string;
}

/** A state that remembers every change made to it: their names, and the fence that each block had. */
interface Pages {
  readonly names: readonly string[];
  readonly fences: readonly number[];
}

export const place = { owner: "journal", state: "pages" };

/** Changes to one state that can be held to account afterwards. */
export class Journal {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /** Adds a name, without the lock while nobody holds it. */
  async update(name: string): Promise<Saved> {
    let base = await this.store.load(place);
    for (;;) {
      const outcome = await this.store.commit(place, added(base, name));
      if (outcome.kind === "saved") return outcome.saved;
      if (outcome.kind === "held") return this.block(name, async () => {});
      base = outcome.saved;
    }
  }

  /** Adds a name under the lock, with something awaited between reading and writing. */
  async block(name: string, inside: () => Promise<void>): Promise<Saved> {
    const lease = await this.store.acquire(place, new AbortController().signal);
    await inside();
    return lease.commit(added(lease.saved, name, lease.fence), true);
  }

  /** Waits for the lock, and keeps it. */
  async waitFor(): Promise<void> {
    await this.store.acquire(place, new AbortController().signal);
  }

  /**
   * Holds the state to account: what was acknowledged is in it exactly once, nothing is in it twice, there are as many
   * versions as changes, and fences only grow.
   */
  async check(acknowledged: readonly string[]): Promise<readonly string[]> {
    const saved = await this.store.load(place);
    const { names, fences } = pagesOf(saved);
    assert.equal(new Set(names).size, names.length, "a change was made twice");
    assert.deepEqual(
      acknowledged.filter((name) => !names.includes(name)),
      [],
      "an acknowledged change was lost",
    );
    assert.equal(saved?.version ?? 0, names.length, "a version was left out");
    assert.deepEqual(
      fences,
      fences.toSorted((a, b) => a - b),
      "a fence went back",
    );
    return names;
  }
}

function added(base: Saved | undefined, name: string, fence?: number): Commit {
  const { names, fences } = pagesOf(base);
  const value = { names: [...names, name], fences: fence === undefined ? fences : [...fences, fence] };
  return { id: randomUUID(), base, value, ops: () => [] };
}

function pagesOf(saved: Saved | undefined): Pages {
  // A store gives back what it was given.
  return (saved?.value ?? { names: [], fences: [] }) as Pages;
}
