/** Work that an intake could not end within the drain budget, counted by kind. */
export interface Leftover {
  /** In the intake's own words, such as "in-flight", "partial-request", "never-sent", "upgraded". */
  readonly kind: string;
  readonly count: number;
}

/**
 * Where work comes in from outside: a listener, a queue pick-up. A generation opens its intakes when every lifespan is up
 * and before it is ready. At stop it closes all of them at once, waits for what they have in hand, and only then lets
 * tasks and lifespans go down.
 */
export interface Intake {
  readonly name: string;
  /** What it has in hand, by name, for whoever waits for it. */
  readonly pending?: readonly string[];
  /** Begins to take work; settles when the first unit could come in. A rejection is a failed start. */
  open(): Promise<void> | void;
  /** Stop was asked for, but work is still taken, so that those who send it can notice. */
  lameDuck?(): void;
  /** Takes no more work. What is in hand goes on. */
  close(): Promise<void> | void;
  /** Settles when nothing is in hand. Called once, after `close`. */
  drained(): Promise<void>;
  /** The drain budget is spent, or force was asked for: aborts what is in hand, awaits it, and says what was left. */
  abort(reason: unknown): Promise<readonly Leftover[]> | readonly Leftover[];
}
