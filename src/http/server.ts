import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "../kernel/clock.ts";
import type { Intake } from "../kernel/intake.ts";
import type { Log } from "../kernel/log.ts";
import type { HttpEnv } from "./upgrade.ts";

/** What a server serves: the shape of `app.fetch`. */
export type Fetch = (request: Request, env: HttpEnv) => Response | Promise<Response>;

/** Where a listener is bound. */
export interface Address {
  /** The address itself, such as "127.0.0.1" or "::". */
  readonly host: string;
  readonly port: number;
  /** What a browser on this machine would open, without a trailing slash. */
  readonly url: string;
}

/** Times are milliseconds, sizes bytes. */
export interface ListenOptions {
  /** A name or an address. Without it the server listens on every address of the machine. */
  readonly host?: string | undefined;
  /** 0, the default, takes a free port. */
  readonly port?: number | undefined;
  /** How long a connection may be idle between requests. 5,000 by default. */
  readonly keepAliveTimeout?: number | undefined;
  /** How long the head of a request may take to come. 60,000 by default. */
  readonly headersTimeout?: number | undefined;
  /** How long a whole request may take to come. 300,000 by default. */
  readonly requestTimeout?: number | undefined;
  /** The largest head of a request; a larger one is answered with 431. 16 KiB by default. */
  readonly maxHeaderSize?: number | undefined;
  /** Connections that the kernel keeps while they wait to be accepted. 511 by default. */
  readonly backlog?: number | undefined;
  /** The largest WebSocket message; a larger one closes the socket with 1009. 64 KiB by default. */
  readonly wsMaxPayload?: number | undefined;
  /** How long a WebSocket's peer may take to answer a close before its connection is cut. 5,000 by default. */
  readonly wsCloseTimeout?: number | undefined;
  /** How long a request waits for a program to be attached before it gets a 503. 10,000 by default. */
  readonly holdTimeout?: number | undefined;
  /**
   * After `close`: how long a half-sent request may take to come whole, and how old a connection that never sent a byte may
   * get. 1,000 by default.
   */
  readonly strayTimeout?: number | undefined;
}

export interface ListenerOptions extends ListenOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** In place of a socket of its own. */
  readonly door?: Door | undefined;
  readonly companion?: Companion | undefined;
}

/** What answers on a listener's socket beside the programs: ahead of any that is attached, and while none is. */
export interface Companion {
  /** Whether a request, or an upgrade, to this path and query is its own. */
  wants(url: string): boolean;
  answer(request: IncomingMessage, reply: ServerResponse): void;
  /** The socket is cut when the listener closes. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Where connections come from that somebody else accepts, for several processes. */
export interface Door {
  /** From now on each connection is given to `take`. Settles with the address; rejects with the operating system's error. */
  open(at: DoorPlace, take: (socket: Duplex) => void): Promise<Address>;
  /** None is given any more. */
  close(): void;
}

export interface DoorPlace {
  /** Undefined for every address of the machine. */
  readonly host: string | undefined;
  readonly port: number;
  readonly backlog: number;
}

/**
 * A listening socket and its connections. As an intake it is about connections only: it is drained when the last of them
 * has closed. What is done with the requests is an attachment's business, so that the socket can outlive a program that is
 * replaced: requests that come while nothing is attached wait for the next.
 */
export interface Listener extends Intake {
  /** Undefined until `open` has settled. */
  readonly address: Address | undefined;
  /** How many are open. */
  readonly connections: number;
  /**
   * One program's work on this listener, as an intake whose stop leaves the listener open. Its requests run in the
   * asynchronous context that opened it; opened before the listener, in the listener's, which costs them nothing. It is
   * also asked for the WebSockets that the program before has left open. A 503 with `retry-after` leaves them to the next.
   */
  attach(fetch: Fetch): Intake;
  /** Takes requests in, but lets them wait: what is attached now gets no more. */
  hold(): void;
  /** Both in one, for the generation that opens the listener and, unless it is replaced, takes it down with it. */
  intake(fetch: Fetch): ListenerIntake;
}

/** A listener with one generation's work on it. */
export interface ListenerIntake extends Intake {
  /** Set before the stop of a generation that another one follows: the socket stays open and requests wait for that. */
  replaced: boolean;
}
