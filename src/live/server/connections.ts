import type { Clock } from "../../kernel/clock.ts";
import type { Engine, Tab } from "./engine.ts";
import type { Limits } from "./limits.ts";
import { Line, type LineMemory } from "./line.ts";
import type { LiveSocket, SocketRequest } from "./socket.ts";
import type { LivespanError } from "../../kernel/errors.ts";
import type { Log } from "../../kernel/log.ts";
import { Connection, type Surroundings } from "./connection.ts";
import { Heartbeat } from "./heartbeat.ts";
import { liveError } from "../errors.ts";
import { originRefusal } from "./origin.ts";
import { type Allowance, Allowances } from "./allowance.ts";

/** Why a request does not become a socket. */
export interface Refusal {
  /** Of the HTTP answer. */
  readonly status: 403 | 503;
  /** ORIGIN_REFUSED or TOO_MANY_SESSIONS. */
  readonly error: LivespanError;
}

/** What connections are made with. */
export interface ConnectionsOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Limits;
}

/** The live sockets of one process. Whoever has the HTTP server asks `check` before each upgrade and `serve` after it. */
export class Connections {
  private readonly around: Surroundings;
  private readonly allowances: Allowances;
  private readonly heartbeat: Heartbeat<Connection>;
  private open = 0;

  constructor({ engine, clock, log, limits }: ConnectionsOptions) {
    this.around = { engine, clock, log, limits, lines: new WeakMap<Tab, Line>() };
    this.allowances = new Allowances(clock, limits);
    this.heartbeat = new Heartbeat(clock, limits.heartbeat, () => this.allowances.sweep());
  }

  /** Sockets that are open. */
  get size(): number {
    return this.open;
  }

  /**
   * Why the request is to be answered with plain HTTP; undefined when it may become a socket. What a browser's code must be
   * able to read, such as a session that is missing, is no refusal: that is said over the socket.
   */
  check(request: SocketRequest): Refusal | undefined {
    const { limits } = this.around;
    const error = originRefusal(request, limits);
    if (error !== undefined) return { status: 403, error };
    if (this.open >= limits.tabs) return full(`The server has ${limits.tabs} tabs.`);
    const { session } = request;
    if (session === undefined || this.allowances.socketsOf(session) < limits.sessionTabs) return undefined;
    return full(`The session has ${limits.sessionTabs} tabs.`);
  }

  /** One socket, until it is closed. `signal` fires when the server begins to stop, or the socket has closed. */
  serve(socket: LiveSocket, request: SocketRequest, signal: AbortSignal): Promise<void> {
    const allowance = this.allowances.join(request.session ?? "");
    return this.run(new Connection(this.around, socket, request, allowance), allowance, signal);
  }

  /** Apart from the request, which is not to be kept with it. */
  private async run(connection: Connection, allowance: Allowance, signal: AbortSignal): Promise<void> {
    this.open++;
    this.heartbeat.add(connection);
    try {
      await connection.run(signal);
    } finally {
      this.heartbeat.delete(connection);
      this.allowances.leave(allowance);
      this.open--;
    }
  }

  /** What was sent by a tab and answered to it. */
  memoryOf(tab: Tab): LineMemory | undefined {
    return this.around.lines.get(tab)?.memory;
  }

  /** The tab goes on where it was with the program before. */
  remember(tab: Tab, memory: LineMemory): void {
    this.around.lines.set(tab, new Line(tab, this.around.log, memory));
  }

  /** After the last socket: sets no timer from now on. */
  close(): void {
    this.heartbeat.stop();
  }
}

function full(message: string): Refusal {
  return { status: 503, error: liveError("TOO_MANY_SESSIONS", message) };
}
