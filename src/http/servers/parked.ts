import { IncomingMessage } from "node:http";
import { Socket as Transport } from "node:net";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";

import type { Pulse, SocketHead } from "../upgrade.ts";

/** A WebSocket that nobody serves: one program has left it open, and another is to be asked for it. */
export class Parked {
  readonly pulse: Pulse;
  /** Called when its peer has left. */
  left: (() => void) | undefined;
  private readonly ws: WebSocket;
  private readonly transport: Duplex;
  private readonly head: SocketHead;

  constructor(ws: WebSocket, transport: Duplex, head: SocketHead, pulse: Pulse) {
    this.ws = ws;
    this.transport = transport;
    this.head = head;
    this.pulse = pulse;
    // What listened was the old program's. It is read from all the same: else a peer that leaves would not be noticed.
    ws.removeAllListeners();
    ws.on("error", () => {}); // a close follows
    ws.on("close", () => this.left?.());
    ws.resume();
  }

  get isOpen(): boolean {
    return this.ws.readyState === this.ws.OPEN;
  }

  /** For messages, without its query: that may hold a secret. */
  get name(): string {
    return `GET ${this.head.url.split("?", 1)[0]}`;
  }

  /** The request that it came by, made anew. */
  asked(): { readonly request: Request; readonly incoming: IncomingMessage } {
    const { url, headers } = this.head;
    // Only for its address, which a program may ask for.
    const incoming = new IncomingMessage(this.transport instanceof Transport ? this.transport : new Transport());
    Object.assign(incoming, { method: "GET", url, rawHeaders: [...headers], complete: true });
    const pairs = headers.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, headers[i + 1]!]] : []));
    const host = incoming.headers.host ?? "localhost";
    return { request: new Request(new URL(url, `http://${host}`), { headers: pairs }), incoming };
  }

  /** For whoever serves it from now on. */
  taken(): readonly [ws: WebSocket, transport: Duplex] {
    this.ws.removeAllListeners();
    return [this.ws, this.transport];
  }

  beat(): void {
    // That it may fail is told by its close.
    this.ws.send(this.pulse.text, () => {});
  }

  end(): void {
    this.ws.close(1012, "service restart");
  }
}

/** A program that cannot serve anything now, and says that it may be asked again, does not part a peer from the next. */
export function wantsWaiting({ status, headers }: Response): boolean {
  return status === 503 && headers.has("retry-after");
}
