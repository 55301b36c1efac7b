import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import type { Hello, ServerFrame } from "../../../src/live/wire/frames.ts";
import { Queue } from "./queue.ts";

type Frame = readonly unknown[];

/** One client's line, as the server holds it: the test reads what it says, and answers. */
export class ServerLine {
  readonly closed = new Queue<number>();
  private readonly frames = new Queue<Frame>();
  private readonly socket: WebSocket;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => this.frames.push(JSON.parse(data.toString()) as Frame));
    socket.on("close", (code) => this.closed.push(code));
  }

  next(): Promise<Frame> {
    return this.frames.next();
  }

  /** The next frame with this tag; others are passed over. */
  async nextOf(tag: string): Promise<Frame> {
    for (;;) {
      const frame = await this.next();
      if (frame[0] === tag) return frame;
    }
  }

  send(...frames: readonly ServerFrame[]): void {
    for (const frame of frames) this.sendText(JSON.stringify(frame));
  }

  sendText(text: string): void {
    this.socket.send(text);
  }

  async hello(): Promise<Hello> {
    const [tag, hello] = await this.next();
    if (tag !== "h") throw new Error(`the first frame is "${String(tag)}", expected a hello`);
    return hello as Hello;
  }

  /** Reads the hello, gives it, and says welcome. */
  async welcome({ tab = "tab-1", schema = "v1", fresh = false, heartbeat = 15_000 } = {}): Promise<Hello> {
    const hello = await this.hello();
    this.send(["w", { tab, fresh, schema, heartbeat }]);
    return hello;
  }

  close(code: number): void {
    this.socket.close(code);
  }

  /** Ends the connection without a word. */
  kill(): void {
    this.socket.terminate();
  }
}

/** A server that says nothing of its own: each line that is opened waits for the test to play it. */
export class ScriptedServer implements AsyncDisposable {
  readonly lines = new Queue<ServerLine>();
  /** How often a session was asked for. */
  sessions = 0;
  /** How many of the next upgrades are answered with 403. */
  refusing = 0;
  private readonly http: Server;
  private readonly sockets: WebSocketServer;

  /** `answer` serves what is neither a socket nor a session. */
  static async open(answer?: (path: string, response: ServerResponse) => void): Promise<ScriptedServer> {
    const server = new ScriptedServer(answer);
    server.http.listen(0, "127.0.0.1");
    await once(server.http, "listening");
    return server;
  }

  private constructor(answer?: (path: string, response: ServerResponse) => void) {
    this.http = createServer(({ url = "/" }, response) => {
      if (url !== "/_live/session") return answer?.(url, response);
      this.sessions++;
      response.writeHead(204).end();
    });
    const verifyClient = (_: unknown, done: (isWelcome: boolean, code?: number) => void): void =>
      done(this.refusing-- <= 0, 403);
    this.sockets = new WebSocketServer({ server: this.http, path: "/_live", verifyClient });
    this.sockets.on("connection", (socket) => this.lines.push(new ServerLine(socket)));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  line(): Promise<ServerLine> {
    return this.lines.next();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets.clients) socket.terminate();
    this.sockets.close();
    this.http.closeAllConnections();
    await new Promise((resolve) => void this.http.close(resolve));
  }
}
