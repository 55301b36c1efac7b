import type { Change, Payload } from "./engine.ts";
import { diff } from "./diff.ts";
import { encode } from "./encode.ts";

/** A change of what a page sees. Encoded when the first one asks, once for all. */
export class PublicChange implements Change {
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly before: object;
  readonly snapshot: object;
  private payload: Payload | undefined;

  constructor(epoch: string, from: number, to: number, before: object, snapshot: object) {
    this.epoch = epoch;
    this.from = from;
    this.to = to;
    this.before = before;
    this.snapshot = snapshot;
  }

  get ops(): Payload {
    return (this.payload ??= encode(diff(this.before, this.snapshot)));
  }
}
