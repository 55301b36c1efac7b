import { Aborter } from "./aborter.ts";
import { kernelError } from "./catalogue.ts";

/** Work that was handed over to the program, to go on after whatever handed it over: awaited at stop. */
export class Backlog {
  private readonly works = new Map<Promise<unknown>, string>();
  private readonly aborter = new Aborter();
  private closed = false;
  private idle: (() => void) | undefined;
  private readonly failed: (name: string, error: unknown) => void;

  constructor(failed: (name: string, error: unknown) => void) {
    this.failed = failed;
  }

  /** Fires when what is in hand must end now. */
  get signal(): AbortSignal {
    return this.aborter.signal;
  }

  /** The names of what is in hand. */
  get names(): readonly string[] {
    return [...this.works.values()];
  }

  /**
   * Runs `work` and keeps it. Its signal fires when the drain budget is spent.
   *
   * @throws LivespanError TASK_CALLED_LATE once the program has drained.
   */
  own(name: string, work: (signal: AbortSignal) => unknown): void {
    if (this.closed) throw kernelError("TASK_CALLED_LATE", `"${name}" was handed over after the program had drained.`);
    const running = (async () => work(this.aborter.signal))();
    const ended = running.then(
      () => {},
      (error: unknown) => this.failed(name, error),
    );
    this.works.set(ended, name);
    void ended.then(() => {
      this.works.delete(ended);
      if (this.works.size === 0) this.idle?.();
    });
  }

  /** Settles when nothing is in hand, what is handed over meanwhile included; from then on nothing more is taken. */
  async drain(): Promise<void> {
    while (this.works.size > 0) await new Promise<void>((resolve) => (this.idle = resolve));
    this.closed = true;
  }

  /** Takes nothing more, and tells what is in hand to end. */
  abort(reason: unknown): void {
    this.closed = true;
    this.aborter.abort(reason);
  }
}
