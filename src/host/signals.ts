/** The signals that ask a server to stop. SIGBREAK is Ctrl-Break on Windows, where SIGTERM cannot be caught. */
export const stopSignals: readonly NodeJS.Signals[] =
  process.platform === "win32" ? ["SIGINT", "SIGTERM", "SIGBREAK"] : ["SIGINT", "SIGTERM", "SIGHUP"];

/** The same signal again within this many milliseconds is a relay's copy: npm and others pass on what they get. */
const debounceMs = 250;

/** What a supervisor tells its workers, and the signal that made it do so. */
export interface StopOrder {
  readonly signal: NodeJS.Signals;
  readonly force: boolean;
}

export interface SignalActions {
  stop(signal: NodeJS.Signals): void;
  force(signal: NodeJS.Signals): void;
  exit(signal: NodeJS.Signals): void;
}

/**
 * What signals do to a process: the first asks for a stop, the second forces it, the third ends the process at once.
 *
 *     running ── first ──→ stopping ── second ──→ forced ── third ──→ gone
 *
 * Listeners of others are neither removed nor awaited. An IPC message "shutdown" counts as SIGTERM. What a supervisor orders
 * is no signal: asked twice it is the same.
 */
export class Signals {
  private readonly actions: SignalActions;
  private readonly now: () => number;
  private readonly signals: readonly NodeJS.Signals[];
  private count = 0;
  private last: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;
  private readonly onSignal = (signal: NodeJS.Signals): void => this.take(signal);
  private readonly onMessage = (message: unknown): void => {
    const type = typeof message === "object" && message !== null && "type" in message ? message.type : message;
    if (type === "shutdown") this.take("SIGTERM");
  };

  constructor(actions: SignalActions, now: () => number, signals: readonly NodeJS.Signals[] = stopSignals) {
    this.actions = actions;
    this.now = now;
    this.signals = signals;
  }

  install(): void {
    for (const signal of this.signals) process.on(signal, this.onSignal);
    if (process.channel === undefined) return;
    process.on("message", this.onMessage);
    // Listening for messages keeps a process alive; being a child is no reason to.
    process.channel?.unref();
  }

  remove(): void {
    for (const signal of this.signals) process.off(signal, this.onSignal);
    process.off("message", this.onMessage);
  }

  /** A stop that was ordered, or one that is to be forced. The signal that came beside the order is a relay's copy. */
  obey({ signal, force }: StopOrder): void {
    this.last = { signal, at: this.now() };
    if (this.count === 0) {
      this.count = 1;
      this.actions.stop(signal);
    }
    if (!force || this.count > 1) return;
    this.count = 2;
    this.actions.force(signal);
  }

  private take(signal: NodeJS.Signals): void {
    const at = this.now();
    const relayed = this.last?.signal === signal && at - this.last.at < debounceMs;
    if (relayed) return;
    this.last = { signal, at };
    this.count++;
    if (this.count === 1) this.actions.stop(signal);
    else if (this.count === 2) this.actions.force(signal);
    else this.actions.exit(signal);
  }
}
