import type { OpenTab } from "./opening.ts";
import { monotonic } from "./answering.ts";

/** A tab whose changes are timed: an event counts as seen when the copy's `count` has reached it. */
export class Watched {
  private readonly tab: OpenTab;
  /** Milliseconds from the sending of each event until it was seen. */
  readonly latencies: number[] = [];
  changedAt = 0;
  private readonly unseen: number[] = [];
  private seen: number;
  private done: (() => void) | undefined;

  constructor(tab: OpenTab) {
    this.tab = tab;
    this.seen = this.count;
    tab.changed = () => this.look();
  }

  get token(): string {
    return this.tab.token;
  }

  get state(): unknown {
    return this.tab.state;
  }

  get count(): number {
    return this.tab.count ?? (this.tab.state as { count?: number }).count ?? 0;
  }

  step(): Promise<unknown> {
    this.unseen.push(monotonic());
    return this.tab.step();
  }

  async drive(way: string, count: number): Promise<void> {
    await this.tab.drive?.(way, count);
  }

  /** Settles when the copy shows all that was sent. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.done = resolve;
      this.look();
    });
  }

  private look(): void {
    const now = (this.changedAt = monotonic());
    for (const { count } = this; this.seen < count && this.unseen.length > 0; this.seen++) {
      this.latencies.push(now - this.unseen.shift()!);
    }
    if (this.unseen.length === 0) this.done?.();
  }
}
