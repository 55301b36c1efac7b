import type { Lease, Leases } from "../lease.ts";

/** One who waits for a name. */
interface Waiter {
  readonly grant: () => void;
}

/** Who waits for a name that is held. */
type Line = Set<Waiter>;

/** Leases within one process: for what runs as one, and for tests. They last until they are given back. */
export function memoryLeases(): Leases {
  return new MemoryLeases();
}

class MemoryLeases implements Leases {
  readonly name = "memory";
  readonly isShared = false;
  /** The names that are held. */
  private readonly held = new Map<string, Line>();
  private fence = 0;

  open(): void {}

  close(): void {}

  async acquire(name: string, signal: AbortSignal): Promise<Lease> {
    signal.throwIfAborted();
    const line = this.held.get(name);
    if (line === undefined) return this.take(name);
    const { promise, resolve, reject } = Promise.withResolvers<Lease>();
    const leave = (): void => {
      line.delete(waiter);
      reject(signal.reason);
    };
    const waiter: Waiter = {
      grant: () => {
        signal.removeEventListener("abort", leave);
        resolve(this.lease(name));
      },
    };
    line.add(waiter);
    signal.addEventListener("abort", leave, { once: true });
    return promise;
  }

  async tryAcquire(name: string): Promise<Lease | undefined> {
    return this.held.has(name) ? undefined : this.take(name);
  }

  private take(name: string): Lease {
    this.held.set(name, new Set());
    return this.lease(name);
  }

  private lease(name: string): Lease {
    let isHeld = true;
    const release = (): void => {
      if (isHeld) this.passOn(name);
      isHeld = false;
    };
    return { fence: ++this.fence, lost: new AbortController().signal, release };
  }

  private passOn(name: string): void {
    const line = this.held.get(name) ?? new Set();
    const [next] = line;
    if (next === undefined) return void this.held.delete(name);
    line.delete(next);
    next.grant();
  }
}
