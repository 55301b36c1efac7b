import type { Clock } from "../../kernel/clock.ts";
import { Owner } from "./owner.ts";

/** Milliseconds that a process keeps what nobody uses: a tab that is reloaded, or drops and comes back, finds it at hand. */
const retention = 60_000;

/** The owners that a process has at hand: while something retains them, and a while longer. */
export class Owners {
  private readonly all = new Map<string, Owner>();
  /** Those that nothing retains, since when; the oldest first. */
  private readonly idle = new Map<Owner, number>();
  private readonly clock: Clock;
  private readonly forgotten: (owner: Owner) => void;
  private cancel: (() => void) | undefined;
  private isOver = false;

  constructor(clock: Clock, forgotten: (owner: Owner) => void) {
    this.clock = clock;
    this.forgotten = forgotten;
  }

  /** The owner of that name; one that is new is idle. */
  get(name: string): Owner {
    const known = this.all.get(name);
    if (known !== undefined) {
      // Who asks is about to use it, and may have to wait for the store until then.
      if (this.idle.delete(known)) this.rest(known);
      return known;
    }
    const owner = new Owner(name);
    this.all.set(name, owner);
    this.rest(owner);
    return owner;
  }

  find(name: string): Owner | undefined {
    return this.all.get(name);
  }

  retain(owner: Owner): void {
    owner.retained++;
    this.idle.delete(owner);
  }

  release(owner: Owner): void {
    if (--owner.retained === 0) this.rest(owner);
  }

  /** Forgets all at once, for good, and leaves no timer. */
  clear(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.isOver = true;
    for (const owner of this.all.values()) this.drop(owner);
    this.idle.clear();
  }

  [Symbol.iterator](): Iterator<Owner> {
    return this.all.values();
  }

  private drop(owner: Owner): void {
    this.all.delete(owner.name);
    this.forgotten(owner);
  }

  private rest(owner: Owner): void {
    if (this.isOver) return;
    this.idle.set(owner, this.clock.now());
    this.cancel ??= this.clock.after(retention, () => this.sweep(), true);
  }

  /** One timer for all of them: there may be very many. */
  private sweep(): void {
    this.cancel = undefined;
    const now = this.clock.now();
    for (const [owner, since] of this.idle) {
      if (since + retention > now) {
        this.cancel = this.clock.after(since + retention - now, () => this.sweep(), true);
        return;
      }
      this.idle.delete(owner);
      if (owner.isInUse) this.idle.set(owner, now);
      else this.drop(owner);
    }
  }
}
