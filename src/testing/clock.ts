import type { Clock } from "../kernel/clock.ts";

export interface ManualClockOptions {
  /** What the wall clock says at first, in milliseconds since the Unix epoch. The first moment of 2025 (UTC) unless said. */
  readonly wall?: number;
}

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /**
   * Moves time on by `ms` milliseconds. Timers that fall due ring one after another, each at its own moment, and what they
   * wake has run as far as it can before the next one rings: it may set timers that ring within the same call. Settles
   * when nothing that is due is left.
   */
  advance(ms: number): Promise<void>;
  /** Moves time on, timer by timer, until `promise` has settled, and gives its outcome. Ends when no timer is left. */
  until<T>(promise: Promise<T>): Promise<T>;
  /** Sets the wall clock forward, or back by a negative number, as an operator or a time server does. No timer notices. */
  jump(by: { readonly wall: number }): void;
  /** How many timers are set. */
  readonly pending: number;
}

interface Timer {
  readonly due: number;
  readonly ring: () => void;
}

/** Makes a clock that stands at 0. */
export function manualClock(options: ManualClockOptions = {}): ManualClock {
  return new StandingClock(options.wall ?? Date.UTC(2025, 0, 1));
}

class StandingClock implements ManualClock {
  private elapsed = 0;
  private ahead: number;
  private readonly timers = new Set<Timer>();

  constructor(wall: number) {
    this.ahead = wall;
  }

  readonly now = (): number => this.elapsed;
  readonly wall = (): number => this.ahead + this.elapsed;

  readonly after = (ms: number, ring: () => void): (() => void) => {
    const timer = { due: this.elapsed + Math.max(0, ms), ring };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  };

  get pending(): number {
    return this.timers.size;
  }

  async advance(ms: number): Promise<void> {
    const end = this.elapsed + ms;
    await idle();
    for (let next = this.next(); next !== undefined && next.due <= end; next = this.next()) await this.ring(next);
    this.elapsed = end;
    await idle();
  }

  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const note = (): void => void (settled = true);
    promise.then(note, note);
    await idle();
    for (let next = this.next(); !settled && next !== undefined; next = this.next()) await this.ring(next);
    return promise;
  }

  jump({ wall }: { readonly wall: number }): void {
    this.ahead += wall;
  }

  private async ring(timer: Timer): Promise<void> {
    this.elapsed = timer.due;
    this.timers.delete(timer);
    timer.ring();
    await idle();
  }

  /** The earliest timer, of those due together the one set first. One that never rings is not due. */
  private next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.timers) if (timer.due < (first?.due ?? Infinity)) first = timer;
    return first;
  }
}

/**
 * Lets all that was woken run. Two turns of the event loop: what is deferred to a turn of its own by code that runs in the
 * microtasks of the first has its place behind ours.
 */
export async function idle(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => void setImmediate(resolve));
}
