import type { Clock } from "../kernel/clock.ts";
import type { ManualClock } from "./clock.ts";
import { idle } from "./clock.ts";
import { testingError } from "./errors.ts";

/** A point at which code has stopped until it is let on. */
interface Step {
  readonly label: string;
  go(): void;
}

/** The steps of one run of a race: who waits to go on, and what is decided each time that more than one could. */
export class Steps {
  /** The server's time: what sleeps in it is a step too. Pages have the time below it. */
  readonly clock: Clock;
  /** What was chosen where there was a choice, of how many. */
  readonly choices: { readonly taken: number; readonly of: number }[] = [];
  /** What went on, in order. */
  readonly taken: string[] = [];
  private readonly time: ManualClock;
  private readonly choose: (position: number, of: number) => number;
  private readonly waiting: Step[] = [];
  private readonly sleeping = new Set<{ readonly due: number }>();
  private isRacing = false;

  constructor(time: ManualClock, choose: (position: number, of: number) => number) {
    this.time = time;
    this.choose = choose;
    this.clock = {
      now: () => time.now(),
      wall: () => time.wall(),
      after: (ms, ring, unref) => (unref === true ? time.after(ms, ring) : this.sleep(ms, ring)),
    };
  }

  /** Settles when this may go on: at once, unless there is a race. */
  readonly pass = (label: string): Promise<void> => {
    if (!this.isRacing) return Promise.resolve();
    return new Promise((go) => this.waiting.push({ label, go }));
  };

  /** Lets one step on after the other until `isOver` and none waits. @throws LivespanError RACE_STUCK, RACE_ENDLESS */
  async run(start: () => void, isOver: () => boolean, limit: number): Promise<void> {
    this.isRacing = true;
    try {
      start();
      for (let count = 0; ; count++) {
        await idle();
        if (this.waiting.length === 0 && isOver()) return;
        if (count === limit) throw testingError("RACE_ENDLESS", `the race had not come to rest after ${limit} steps.`);
        await this.next();
      }
    } finally {
      this.isRacing = false;
      for (const { go } of this.waiting.splice(0)) go();
    }
  }

  private async next(): Promise<void> {
    const due = Math.min(...Array.from(this.sleeping, (sleeper) => sleeper.due));
    const canWake = due < Infinity;
    const count = this.waiting.length + (canWake ? 1 : 0);
    if (count === 0) throw testingError("RACE_STUCK", "nothing can go on, and not all has settled.");
    const taken = count === 1 ? 0 : this.choose(this.choices.length, count);
    if (count > 1) this.choices.push({ taken, of: count });
    const step = this.waiting[taken];
    if (step === undefined) {
      const ms = due - this.time.now();
      this.taken.push(`time goes on by ${ms} ms`);
      return this.time.advance(ms);
    }
    this.waiting.splice(taken, 1);
    this.taken.push(step.label);
    step.go();
  }

  private sleep(ms: number, ring: () => void): () => void {
    const sleeper = { due: this.time.now() + ms };
    this.sleeping.add(sleeper);
    const cancel = this.time.after(ms, () => {
      this.sleeping.delete(sleeper);
      ring();
    });
    return () => {
      this.sleeping.delete(sleeper);
      cancel();
    };
  }
}
