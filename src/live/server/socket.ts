/** An open WebSocket, as far as a connection needs one. The server's own fits it as it is. */
export interface LiveSocket {
  /** Settles when the message is flushed to the transport; rejects when the socket closes before that. */
  send(data: string): Promise<void>;
  close(code?: number, reason?: string): void;
  /** Settles when the socket is closed, by whichever side; never rejects. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Messages in order, ends when the socket closes. */
  [Symbol.asyncIterator](): AsyncIterator<string | Uint8Array>;
}

/** The request that asks for a socket, or opened it. */
export interface SocketRequest {
  /** Path and query. */
  readonly url: string;
  /** Names and values of its headers in turns, as Node has them. Kept as they are as long as the socket is open. */
  readonly headers: readonly string[];
  /** Names the browser's session, made from the secret in its cookie but not that itself; undefined without one. */
  readonly session: string | undefined;
}

/** The last value of a header, or undefined. `name` in lower case. */
export function headerOf({ headers }: SocketRequest, name: string): string | undefined {
  for (let i = headers.length - 2; i >= 0; i -= 2) if (headers[i]!.toLowerCase() === name) return headers[i + 1];
  return undefined;
}
