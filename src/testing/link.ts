import type { ClientSocket, SocketEvents } from "../live/client/world.ts";
import type { Interleave } from "../live/server/runtime.ts";
import type { LiveSocket } from "../live/server/socket.ts";

interface Close {
  readonly code: number;
  readonly reason: string;
}

/**
 * A socket in memory, with both its ends. Messages arrive in turns of their own, in order, and not any more once it is
 * closed.
 */
export class Link implements LiveSocket {
  readonly closed: Promise<Close>;
  private readonly end = Promise.withResolvers<Close>();
  private readonly client: SocketEvents;
  private readonly arrived: string[] = [];
  private waiting: ((result: IteratorResult<string>) => void) | undefined;
  private isOpen = true;
  private readonly interleave: Interleave | undefined;
  private last: Promise<void> | undefined;
  private isHeld = false;
  private readonly held: (() => void)[] = [];

  constructor(client: SocketEvents, interleave: Interleave | undefined) {
    this.client = client;
    this.interleave = interleave;
    this.closed = this.end.promise;
    queueMicrotask(() => this.isOpen && client.opened());
  }

  /** The client's end. */
  readonly toServer: ClientSocket = {
    send: (text) => this.fromClient(text),
    close: () => this.close(1000),
  };

  /** The server's end: settles when the client has it. */
  send(text: string): Promise<void> {
    return new Promise((resolve) => {
      this.later(() => {
        this.client.text(text);
        resolve();
      });
    });
  }

  close(code = 1000, reason = ""): void {
    if (!this.isOpen) return;
    queueMicrotask(() => this.cut(code, reason));
  }

  /** Ends it on both sides at once; what was on its way is lost. */
  cut(code = 1006, reason = ""): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.end.resolve({ code, reason });
    this.waiting?.({ done: true, value: undefined });
    this.client.closed(code);
  }

  /** The client stops to read, until `go`. */
  stall(): void {
    this.isHeld = true;
  }

  go(): void {
    this.isHeld = false;
    for (const act of this.held.splice(0)) act();
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return {
      next: () => {
        const value = this.arrived.shift();
        if (value !== undefined) return Promise.resolve({ done: false, value });
        if (!this.isOpen) return Promise.resolve({ done: true, value: undefined });
        return new Promise((resolve) => (this.waiting = resolve));
      },
    };
  }

  /** Events arrive when the schedule lets them, one line's in their order; what else a client says is none of its business. */
  private fromClient(text: string): void {
    const event = /^\["[eE]",\d+,\d+,("[^"]*")/.exec(text)?.[1];
    const { interleave } = this;
    if (interleave === undefined || event === undefined) return this.later(() => this.arrive(text));
    const arrived = (this.last ?? Promise.resolve()).then(() => interleave(`event ${event} arrives`));
    this.last = arrived.then(() => {
      if (this.isOpen) this.arrive(text);
    });
  }

  private arrive(text: string): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting === undefined) this.arrived.push(text);
    else waiting({ done: false, value: text });
  }

  private later(act: () => void): void {
    queueMicrotask(() => {
      if (!this.isOpen) return;
      if (this.isHeld) this.held.push(act);
      else act();
    });
  }
}
