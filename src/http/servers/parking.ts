import type { Clock } from "../../kernel/clock.ts";
import type { Parked } from "./parked.ts";

/** WebSockets that wait for a program. There is no limit to how long: they cost nothing meanwhile, and leave when they like. */
export class Parking {
  private readonly clock: Clock;
  private readonly waiting = new Set<Parked>();
  private cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  add(parked: Parked): void {
    if (!parked.isOpen) return;
    parked.left = () => void this.waiting.delete(parked);
    this.waiting.add(parked);
    this.cancel ??= this.pulse(parked.pulse.every);
  }

  /** Hands all to `serve`, in the order they came. */
  release(serve: (parked: Parked) => void): void {
    const all = [...this.waiting];
    this.waiting.clear();
    this.cancel?.();
    this.cancel = undefined;
    for (const parked of all) {
      parked.left = undefined;
      if (parked.isOpen) serve(parked);
    }
  }

  /** One timer for all of them: what they hear and how often was agreed with one program. */
  private pulse(every: number): () => void {
    return this.clock.after(
      every,
      () => {
        for (const parked of this.waiting) parked.beat();
        this.cancel = this.waiting.size === 0 ? undefined : this.pulse(every);
      },
      true,
    );
  }
}
