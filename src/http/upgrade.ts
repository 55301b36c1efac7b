import type { IncomingMessage, ServerResponse } from "node:http";

/** An open WebSocket, as a handler sees it. */
export interface Socket {
  /** The subprotocol that was agreed on, or "". */
  readonly protocol: string;
  /** Settles when the message is flushed to the transport; rejects when the socket closes before that. */
  send(data: string | Uint8Array): Promise<void>;
  /** Begins the closing handshake. 1000 by default. */
  close(code?: number, reason?: string): void;
  /** Settles when the socket is closed, by whichever side; never rejects. 1006 when no closing handshake took place. */
  readonly closed: Promise<SocketClose>;
  /** Messages in order, ends when the socket closes. */
  [Symbol.asyncIterator](): AsyncIterator<string | Uint8Array>;
}

export interface SocketClose {
  readonly code: number;
  readonly reason: string;
}

/** The server's offer to turn a request into a WebSocket. */
export interface Upgrade {
  /**
   * Accepts the upgrade: the response that it returns marks that by its headers, and `fetch` must answer it or a copy.
   * `run` is called with the open socket and its promise is awaited at drain; `signal` fires when draining starts or
   * the socket closes. Any other answer is written as plain HTTP and the connection ends.
   */
  accept(run: (socket: Socket, signal: AbortSignal) => Promise<void>, options?: AcceptOptions): Response;
}

export interface AcceptOptions {
  /**
   * At drain only the signal fires: `run` finishes what it has in hand, says so to its peer, and ends, all within the drain.
   * Without this the socket closes as soon as the listeners of the signal have run. Closed with 1012 either way.
   */
  readonly finishes?: boolean;
  /**
   * Nothing waits for the socket as the end of its request: that ends with the handshake, and is not kept. A hundred
   * thousand open sockets are so many requests less.
   */
  readonly detached?: boolean;
}

/** What a server hands to `fetch` beside the request. All absent in process. */
export interface HttpEnv {
  readonly incoming?: IncomingMessage;
  readonly outgoing?: ServerResponse;
  readonly upgrade?: Upgrade;
}
