import { type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from "node:http";

import { problem } from "../problem.ts";
import type { Handshake } from "./handshake.ts";

/** Who counts a reply, and is told when it is over. */
export interface Keeper {
  finish(reply: Reply): void;
}

export interface Work extends Keeper {
  /** An error that no handler can be told of any more. */
  report(error: unknown): void;
}

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

/**
 * The reply to one request: Node's own response object, which also knows who counts it. A subclass rather than an object
 * beside it, so that a request allocates nothing for the count.
 */
export class Reply extends ServerResponse {
  /** The connection it goes out on. */
  carrier: Keeper | undefined;
  /** The program's work that it belongs to; undefined while it waits for one. */
  work: Work | undefined;
  /** Present when the client asks for a WebSocket. */
  handshake: Handshake | undefined;
  /** What `fetch` returned, when that was a promise. It has settled once headers are sent. */
  answer: Promise<Response> | undefined;
  /** It says, or is to say, that it is the connection's last. */
  last = false;
  over = false;

  /**
   * Node throws where a status or a header cannot be sent. That is the program's fault, so it is reported and the client
   * gets a 500; @hono/node-server would print it to the console and send its message to the client.
   */
  override writeHead(status: number, reason?: string | Headers, headers?: Headers): this {
    try {
      return typeof reason === "string" ? super.writeHead(status, reason, headers) : super.writeHead(status, reason);
    } catch (error) {
      this.work?.report(error);
      // The body that now follows is late: Node reports that here, and nothing else will.
      this.on("error", () => {});
      refuse(this, 500);
      return this;
    }
  }
}

/** Listens to a reply's "close". Shared by all of them: no closure for each request. */
export function endReply(this: Reply): void {
  if (this.over) return;
  this.over = true;
  this.carrier?.finish(this);
  this.work?.finish(this);
}

/** Answers with a problem that is not a route's, and ends the connection. */
export function refuse(reply: Reply, status: 500 | 501 | 503, detail?: string): void {
  if (reply.headersSent || reply.over) return;
  const body = JSON.stringify(problem(status, detail).body);
  const headers = { "Content-Type": "application/problem+json", "Content-Length": Buffer.byteLength(body) };
  reply.writeHead(status, { ...headers, Connection: "close" });
  reply.end(body);
}
