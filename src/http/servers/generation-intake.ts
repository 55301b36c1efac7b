import type { Intake, Leftover } from "../../kernel/intake.ts";
import type { ListenerIntake } from "../server.ts";
import { serverError } from "./errors.ts";

/** A listener and one generation's work on it, as one intake. */
export class GenerationIntake implements ListenerIntake {
  readonly name = "http";
  replaced = false;
  private readonly listener: Intake;
  private readonly work: Intake;
  private opened = false;
  private closed = false;

  constructor(listener: Intake, work: Intake) {
    this.listener = listener;
    this.work = work;
  }

  get pending(): readonly string[] {
    return this.work.pending ?? [];
  }

  async open(): Promise<void> {
    if (this.closed) throw serverError("LISTENER_CLOSED", "An intake was opened after it had been closed.");
    await this.work.open();
    await this.listener.open();
    this.opened = true;
  }

  /** A generation that never got as far as opening has no say over a socket that may be another's. */
  private get ownsListener(): boolean {
    return this.opened && !this.replaced;
  }

  lameDuck(): void {
    if (this.ownsListener) this.listener.lameDuck?.();
  }

  /** The listener first: a request that is half sent now is still served. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.ownsListener) await this.listener.close();
    await this.work.close();
  }

  /** The connections first: while one is open it may bring work. */
  async drained(): Promise<void> {
    if (this.ownsListener) await this.listener.drained();
    await this.work.drained();
  }

  /** The work first: its handlers may still answer, and the listener then only has connections without any. */
  async abort(reason: unknown): Promise<readonly Leftover[]> {
    await this.close();
    const working = this.work.abort(reason);
    const strays = this.ownsListener ? await this.listener.abort(reason) : [];
    return [...strays, ...(await working)];
  }
}
