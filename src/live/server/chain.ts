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

  supersede(): void {
    this.aborter.abort(this.error());
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.error();
  }

  error(): Error {
    return liveError("SUPERSEDED", `a newer event "${this.name}" has taken the place of this one.`);
  }
}
