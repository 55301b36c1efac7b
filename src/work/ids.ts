import { randomUUID } from "node:crypto";

/** Makes ids of runs: UUIDs of version 7, each greater than the one before, whatever the clock does. */
export class RunIds {
  private readonly wall: () => number;
  private last = 0;
  /** Of 12 bits: how many were made within the last millisecond. */
  private count = 0;

  constructor(wall: () => number) {
    this.wall = wall;
  }

  readonly next = (): string => {
    const now = Math.floor(this.wall());
    if (now > this.last) [this.last, this.count] = [now, 0];
    else if (++this.count > 0xfff) [this.last, this.count] = [this.last + 1, 0];
    const time = this.last.toString(16).padStart(12, "0");
    const count = this.count.toString(16).padStart(3, "0");
    // The variant and the random half are as in the version that Node makes.
    return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${randomUUID().slice(19)}`;
  };
}
