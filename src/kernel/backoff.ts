/** How long a task waits before its next attempt. Times are milliseconds. */
export interface BackoffOptions {
  /** Before the first restart. 100 unless said. */
  readonly base?: number;
  /** From one to the next. 2 unless said. */
  readonly factor?: number;
  /** Never longer than this. 30,000 unless said. */
  readonly max?: number;
  /** Full jitter spreads each wait evenly over [0, wait). "full" unless said. */
  readonly jitter?: "full" | "none";
  /** An attempt that ran this long was healthy: the next wait starts from `base`. 60,000 unless said. */
  readonly resetAfter?: number;
}

/** How many restarts are too many: more than `restarts` within `withinMs`. */
export interface Intensity {
  readonly restarts: number;
  readonly withinMs: number;
}

type Waits = Required<Omit<BackoffOptions, "resetAfter">>;

/** The wait after so many failures before this one. `random` is in [0, 1), for the jitter. */
export function backoffMs({ base, factor, max, jitter }: Waits, failures: number, random: () => number): number {
  // Nothing times what has grown beyond all numbers is not a number.
  const wait = base === 0 ? 0 : Math.min(max, base * factor ** failures);
  return jitter === "full" ? Math.floor(random() * wait) : wait;
}

export class Backoff {
  private readonly options: Required<BackoffOptions>;
  private readonly random: () => number;
  private failures = 0;

  constructor(options: BackoffOptions, random: () => number) {
    this.options = { base: 100, factor: 2, max: 30_000, jitter: "full", resetAfter: 60_000, ...options };
    this.random = random;
  }

  /** The wait after an attempt that ran for `ranMs`. */
  next(ranMs: number): number {
    if (ranMs >= this.options.resetAfter) this.failures = 0;
    return backoffMs(this.options, this.failures++, this.random);
  }

  /** The longest wait, for a task that is kept although it exceeded its intensity. */
  longest(): number {
    return backoffMs({ ...this.options, base: this.options.max }, 0, this.random);
  }
}

/** Counts restarts in a sliding window. */
export class RestartWindow {
  private readonly limit: Intensity;
  private at: number[] = [];

  constructor(limit: Intensity) {
    this.limit = limit;
  }

  /** Counts one more; true when that is more than the limit allows. */
  exceeds(now: number): boolean {
    this.at = this.at.filter((time) => now - time < this.limit.withinMs);
    this.at.push(now);
    return this.at.length > this.limit.restarts;
  }
}
