import type { Clock } from "../../../kernel/clock.ts";
import { LivespanError, messageOf } from "../../../kernel/errors.ts";
import type { Log } from "../../../kernel/log.ts";

interface RoundsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** For the log: "the beat of worker a". */
  readonly what: string;
  /** Milliseconds until it is tried again after a failure. */
  readonly again: number;
  /** Keeps a program alive while the next round is waited for. */
  readonly holds?: boolean;
  /** One round. Gives the milliseconds until the next one; Infinity: when it is asked for. */
  go(): Promise<number>;
}

/** Something that is done from time to time, never twice at the same time. What is asked for meanwhile is done once, after. */
export class Rounds {
  private readonly options: RoundsOptions;
  private due = Infinity;
  private disarm: (() => void) | undefined;
  private going: Promise<void> | undefined;
  private isOver = false;

  constructor(options: RoundsOptions) {
    this.options = options;
  }

  /** Goes at the end of this turn, with all that asks for it until then. */
  soon(): void {
    if (this.due === 0 || this.isOver) return;
    this.due = 0;
    if (this.going === undefined) this.arm();
  }

  /** Goes in `ms` milliseconds at the latest. */
  within(ms: number): void {
    if (ms <= 0) return this.soon();
    const due = this.options.clock.now() + ms;
    if (due >= this.due || this.isOver) return;
    this.due = due;
    if (this.going === undefined) this.arm();
  }

  /** Settles when the round that goes on has ended. */
  async stop(): Promise<void> {
    this.isOver = true;
    this.disarm?.();
    this.disarm = undefined;
    await this.going;
  }

  private arm(): void {
    this.disarm?.();
    this.disarm = undefined;
    if (this.isOver) return;
    const { clock, holds = false } = this.options;
    if (this.due === 0) queueMicrotask(this.ring);
    else if (this.due < Infinity) this.disarm = clock.after(Math.max(0, this.due - clock.now()), this.ring, !holds);
  }

  private readonly ring = (): void => {
    if (this.isOver || this.going !== undefined) return;
    this.disarm?.();
    this.disarm = undefined;
    this.due = Infinity;
    this.going = this.round();
  };

  private async round(): Promise<void> {
    let next: number;
    try {
      next = await this.options.go();
    } catch (error) {
      next = this.options.again;
      // That an engine does not answer is said once, by whoever notices.
      if (!isDown(error)) this.options.log("error", `${this.options.what} failed: ${messageOf(error)}`, { error });
    }
    this.due = next <= 0 ? 0 : Math.min(this.due, this.options.clock.now() + next);
    this.going = undefined;
    this.arm();
  }
}

/** The ledger could not be reached, also not after its own tries. */
export function isDown(error: unknown): boolean {
  return error instanceof LivespanError && error.code === "ENGINE_DOWN";
}
