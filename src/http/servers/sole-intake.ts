import type { Intake, Leftover } from "../../kernel/intake.ts";

/** A listener and the one program on it, as one intake. */
export class SoleIntake implements Intake {
  readonly name = "http";
  private readonly listener: Intake;
  private readonly work: Intake;

  constructor(listener: Intake, work: Intake) {
    this.listener = listener;
    this.work = work;
  }

  async open(): Promise<void> {
    await this.work.open();
    await this.listener.open();
  }

  lameDuck(): void {
    this.listener.lameDuck?.();
  }

  /** The listener first: a request that is half sent now is still served. */
  async close(): Promise<void> {
    await this.listener.close();
    await this.work.close();
  }

  /** The connections first: while one is open it may bring work. */
  async drained(): Promise<void> {
    await this.listener.drained();
    await this.work.drained();
  }

  /** The work first: its handlers may still answer, and the listener then only has connections without any. */
  async abort(reason: unknown): Promise<readonly Leftover[]> {
    await this.close();
    const working = this.work.abort(reason);
    const left = [await this.listener.abort(reason), await working];
    return left.flat();
  }
}
