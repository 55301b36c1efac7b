/** Milliseconds between two that are begun one after the other: enough for a save to be noticed and served. */
const apart = 250;

/** A request that waits to be begun. Neither function throws. */
export interface Waiting {
  begin(): void;
  /** Called in place of it. */
  refuse(): void;
}

/**
 * When requests are begun: at once, until one of them has hung. From then on one after the other, each in a turn of the event
 * loop of its own: requests that all hang would otherwise keep the loop from whatever else there is, a save above all.
 */
export class Turns {
  private readonly waiting: Waiting[] = [];
  private isPaced = false;

  /** Neither function is called before this has returned. */
  take(request: Waiting): void {
    if (!this.isPaced) return queueMicrotask(request.begin);
    if (this.waiting.push(request) === 1) this.arm();
  }

  pace(): void {
    this.isPaced = true;
  }

  /** Refuses those that wait: what would answer them is going down. */
  end(): void {
    for (const { refuse } of this.waiting.splice(0)) refuse();
  }

  /** By a timer, and armed before anything is begun: what is ended comes back neither to this nor to a promise. */
  private arm(): void {
    setTimeout(() => {
      const next = this.waiting.shift();
      if (this.waiting.length > 0) this.arm();
      next?.begin();
    }, apart);
  }
}
