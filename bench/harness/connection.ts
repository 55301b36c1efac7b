import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** The socket went before the whole answer had come. */
export class Cut extends Error {
  override readonly name = "Cut";
  /** Bytes of the answer that had come: none means that the request may never have been seen. */
  readonly received: number;

  constructor(received: number) {
    super(`The connection was cut after ${received} bytes of the answer.`);
    this.received = received;
  }
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** One keep-alive connection of HTTP/1.1: a request at a time, answers with a Content-Length. */
export class Connection {
  readonly #socket: Socket;
  #received = "";
  #waiting: Waiting | undefined;
  #open = true;
  /** Answers that have come over this connection. */
  answered = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1").setNoDelay(true);
    socket.on("data", (text: string) => this.#read(text));
    // An error is followed by a close, which is what tells the one who waits.
    socket.on("error", () => {});
    socket.on("end", () => this.#end());
    socket.on("close", () => this.#end());
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new Connection(socket);
  }

  /** False as soon as either side has ended it, or the last answer said `Connection: close`. */
  get open(): boolean {
    return this.#open;
  }

  request(message: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (!this.#open) return reject(new Cut(0));
      this.#waiting = { resolve, reject };
      this.#socket.write(message);
    });
  }

  close(): void {
    this.#open = false;
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#received = this.#received === "" ? text : this.#received + text;
    const head = this.#received.indexOf("\r\n\r\n");
    if (head === -1) return;
    const headers = this.#received.slice(0, head);
    const end = head + 4 + bodyLength(headers);
    if (this.#received.length < end) return;
    const body = this.#received.slice(head + 4, end);
    this.#received = this.#received.slice(end);
    this.#answer({ status: Number(headers.slice(9, 12)), body }, /^connection: *close/im.test(headers));
  }

  #answer(answer: Answer, last: boolean): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.answered++;
    if (last) {
      this.#open = false;
      this.#socket.end();
    }
    waiting?.resolve(answer);
  }

  #end(): void {
    this.#open = false;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#socket.destroy();
    waiting?.reject(new Cut(this.#received.length));
  }
}

function bodyLength(headers: string): number {
  const length = /^content-length: *(\d+)/im.exec(headers);
  if (length === null) throw new Error(`An answer without Content-Length cannot be measured: ${headers}`);
  return Number(length[1]);
}
