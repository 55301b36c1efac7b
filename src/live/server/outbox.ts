import type { Clock } from "../../kernel/clock.ts";
import type { LiveSocket } from "./socket.ts";

/** Text units and frames that may wait for the transport before the client counts as slow. */
const mostUnits = 16 * 1024;
const mostFrames = 64;

/** Whoever has more to send. */
export interface Sender {
  /** All that was sent has left, after there was too much. */
  pump(): void;
}

/** What is on its way to a client. Beyond a measure the client is slow, until all of it has left. */
export class Outbox {
  /** Nothing but what cannot wait is to be sent now. */
  isCongested = false;
  /** Whether anything was sent since this was last set to false. */
  hasSaid = false;
  private readonly socket: LiveSocket;
  private readonly clock: Clock;
  private readonly sender: Sender;
  private units = 0;
  private frames = 0;
  private movedAt = 0;

  constructor(socket: LiveSocket, clock: Clock, sender: Sender) {
    this.socket = socket;
    this.clock = clock;
    this.sender = sender;
  }

  send(text: string): void {
    if (this.frames === 0) this.movedAt = this.clock.now();
    this.hasSaid = true;
    this.frames++;
    this.units += text.length;
    if (this.units > mostUnits || this.frames > mostFrames) this.isCongested = true;
    // Rejects when the socket closes, which is told elsewhere.
    this.socket.send(text).then(
      () => this.flushed(text.length),
      () => {},
    );
  }

  /** Milliseconds since the client last took anything, while something waits for it. */
  stalled(now: number): number {
    return this.frames === 0 ? 0 : now - this.movedAt;
  }

  private flushed(units: number): void {
    this.movedAt = this.clock.now();
    this.units -= units;
    if (--this.frames > 0 || !this.isCongested) return;
    this.isCongested = false;
    this.sender.pump();
  }
}
