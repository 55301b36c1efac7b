import type { Estate as LiveEstate } from "../live/server/estate.ts";

/** What a run of an app leaves to the one that takes its place: a box beside the listener, that outlives both. */
export class Estate {
  /** Undefined when nothing was left, or it has been taken. */
  private live: LiveEstate | undefined;
  private isOver = false;

  /** Nothing follows any more: what is left is dropped. */
  end(): void {
    this.isOver = true;
    this.live = undefined;
  }

  /** Calls `leave` when it is of use. */
  leaveLive(leave: () => LiveEstate | undefined): void {
    if (!this.isOver) this.live = leave();
  }

  takeLive(): LiveEstate | undefined {
    const { live } = this;
    this.live = undefined;
    return live;
  }
}
