import type { Duplex } from "node:stream";
import { Socket } from "node:net";

import { endExchange, type Exchange, type Keeper } from "./exchange.ts";

/** What a connection that is still open is doing. "idle" has answered all that it was asked. */
export type ConnectionState = "never-sent" | "partial-request" | "in-flight" | "upgraded";

/** One client's connection: how many of its requests are being answered, and which answer is to be its last. */
export class Connection implements Keeper {
  readonly socket: Duplex;
  /** When it was accepted, on the clock's scale. */
  readonly since: number;
  /** The socket no longer speaks HTTP. */
  upgraded = false;
  private active = 0;
  private latest: Exchange | undefined;
  /** Requests that were sent before the one in front of them was answered. */
  private pipelined: Set<Exchange> | undefined;
  private ending: boolean;

  constructor(socket: Duplex, since: number, ending: boolean) {
    this.socket = socket;
    this.since = since;
    this.ending = ending;
  }

  get state(): ConnectionState {
    if (this.upgraded) return "upgraded";
    if (this.active > 0) return "in-flight";
    return this.socket instanceof Socket && this.socket.bytesRead === 0 ? "never-sent" : "partial-request";
  }

  /** Counts a request in. False when an answer in front of it has already said that no more will follow. */
  begin(exchange: Exchange): boolean {
    const before = this.active > 0 ? this.latest : undefined;
    if (before?.last === true && before.headersSent) return false;
    exchange.carrier = this;
    exchange.on("close", endExchange);
    this.active++;
    this.latest = exchange;
    if (before !== undefined) (this.pipelined ??= new Set()).add(exchange);
    if (this.ending) this.moveLast(before, exchange);
    return true;
  }

  finish(exchange: Exchange): void {
    this.active--;
    this.pipelined?.delete(exchange);
    if (this.latest === exchange) this.latest = undefined;
    // A response whose headers went out before the end was known did not say "close", so Node would keep the connection.
    if (this.ending && this.active === 0 && !this.upgraded) this.hangUp();
  }

  /** From now on the last answer in the queue says `Connection: close`, and the connection ends with it. */
  conclude(): void {
    if (this.ending) return;
    this.ending = true;
    if (this.latest !== undefined) this.moveLast(undefined, this.latest);
  }

  /** The socket has closed. Node tells the response that holds the socket; those queued behind it would never hear. */
  lost(): void {
    for (const exchange of this.pipelined ?? []) {
      if (exchange.socket === null) exchange.emit("close");
    }
  }

  /** Only the last in the queue may say "close": Node cuts the connection after it, whatever was pipelined behind. */
  private moveLast(from: Exchange | undefined, to: Exchange): void {
    if (from?.last === true) {
      from.last = false;
      from.removeHeader("Connection");
    }
    if (to.headersSent) return;
    to.last = true;
    to.setHeader("Connection", "close");
  }

  private hangUp(): void {
    if (this.socket instanceof Socket) this.socket.destroySoon();
    else this.socket.end();
  }
}
