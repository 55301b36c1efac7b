import type { Intake, Leftover } from "../kernel/intake.ts";

/** Requests that come without a socket, by `app.fetch`. */
export class InProcessRequests implements Intake {
  readonly name = "fetch";
  private readonly opening: () => void;
  private closed = false;
  private inHand = 0;
  private idle: (() => void) | undefined;

  /** `opening` is called when every lifespan is up; what it throws fails the start. */
  constructor(opening: () => void) {
    this.opening = opening;
  }

  get isOpen(): boolean {
    return !this.closed;
  }

  open(): void {
    this.opening();
  }

  /** Counts the request until its answer is there. */
  async run(answer: () => Response | Promise<Response>): Promise<Response> {
    this.inHand++;
    try {
      return await answer();
    } finally {
      if (--this.inHand === 0) this.idle?.();
    }
  }

  close(): void {
    this.closed = true;
  }

  async drained(): Promise<void> {
    if (this.inHand > 0) await new Promise<void>((resolve) => (this.idle = resolve));
  }

  async abort(): Promise<readonly Leftover[]> {
    const count = this.inHand;
    await this.drained();
    return [{ kind: "in-flight", count }];
  }
}
