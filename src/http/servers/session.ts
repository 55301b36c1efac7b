import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";

import { isAbortOf, Stopping } from "../../kernel/catalogue.ts";
import { LivespanError } from "../../kernel/errors.ts";
import type { LastingSocket, Pulse, SocketClose, SocketHead } from "../upgrade.ts";
import { serverError } from "./errors.ts";
import type { Acceptance } from "./handshake.ts";
import { Messages } from "./messages.ts";
import { Parked } from "./parked.ts";

/** An open WebSocket together with the handler that serves it. It is over when both have ended. */
export class Session implements LastingSocket {
  readonly closed: Promise<SocketClose>;
  readonly isHandedOn: boolean;
  isReplaced = false;
  /** It is open and no longer ours. */
  parked: Parked | undefined;
  private readonly ws: WebSocket;
  private readonly transport: Duplex;
  private acceptance: Acceptance | undefined;
  private readonly finishes: boolean;
  private readonly messages: Messages;
  private readonly controller = new AbortController();
  private isLeaving = false;
  private over: ((close: SocketClose) => void) | undefined;

  constructor(ws: WebSocket, transport: Duplex, acceptance: Acceptance, isHandedOn = false) {
    this.ws = ws;
    this.transport = transport;
    this.acceptance = acceptance;
    this.finishes = acceptance.finishes;
    this.isHandedOn = isHandedOn;
    this.messages = new Messages(ws);
    this.closed = this.watchClose();
  }

  /** Runs the handler; settles when it has ended and the socket is closed. What it throws goes to `failed`. */
  async serve(failed: (error: unknown) => void): Promise<void> {
    const { signal } = this.controller;
    try {
      await this.begin(signal);
      this.bye();
    } catch (error) {
      const isEnd = isAbortOf(error, signal) || (error instanceof LivespanError && error.code === "SOCKET_CLOSED");
      if (!isEnd) failed(error);
      if (isEnd) this.bye();
      else this.end(1011);
    }
    await this.closed;
  }

  /**
   * The server stops: the signal fires, so that a last message can be sent in its listeners, then the peer is told; where
   * the handler finishes first, once it has ended. `isReplaced` when the listener goes on without this program.
   */
  goAway(isReplaced: boolean): void {
    this.isLeaving = true;
    this.isReplaced = isReplaced;
    this.controller.abort(new Stopping("The server is stopping."));
    if (!this.finishes) this.bye();
  }

  /** Cuts the connection. */
  terminate(): void {
    this.ws.terminate();
  }

  get protocol(): string {
    return this.ws.protocol;
  }

  send(data: string | Uint8Array): Promise<void> {
    if (this.parked !== undefined) return refused();
    this.cork();
    const sent = new Promise<void>((resolve, reject) => {
      this.ws.send(data, (cause) => {
        if (cause === undefined || cause === null) return resolve();
        reject(serverError("SOCKET_CLOSED", "A message was not sent: the WebSocket is closed.", { cause }));
      });
    });
    // A peer may leave at any moment: who does not await a message must not bring the program down with it.
    sent.catch(() => {});
    return sent;
  }

  close(code = 1000, reason?: string): void {
    this.end(code, reason);
  }

  handOn(head: SocketHead, pulse: Pulse): void {
    if (!this.isReplaced) return this.bye();
    this.parked ??= new Parked(this.ws, this.transport, head, pulse);
    this.messages.end();
    this.lost({ code: 1012, reason: "handed on" });
  }

  [Symbol.asyncIterator](): AsyncIterator<string | Uint8Array> {
    return this.messages;
  }

  /** What is sent in one turn leaves in one write: each costs more than all else about a message. */
  private cork(): void {
    if (this.transport.writableCorked > 0) return;
    this.transport.cork();
    process.nextTick(uncork, this.transport);
  }

  /** Calls the handler, and lets go of what it was made beside: the socket may be open for days. */
  private begin(signal: AbortSignal): Promise<void> | undefined {
    const { acceptance } = this;
    this.acceptance = undefined;
    return acceptance?.run(this, signal);
  }

  private bye(): void {
    if (this.isLeaving) this.end(1012, "service restart");
    else this.end(1000);
  }

  private end(code: number, reason?: string): void {
    if (this.parked !== undefined) return;
    this.ws.close(code, reason);
    this.messages.discard();
  }

  private watchClose(): Promise<SocketClose> {
    let fault = "";
    // A peer that breaks the protocol or resets: `ws` closes with the right code by itself.
    this.ws.on("error", (error) => {
      fault = error.message;
    });
    this.ws.on("close", (code, reason) => this.lost({ code, reason: reason.length > 0 ? reason.toString() : fault }));
    return new Promise((resolve) => {
      this.over = resolve;
    });
  }

  private lost(close: SocketClose): void {
    this.controller.abort(new Stopping("The WebSocket is closed."));
    this.over?.(close);
  }
}

function refused(): Promise<void> {
  const refusal = Promise.reject(serverError("SOCKET_CLOSED", "A message was not sent: the WebSocket was handed on."));
  refusal.catch(() => {});
  return refusal;
}

/** One for all: no function for each message. */
function uncork(transport: Duplex): void {
  transport.uncork();
}
