import type { Clock } from "../../kernel/clock.ts";

/** What has a pulse: looked at once in a period. */
export interface Pulsed {
  beat(now: number): void;
}

const slots = 16;

/**
 * One timer for all connections. Each is looked at once in a period, a sixteenth of them at a time, so that many do not
 * speak at the same moment. No timer is set while there are none.
 */
export class Heartbeat<T extends Pulsed> {
  private readonly clock: Clock;
  private readonly step: number;
  private readonly rested: () => boolean;
  private readonly wheel: readonly Set<T>[] = Array.from({ length: slots }, () => new Set<T>());
  private next = 0;
  private at = 0;
  private cancel: (() => void) | undefined;

  /** `rested` is asked at each step, and says whether nothing else needs one. */
  constructor(clock: Clock, period: number, rested: () => boolean) {
    this.clock = clock;
    this.step = period / slots;
    this.rested = rested;
  }

  add(pulsed: T): void {
    this.wheel[this.next++ % slots]!.add(pulsed);
    this.cancel ??= this.clock.after(this.step, this.turn, true);
  }

  delete(pulsed: T): void {
    for (const slot of this.wheel) slot.delete(pulsed);
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  private readonly turn = (): void => {
    const now = this.clock.now();
    for (const pulsed of this.wheel[this.at++ % slots]!) pulsed.beat(now);
    const isIdle = this.rested() && this.wheel.every((slot) => slot.size === 0);
    this.cancel = isIdle ? undefined : this.clock.after(this.step, this.turn, true);
  };
}
