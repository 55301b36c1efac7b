import type { Chunk } from "../../run.ts";
import type { EngineWorld } from "../../engine.ts";
import type { CallName, Calls, Ledger, News } from "./ledger.ts";
import { isDown } from "./rounds.ts";
import type { Results } from "./results.ts";

/** How long a reader without news waits before it looks by itself, in milliseconds. */
const poll = 2_000;

/** Who reads what runs say of themselves. */
export class Watching {
  private readonly ledger: Ledger;
  private readonly world: EngineWorld;
  private readonly results: Results;
  private readonly readers = new Map<string, Set<() => void>>();

  constructor(ledger: Ledger, world: EngineWorld, results: Results) {
    this.ledger = ledger;
    this.world = world;
    this.results = results;
  }

  heard(news: News | undefined): void {
    if (this.readers.size === 0) return;
    const ids = news === undefined ? this.readers.keys() : (news.said ?? []);
    for (const id of ids) for (const wake of this.readers.get(id) ?? []) wake();
  }

  async *chunks(id: string, after: number, signal: AbortSignal): AsyncGenerator<Chunk, void, undefined> {
    let last = after;
    for await (const _ of this.turns(id, signal)) {
      const { chunks, settled } = await this.look("chunks", { id, after: last }, { chunks: [], settled: false });
      for (const chunk of chunks) {
        yield chunk;
        last = chunk.at;
        if (signal.aborted) return;
      }
      if (settled) return this.ended(id, signal);
    }
  }

  async *progress(id: string, signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    let last: string | undefined;
    for await (const _ of this.turns(id, signal)) {
      const { value, settled } = await this.look("progress", { id }, { value: undefined, settled: false });
      if (value !== undefined && value !== last) yield (last = value);
      if (settled) return this.ended(id, signal);
    }
  }

  /** Rejects with RUN_UNKNOWN when it has not ended, but was never there. */
  private async ended(id: string, signal: AbortSignal): Promise<void> {
    try {
      await this.results.wait(id, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** While the ledger does not answer there is nothing new. */
  private async look<K extends CallName>(name: K, argument: Calls[K]["takes"], otherwise: Calls[K]["gives"]) {
    try {
      return await this.ledger.call(name, argument);
    } catch (error) {
      if (isDown(error)) return otherwise;
      throw error;
    }
  }

  /** At once, and whenever there may be more, until `signal` fires. Rejects with RUN_UNKNOWN. */
  private async *turns(id: string, signal: AbortSignal): AsyncGenerator<void, void, undefined> {
    const bell = new Bell();
    const over = new AbortController();
    const onAbort = (): void => bell.ring();
    let unknown: Error | undefined;
    this.add(id, bell.ring);
    signal.addEventListener("abort", onAbort, { once: true });
    // Waiting for the result makes the end of the run known to everyone. It says as well when there is no such run.
    void this.results.wait(id, over.signal).then(bell.ring, (error: Error) => {
      if (!over.signal.aborted) unknown = error;
      bell.ring();
    });
    try {
      while (!signal.aborted) {
        yield;
        await bell.rung(this.world.clock, poll);
        if (unknown !== undefined) throw unknown;
      }
    } finally {
      over.abort();
      signal.removeEventListener("abort", onAbort);
      this.remove(id, bell.ring);
    }
  }

  private add(id: string, wake: () => void): void {
    const readers = this.readers.get(id);
    if (readers === undefined) this.readers.set(id, new Set([wake]));
    else readers.add(wake);
  }

  private remove(id: string, wake: () => void): void {
    const readers = this.readers.get(id);
    readers?.delete(wake);
    if (readers?.size === 0) this.readers.delete(id);
  }
}

/** Remembers that it has rung while nobody listened. */
class Bell {
  private hasRung = false;
  private wake: (() => void) | undefined;

  readonly ring = (): void => {
    this.hasRung = true;
    this.wake?.();
  };

  /** Settles once it has rung since the last time, after `ms` at the latest. */
  async rung(clock: EngineWorld["clock"], ms: number): Promise<void> {
    if (!this.hasRung) {
      await new Promise<void>((resolve) => {
        const cancel = clock.after(ms, resolve);
        this.wake = () => (cancel(), resolve());
      });
    }
    this.hasRung = false;
    this.wake = undefined;
  }
}
