import type { Clock } from "./clock.ts";

/** A limit that has been set; it can be moved, and must be cleared when what it limits has ended. */
export interface Alarm {
  due: number;
  readonly ring: () => void;
}

/** Many limits on one timer: five thousand lifespans that start at once set one, not five thousand. */
export class Alarms {
  private readonly clock: Clock;
  private readonly set = new Set<Alarm>();
  private armed = Infinity;
  private disarm: (() => void) | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Rings once the clock reaches `due`. */
  at(due: number, ring: () => void): Alarm {
    const alarm = { due, ring };
    this.set.add(alarm);
    if (due < this.armed) this.arm(due);
    return alarm;
  }

  move(alarm: Alarm, due: number): void {
    alarm.due = due;
    if (this.set.has(alarm) && due < this.armed) this.arm(due);
  }

  clear(alarm: Alarm): void {
    this.set.delete(alarm);
    if (this.set.size === 0) this.rest();
  }

  private arm(due: number): void {
    this.disarm?.();
    this.armed = due;
    this.disarm =
      due === Infinity ? undefined : this.clock.after(Math.max(0, due - this.clock.now()), () => this.fire());
  }

  private rest(): void {
    this.disarm?.();
    this.disarm = undefined;
    this.armed = Infinity;
  }

  private fire(): void {
    const now = this.clock.now();
    this.rest();
    const rung: Alarm[] = [];
    let next = Infinity;
    for (const alarm of this.set) {
      if (alarm.due <= now) rung.push(alarm);
      else next = Math.min(next, alarm.due);
    }
    for (const alarm of rung) this.set.delete(alarm);
    if (next < Infinity) this.arm(next);
    for (const alarm of rung) alarm.ring();
  }
}

/** Whose limit can be moved while it is waited for. */
export interface Limited {
  limit: Alarm | undefined;
}

/** Settles with what `promise` gives, or with `expired` once `due` is reached; never leaves a timer behind. */
export function until<T>(
  alarms: Alarms,
  due: number,
  promise: PromiseLike<T>,
  limited?: Limited,
): Promise<T | typeof expired> {
  return new Promise((resolve, reject) => {
    const over = (settle: () => void): void => {
      alarms.clear(alarm);
      if (limited?.limit === alarm) limited.limit = undefined;
      settle();
    };
    const alarm = alarms.at(due, () => over(() => resolve(expired)));
    if (limited !== undefined) limited.limit = alarm;
    promise.then(
      (result) => over(() => resolve(result)),
      (error: unknown) => over(() => reject(error)),
    );
  });
}

export const expired: unique symbol = Symbol("expired");

/** Settles after `ms`; rejects with the signal's reason when that fires first. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
