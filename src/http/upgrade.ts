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

/** What a socket was asked for by: path and query, and its headers, names and values in turns. */
export interface SocketHead {
  readonly url: string;
  readonly headers: readonly string[];
}

/** What a peer hears while nobody serves it, so that it does not take the line for dead. */
export interface Pulse {
  readonly text: string;
  /** Milliseconds. */
  readonly every: number;
}

/** A socket that can outlive the program that accepted it. */
export interface LastingSocket extends Socket {
  /** The program before this one has left it open: the peer goes on where that was, and has yet to be told. */
  readonly isHandedOn: boolean;
  /** Of a signal that has fired: another program is to follow on the same listener, and may have the socket by `handOn`. */
  readonly isReplaced: boolean;
  /**
   * Leaves the socket to the program that follows. That is asked `head` again, and answers as for a new socket: unless it
   * accepts, the socket is closed with 1012. Until then what the peer says is dropped. For this program it is closed.
   */
  handOn(head: SocketHead, pulse: Pulse): void;
}

/** The server's offer to turn a request into a WebSocket. */
export interface Upgrade {
  /**
   * Accepts the upgrade: the response that it returns marks that by its headers, and `fetch` must answer it or a copy.
   * `run` is called with the open socket and its promise is awaited at drain; `signal` fires when draining starts or
   * the socket closes. Any other answer is written as plain HTTP and the connection ends.
   */
  accept(run: (socket: LastingSocket, signal: AbortSignal) => Promise<void>, options?: AcceptOptions): Response;
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
