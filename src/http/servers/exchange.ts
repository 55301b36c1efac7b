import { ServerResponse } from "node:http";

import type { Handshake } from "./handshake.ts";

/** Who keeps count of an exchange, and is told when it is over. */
export interface Keeper {
  finish(exchange: Exchange): void;
}

/**
 * One request with its response: Node's own response object, which also knows who counts it. A subclass rather than an
 * object beside it, so that a request allocates nothing for the count.
 */
export class Exchange extends ServerResponse {
  /** The connection it came on. */
  carrier: Keeper | undefined;
  /** The program's work that it belongs to; undefined while it waits for one. */
  work: Keeper | undefined;
  /** Present when the client asks for a WebSocket. */
  handshake: Handshake | undefined;
  /** What `fetch` returned, when that was a promise. It has settled once headers are sent. */
  answer: Promise<Response> | undefined;
  /** The response said, or is to say, that it is the connection's last. */
  last = false;
  over = false;
}

/** Listens to an exchange's "close". Shared by all of them: no closure for each request. */
export function endExchange(this: Exchange): void {
  if (this.over) return;
  this.over = true;
  this.carrier?.finish(this);
  this.work?.finish(this);
}

/** Answers without any program, and ends the connection. */
export function refuse(exchange: Exchange, status: 500 | 503, title: string): void {
  if (exchange.headersSent || exchange.over) return;
  const body = JSON.stringify({ type: "about:blank", title, status });
  exchange.writeHead(status, {
    "Content-Type": "application/problem+json",
    "Content-Length": Buffer.byteLength(body),
    Connection: "close",
  });
  exchange.end(body);
}
