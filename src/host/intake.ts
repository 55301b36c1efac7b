import type { Fetch, Listener } from "../http/server.ts";
import type { Intake, Leftover } from "../kernel/intake.ts";

/**
 * One generation's intake on a listener that may outlive it. Its stop takes the listener down too, unless the generation
 * is being replaced: then the socket stays open and requests wait for the next.
 */
export class GenerationIntake implements Intake {
  readonly name = "http";
  /** Set before the stop of a generation that is being replaced. */
  replaced = false;
  private readonly listener: Listener;
  private readonly work: Intake;
  private opened = false;

  constructor(listener: Listener, fetch: Fetch) {
    this.listener = listener;
    this.work = listener.attach(fetch);
  }

  async open(): Promise<void> {
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
