import type { Clock } from "../../kernel/clock.ts";
import type { Limits } from "./limits.ts";

/** "ok"; "over": not now; "flood": so far over that it is no accident. */
export type Verdict = "ok" | "over" | "flood";

/** A token bucket: `burst` at once, `rate` a second over time. What is refused leaks away as fast as tokens come. */
export class Bucket {
  private readonly clock: Clock;
  private readonly limits: Limits;
  private tokens: number;
  private excess = 0;
  private at: number;

  constructor(clock: Clock, limits: Limits) {
    this.clock = clock;
    this.limits = limits;
    this.tokens = limits.burst;
    this.at = clock.now();
  }

  take(): Verdict {
    this.refill();
    if (this.tokens >= 1) {
      this.tokens--;
      return "ok";
    }
    this.excess++;
    return this.excess > this.limits.burst * 10 ? "flood" : "over";
  }

  /** For `ms` milliseconds in which nothing could be sent: as many as would have come, up to what may wait of one tab. */
  grant(ms: number): void {
    const more = (ms / 1000) * this.limits.rate;
    this.tokens = Math.max(this.tokens, Math.min(this.limits.waiting, this.tokens + more));
  }

  /** As good as new: nothing is lost when it is forgotten. */
  get isFull(): boolean {
    this.refill();
    return this.tokens >= this.limits.burst && this.excess === 0;
  }

  private refill(): void {
    const now = this.clock.now();
    const more = ((now - this.at) / 1000) * this.limits.rate;
    this.at = now;
    this.tokens = Math.max(this.tokens, Math.min(this.limits.burst, this.tokens + more));
    this.excess = Math.max(0, this.excess - more);
  }
}
