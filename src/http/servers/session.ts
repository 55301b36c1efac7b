import type { WebSocket } from "ws";

import { isAbortOf, Stopping } from "../../kernel/catalogue.ts";
import { LivespanError } from "../../kernel/errors.ts";
import type { Socket, SocketClose } from "../upgrade.ts";
import { serverError } from "./errors.ts";
import type { Acceptance } from "./handshake.ts";
import { Messages } from "./messages.ts";

/** An open WebSocket together with the handler that serves it. It is over when both have ended. */
export class Session implements Socket {
  readonly closed: Promise<SocketClose>;
  private readonly ws: WebSocket;
  private readonly acceptance: Acceptance;
  private readonly messages: Messages;
  private readonly controller = new AbortController();
  private isLeaving = false;

  constructor(ws: WebSocket, acceptance: Acceptance) {
    this.ws = ws;
    this.acceptance = acceptance;
    this.messages = new Messages(ws);
    this.closed = this.watchClose();
  }

  /** Runs the handler; settles when it has ended and the socket is closed. What it throws goes to `failed`. */
  async serve(failed: (error: unknown) => void): Promise<void> {
    const { signal } = this.controller;
    try {
      await this.acceptance.run(this, signal);
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
   * the handler finishes first, once it has ended.
   */
  goAway(): void {
    this.isLeaving = true;
    this.controller.abort(new Stopping("The server is stopping."));
    if (!this.acceptance.finishes) this.bye();
  }

  /** Cuts the connection. */
  terminate(): void {
    this.ws.terminate();
  }

  get protocol(): string {
    return this.ws.protocol;
  }

  send(data: string | Uint8Array): Promise<void> {
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

  [Symbol.asyncIterator](): AsyncIterator<string | Uint8Array> {
    return this.messages;
  }

  private bye(): void {
    if (this.isLeaving) this.end(1012, "service restart");
    else this.end(1000);
  }

  private end(code: number, reason?: string): void {
    this.ws.close(code, reason);
    this.messages.discard();
  }

  private watchClose(): Promise<SocketClose> {
    let fault = "";
    // A peer that breaks the protocol or resets: `ws` closes with the right code by itself.
    this.ws.on("error", (error) => {
      fault = error.message;
    });
    return new Promise((resolve) => {
      this.ws.on("close", (code, reason) => {
        this.controller.abort(new Stopping("The WebSocket is closed."));
        resolve({ code, reason: reason.length > 0 ? reason.toString() : fault });
      });
    });
  }
}
