/** An open WebSocket, as far as a connection needs one. The server's own fits it as it is. */
export interface LiveSocket {
  /** Settles when the message is flushed to the transport; rejects when the socket closes before that. */
  send(data: string): Promise<void>;
  close(code?: number, reason?: string): void;
  /** Settles when the socket is closed, by whichever side; never rejects. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** The program before this one has left it open; its peer is to say hello again. */
  readonly isHandedOn?: boolean;
  /** Once the signal has fired: another program follows, and may have it by `handOn`. */
  readonly isReplaced?: boolean;
  /** Leaves it open for the program that follows, which is asked again; until then its peer hears `pulse`, each so many ms. */
  handOn?(head: SocketHead, pulse: { readonly text: string; readonly every: number }): void;
  /** Messages in order, ends when the socket closes. */
  [Symbol.asyncIterator](): AsyncIterator<string | Uint8Array>;
}

/** What a socket was asked for by. */
interface SocketHead {
  /** Path and query. */
  readonly url: string;
  /** Names and values of its headers in turns, as Node has them. */
  readonly headers: readonly string[];
}

/** The request that asks for a socket, or opened it. Kept until the hello. */
export interface SocketRequest extends SocketHead {
  /** Names the browser's session, made from the secret in its cookie but not that itself; undefined without one. */
  readonly session: string | undefined;
}

/** The last value of a header, or undefined. `name` in lower case. */
export function headerOf({ headers }: SocketRequest, name: string): string | undefined {
  for (let i = headers.length - 2; i >= 0; i -= 2) if (headers[i]!.toLowerCase() === name) return headers[i + 1];
  return undefined;
}
