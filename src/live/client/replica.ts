import type { Clock } from "../../kernel/clock.ts";
import { applyOps } from "../wire/apply.ts";
import type { Want } from "../wire/frames.ts";
import type { Op } from "../wire/ops.ts";
import { Arrival } from "./arrival.ts";
import { callsTo, type Calls } from "./calls.ts";
import type { LiveError } from "./error.ts";
import type { LiveState } from "./live-client.ts";
import type { EmbeddedState } from "./page.ts";

interface ReplicaOptions {
  /** Its index on every line. */
  readonly place: number;
  readonly name: string;
  readonly key: string | undefined;
  readonly clock: Clock;
  /** Milliseconds in which listeners are told of changes once. */
  readonly frame: number;
  readonly send: SendEvent;
}

/** Sends an event of a replica; settles with its outcome. */
export type SendEvent = (replica: Replica, event: string, args: readonly unknown[]) => Promise<unknown>;

/**
 * The client's copy of one state. It is *empty* until a snapshot comes, then it *follows*: a change that does not begin at its
 * version makes it *lost*, and it takes nothing until the next snapshot, for which its client asks. It never guesses.
 */
export class Replica implements LiveState {
  readonly place: number;
  readonly name: string;
  readonly key: string | undefined;
  /** Another one when a state that was refused is there after all. */
  ready: Promise<void>;
  readonly events: Calls<Promise<unknown>>;
  private readonly clock: Clock;
  private readonly frame: number;
  private arrival = new Arrival();
  private toldAt = -Infinity;
  private held: (() => void) | undefined;
  private readonly listeners = new Set<() => void>();
  private readonly unanswered = new Map<string, number>();
  private embedded: object | undefined;
  private snapshot: object | undefined;
  private refusal: LiveError | undefined;
  private epoch: string | undefined;
  private version: number | undefined;
  private isLost = false;

  constructor({ place, name, key, clock, frame, send }: ReplicaOptions) {
    this.place = place;
    this.name = name;
    this.key = key;
    this.clock = clock;
    this.frame = frame;
    this.ready = this.arrival.promise;
    this.events = callsTo((event, args) => send(this, event, args));
  }

  readonly get = (): object | undefined => {
    if (this.refusal !== undefined) throw this.refusal;
    return this.snapshot;
  };
  readonly first = (): object | undefined => this.embedded;

  readonly subscribe = (listener: () => void): (() => void) => {
    // Its own function each time: the same listener may be added twice, and removed once.
    const call = (): void => listener();
    this.listeners.add(call);
    return () => void this.listeners.delete(call);
  };

  readonly pending = (event: string): boolean => this.unanswered.has(event);

  /** What is sent to the server to follow the state from where it stands. */
  get want(): Want {
    const { name: state, key, epoch, version } = this;
    const which = key === undefined ? { state } : { state, key };
    return epoch === undefined || version === undefined ? which : { ...which, epoch, version };
  }

  /** The version that is shown; undefined when it is none of the server's. */
  get seen(): number | undefined {
    return this.version;
  }

  /** Begins with what came with the page. */
  embed({ epoch, version }: EmbeddedState, snapshot: object): void {
    this.embedded = snapshot;
    this.replace(epoch, version, snapshot);
  }

  /** A whole snapshot, whatever there was before. */
  replace(epoch: string, version: number, snapshot: object): true {
    [this.epoch, this.version, this.isLost, this.refusal] = [epoch, version, false, undefined];
    this.show(snapshot);
    return true;
  }

  /** Goes on from `from`. False when it cannot, and a snapshot is needed that was not asked for yet. */
  advance(from: number | undefined, to: number, ops: readonly Op[], epoch = this.epoch): boolean {
    if (this.isLost) return true;
    const next = from === this.version && epoch === this.epoch ? this.applied(ops) : undefined;
    this.isLost = next === undefined;
    if (next === undefined) return false;
    this.version = to;
    this.refusal = undefined;
    this.show(next);
    return true;
  }

  /** The server does not let this tab see the state. */
  refuse(error: LiveError): void {
    this.refusal = error;
    this.arrival.refuse(error);
    this.tell();
  }

  /** The tab is another one: its versions mean nothing any more. */
  forget(): void {
    this.epoch = this.version = undefined;
  }

  /** The line is gone, and with it the snapshot that was asked for: the next want asks again. */
  unplug(): void {
    if (this.isLost) this.forget();
    this.isLost = false;
  }

  /** Counts an event that is on its way (1), or was answered (-1). */
  count(event: string, by: 1 | -1): void {
    const count = (this.unanswered.get(event) ?? 0) + by;
    if (count > 0) this.unanswered.set(event, count);
    else this.unanswered.delete(event);
    this.tell();
  }

  private applied(ops: readonly Op[]): object | undefined {
    if (this.snapshot === undefined) return undefined;
    try {
      return applyOps(this.snapshot, ops);
    } catch {
      // Whatever does not fit: the whole snapshot does.
      return undefined;
    }
  }

  private show(snapshot: object): void {
    this.snapshot = snapshot;
    if (this.arrival.isRefused) this.ready = (this.arrival = new Arrival()).promise;
    this.arrival.settle();
    const wait = this.toldAt + this.frame - this.clock.now();
    if (wait <= 0) this.tell();
    else this.held ??= this.clock.after(wait, () => this.tell());
  }

  /** Tells now, also what was held until the frame is over. */
  tell(): void {
    this.held?.();
    this.held = undefined;
    this.toldAt = this.clock.now();
    for (const listener of this.listeners) listener();
  }
}
