import type { Change, Instance, Payload } from "./engine.ts";
import type { Want } from "../wire/frames.ts";
import { diff } from "./diff.ts";
import { encode } from "./encode.ts";

/** Snapshots that a client may have, because it was sent them, kept until it says what it has seen. */
const mostMarks = 32;

interface Mark {
  readonly version: number;
  readonly snapshot: object;
}

/**
 * A client's copy of one instance. It has what it was sent last: the next frame leads from there to the latest, however
 * many commits lie between. What it keeps is shared with the instance, but for what has changed since.
 */
export class Replica {
  readonly place: number;
  readonly instance: Instance;
  /** What is to be sent: nothing, a delta, the answer to a want that fits, or all of it. */
  private due: "" | "d" | "r" | "s" = "s";
  private epoch = "";
  private version = 0;
  private snapshot: object | undefined;
  /** Sent before the last, and not seen yet. */
  private marks: Mark[] | undefined;
  private unwatch: (() => void) | undefined;

  constructor(place: number, instance: Instance) {
    this.place = place;
    this.instance = instance;
  }

  get isDue(): boolean {
    return this.due !== "";
  }

  /** `before` is what an earlier connection of the same tab left: what the client has may be among it. */
  resume({ epoch, version }: Want, before: Replica | undefined): void {
    const { instance } = this;
    if (epoch === undefined || version === undefined || epoch !== instance.epoch) return;
    const known = version === instance.version ? instance.snapshot : before?.sent(epoch, version);
    if (known === undefined) return;
    this.has(epoch, version, known);
    this.due = "r";
  }

  watch(listener: (replica: Replica, change: Change) => void): void {
    this.unwatch = this.instance.watch((change) => listener(this, change));
  }

  leave(): void {
    this.unwatch?.();
    this.unwatch = undefined;
  }

  isOf(state: string, key: string | undefined): boolean {
    return this.instance.declaration.name === state && this.instance.key === key;
  }

  /** A change that is not sent at once: whatever else comes, the next frame leads to the latest. */
  fallBehind(): void {
    if (this.due === "") this.due = "d";
  }

  /** The client has lost track. */
  startOver(): void {
    this.due = "s";
  }

  /** The frame for a change; undefined when the client has it already. */
  delta(change: Change): string | undefined {
    if (this.isDue || change.epoch !== this.epoch) return this.next();
    if (change.to <= this.version) return undefined;
    if (change.before !== this.snapshot) return this.next();
    return this.sending(this.change(change.to, change.ops), change);
  }

  /** The frame that leads to the latest; undefined when the client has that. */
  next(): string | undefined {
    const { instance, due, snapshot: before } = this;
    this.due = "";
    if (due === "s" || before === undefined || this.epoch !== instance.epoch) return this.whole();
    if (due !== "r" && instance.snapshot === before) return undefined;
    const ops = encode(diff(before, instance.snapshot));
    const frame = due === "r" ? this.resumed(ops) : this.change(instance.version, ops);
    return this.sending(frame, { to: instance.version, snapshot: instance.snapshot });
  }

  /** The client has it: what was sent before need not be kept. False for a version that it was not sent. */
  seen(version: number): boolean {
    if (version === this.version) this.marks = undefined;
    else this.marks = this.marks?.filter((mark) => mark.version >= version);
    return version <= this.version;
  }

  private sent(epoch: string, version: number): object | undefined {
    if (epoch !== this.epoch) return undefined;
    return version === this.version ? this.snapshot : this.marks?.find((mark) => mark.version === version)?.snapshot;
  }

  private whole(): string {
    const { epoch, version, snapshot, whole } = this.instance;
    const { text, rich } = whole;
    this.marks = undefined;
    this.has(epoch, version, snapshot);
    return `["${rich ? "S" : "s"}",${this.place},${JSON.stringify(epoch)},${version},${rich ? JSON.stringify(text) : text}]`;
  }

  private resumed({ text, rich }: Payload): string {
    const { epoch, version } = this.instance;
    return `["${rich ? "R" : "r"}",${this.place},${JSON.stringify(epoch)},${version},${rich ? JSON.stringify(text) : text}]`;
  }

  /** What is told to many is encoded once; only this is made for each. */
  private change(to: number, { text, rich }: Payload): string {
    const from = this.version === to - 1 ? "" : `,${this.version}`;
    return rich
      ? `["D",${this.place},${to},${JSON.stringify(text)}${from}]`
      : `["d",${this.place},${to},${text}${from}]`;
  }

  private sending(frame: string, { to, snapshot }: Pick<Change, "to" | "snapshot">): string {
    if (this.snapshot !== undefined && to !== this.version) {
      this.marks ??= [];
      if (this.marks.push({ version: this.version, snapshot: this.snapshot }) >= mostMarks) this.marks.shift();
    }
    this.has(this.epoch, to, snapshot);
    return frame;
  }

  private has(epoch: string, version: number, snapshot: object): void {
    this.epoch = epoch;
    this.version = version;
    this.snapshot = snapshot;
  }
}
