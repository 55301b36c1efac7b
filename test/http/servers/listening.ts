import { once } from "node:events";
import { connect, type Socket } from "node:net";

import { type Fetch, type Listener, type ListenOptions, nodeListener } from "livespan/http";
import type { Clock, Intake, Log } from "livespan/kernel";

/** Time that moves when it is told to. */
export class HandClock implements Clock {
  private time = 0;
  private readonly timers = new Set<{ readonly at: number; readonly fn: () => void }>();

  now(): number {
    return this.time;
  }

  wall(): number {
    return this.time;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.time + ms, fn };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  get pending(): number {
    return this.timers.size;
  }

  advance(ms: number): void {
    this.time += ms;
    for (const timer of this.timers) {
      if (timer.at > this.time || !this.timers.delete(timer)) continue;
      timer.fn();
    }
  }
}

export interface Logged {
  readonly level: string;
  readonly message: string;
  readonly error: unknown;
  readonly requests: unknown;
}

/** A listener on a free port of this machine, with the one program that has it. Disposing stops both, by force. */
export class Listening implements AsyncDisposable {
  readonly clock = new HandClock();
  readonly logged: Logged[] = [];
  readonly listener: Listener;
  readonly intake: Intake;

  private constructor(fetch: Fetch, options: ListenOptions) {
    const log: Log = (level, message, fields) =>
      this.logged.push({ level, message, error: fields?.error, requests: fields?.requests });
    this.listener = nodeListener({ host: "127.0.0.1", ...options, clock: this.clock, log });
    this.intake = this.listener.intake(fetch);
  }

  static async open(fetch: Fetch, options: ListenOptions = {}): Promise<Listening> {
    const listening = new Listening(fetch, options);
    await listening.intake.open();
    return listening;
  }

  get port(): number {
    return this.listener.address!.port;
  }

  get url(): string {
    return this.listener.address!.url;
  }

  client(): Promise<Client> {
    return Client.connect(this.port);
  }

  /** Closes, and waits until nothing is in hand. */
  async drain(): Promise<void> {
    await this.intake.close();
    await this.intake.drained();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.intake.abort(new Error("the test is over"));
  }
}

/** A client that sends exactly the bytes it is told to. */
export class Client implements AsyncDisposable {
  readonly socket: Socket;
  /** Settles when the connection has closed, by whichever side and however. */
  readonly closed: Promise<void>;
  received = "";

  private constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("data", (chunk) => (this.received += chunk.toString("latin1")));
    this.socket.on("error", () => {});
    this.closed = new Promise((resolve) => this.socket.on("close", () => resolve()));
  }

  static async connect(port: number): Promise<Client> {
    const client = new Client(port);
    await once(client.socket, "connect");
    return client;
  }

  send(text: string): void {
    this.socket.write(text, "latin1");
  }

  get(path: string): void {
    this.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  }

  /** Settles when `text` has come, `times` times; rejects when the connection closes before. */
  async until(text: string, times = 1): Promise<void> {
    while (this.received.split(text).length <= times) {
      if (this.socket.closed)
        throw new Error(`closed before ${JSON.stringify(text)}, after ${JSON.stringify(this.received)}`);
      await Promise.race([once(this.socket, "data"), this.closed]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }
}

/** A promise to settle from outside. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

/** The code of a coded error. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : error;
}

/** Three requests to slow paths, sent at once. */
export const pipelined = ["/1/slow", "/2/slow", "/3/slow"]
  .map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
  .join("");
