import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

import type { WebSocket, WebSocketServer } from "ws";

import type { AcceptOptions, LastingSocket, Upgrade } from "../upgrade.ts";
import type { Reply } from "./reply.ts";

/** What a route does with an open socket. */
export type Run = (socket: LastingSocket, signal: AbortSignal) => Promise<void>;

/** A run, and whether it closes the socket itself when the server stops. */
export interface Acceptance {
  readonly run: Run;
  readonly finishes: boolean;
  readonly detached: boolean;
}

const nothing = Buffer.alloc(0);

/** An upgrade that is offered to `fetch`. By itself it is one without a handshake, of a socket that is open. */
export class Offer implements Upgrade {
  private acceptance: Acceptance | undefined;

  accept(run: Run, { finishes = false, detached = false }: AcceptOptions = {}): Response {
    this.acceptance = { run, finishes, detached };
    // 101 is not a status that the platform's Response can have.
    return new Response(null, { headers: { upgrade: "websocket" } });
  }

  /**
   * What the route wants run, when `response` is an acceptance. The header is looked at, not the identity, because a
   * middleware that adds a header may have copied the response; one that answers for itself leaves the header out.
   */
  accepted(response: Response): Acceptance | undefined {
    return response.ok && response.headers.get("upgrade") === "websocket" ? this.acceptance : undefined;
  }
}

/** An upgrade that a client asked for: completed when a route accepted it. */
export class Handshake extends Offer {
  private readonly wss: WebSocketServer;
  private readonly socket: Duplex;
  private head: Buffer;

  constructor(wss: WebSocketServer, socket: Duplex, head: Buffer) {
    super();
    this.wss = wss;
    this.socket = socket;
    this.head = head;
  }

  /**
   * Switches protocols and hands the socket to `opened`. Where the client's headers are not a valid handshake, `ws` answers
   * 400 itself and `opened` is not called; nor is it when the client has left.
   */
  complete(reply: Reply, response: Response, opened: (ws: WebSocket, transport: Duplex) => void): void {
    const { wss } = this;
    const { req } = reply;
    if (reply.socket !== null) reply.detachSocket(reply.socket);
    // Only for this one: `handleUpgrade` writes the headers before it returns.
    const headers = (lines: string[]): void => void lines.push(...extraHeaders(response));
    wss.on("headers", headers);
    try {
      wss.handleUpgrade(req, this.socket, this.head, (ws) => opened(ws, this.socket));
    } finally {
      wss.off("headers", headers);
      // A part of what the request came in, which it would keep as long as the socket is open.
      this.head = nothing;
    }
  }
}

/** Whether this is a request for a WebSocket. Others that ask for an upgrade, such as h2c, are answered as plain HTTP. */
export function asksForWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === "websocket";
}

export function announcesBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** Headers of the handshake itself, which are not a middleware's to set. */
const own = /^(connection|content-length|content-type|keep-alive|trailer|transfer-encoding|upgrade|sec-websocket-.*)$/;

function extraHeaders(response: Response): string[] {
  return [...response.headers].filter(([name]) => !own.test(name)).map(([name, value]) => `${name}: ${value}`);
}
