import { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { endReply, type Keeper, type Reply } from "./reply.ts";

/** What a connection is doing. One that is idle between requests is taken for a partial request: only Node knows. */
export type ConnectionState = "never-sent" | "partial-request" | "in-flight" | "upgraded";

/** One client's connection: how many of its requests are being answered, and which answer is to be its last. */
export class Connection implements Keeper {
  readonly socket: Duplex;
  /** When it was accepted, on the clock's scale. */
  readonly since: number;
  /** The socket no longer speaks HTTP. */
  upgraded = false;
  private active = 0;
  private latest: Reply | undefined;
  /** Requests that were sent before the one in front of them was answered. */
  private pipelined: Set<Reply> | undefined;
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
  begin(reply: Reply): boolean {
    const before = this.active > 0 ? this.latest : undefined;
    if (before?.last === true && before.headersSent) return false;
    reply.carrier = this;
    reply.on("close", endReply);
    this.active++;
    this.latest = reply;
    if (before !== undefined) (this.pipelined ??= new Set()).add(reply);
    if (this.ending) this.moveLast(before, reply);
    return true;
  }

  finish(reply: Reply): void {
    this.active--;
    this.pipelined?.delete(reply);
    if (this.latest === reply) this.latest = undefined;
    // A response whose headers went out before the end was known did not say "close", so Node would keep the connection.
    if (this.ending && this.active === 0 && !this.upgraded) this.hangUp();
  }

  /** From now on the last answer in the queue says `Connection: close`, and the connection ends with it. */
  conclude(): void {
    if (this.ending) return;
    this.ending = true;
    if (this.latest !== undefined) this.moveLast(undefined, this.latest);
  }

  /** The socket has closed. Before Node 24 only the response that held it is told, not those queued behind. */
  lost(): void {
    for (const reply of this.pipelined ?? []) {
      if (reply.socket === null && !reply.destroyed) reply.emit("close");
    }
  }

  /** Only the last in the queue may say "close": Node cuts the connection after it, whatever was pipelined behind. */
  private moveLast(from: Reply | undefined, to: Reply): void {
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
