import { Aborter } from "../../kernel/aborter.ts";
import { liveError } from "../errors.ts";

/** An event that supersedes its own kind, with all that it queued and started: a newer one ends the whole chain. */
export class Chain {
  private readonly name: string;
  private readonly aborter = new Aborter();

  constructor(name: string) {
    this.name = name;
  }

  get aborted(): boolean {
    return this.aborter.aborted;
  }
  get signal(): AbortSignal {
    return this.aborter.signal;
  }

  /** Ends it for a newer one, and gives the error that says so. */
  supersede(): Error {
    const error = liveError("SUPERSEDED", `a newer event "${this.name}" has taken the place of this one.`);
    this.abort(error);
    return error;
  }

  abort(reason: unknown): void {
    this.aborter.abort(reason);
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.signal.reason;
  }
}
