import type { RawData, WebSocket } from "ws";

type Message = string | Uint8Array;

/** A WebSocket's messages in order, for one reader at a time. Stops reading from the peer while too many wait. */
export class Messages implements AsyncIterator<Message, undefined> {
  /** Messages that may wait before the peer is no longer read from. */
  private static readonly limit = 16;
  private readonly ws: WebSocket;
  private readonly waiting: Message[] = [];
  private readonly readers: ((result: IteratorResult<Message, undefined>) => void)[] = [];
  private discarding = false;
  private ended = false;

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on("message", (data, isBinary) => this.push(isBinary ? bytesOf(data) : bytesOf(data).toString()));
    ws.on("close", () => this.end());
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    const value = this.waiting.shift();
    if (value !== undefined) {
      if (this.waiting.length === 0 && this.ws.isPaused) this.ws.resume();
      return Promise.resolve({ done: false, value });
    }
    if (this.ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.readers.push(resolve));
  }

  /**
   * Takes no more messages, so that the peer's answer to a close is read even when nobody reads messages. Those that wait
   * can still be read.
   */
  discard(): void {
    this.discarding = true;
    this.ws.resume();
  }

  /** Whoever reads is told that nothing more comes. */
  end(): void {
    this.ended = true;
    for (const reader of this.readers.splice(0)) reader({ done: true, value: undefined });
  }

  private push(value: Message): void {
    if (this.discarding) return;
    const reader = this.readers.shift();
    if (reader !== undefined) return reader({ done: false, value });
    this.waiting.push(value);
    if (this.waiting.length >= Messages.limit) this.ws.pause();
  }
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
