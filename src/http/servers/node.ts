import { createServer, IncomingMessage, Server } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import type { Duplex } from "node:stream";

import type { WebSocketServer } from "ws";

import type { Clock } from "../../kernel/clock.ts";
import type { Intake, Leftover } from "../../kernel/intake.ts";
import type { Log } from "../../kernel/log.ts";
import type { Address, Door, Fetch, Listener, ListenerIntake, ListenerOptions, ListenOptions } from "../server.ts";
import { addressOf } from "./address.ts";
import { Attachment, type Host } from "./attachment.ts";
import { Company } from "./company.ts";
import { Connection, type ConnectionState } from "./connection.ts";
import { listenError, serverError } from "./errors.ts";
import { refuse, Reply } from "./reply.ts";
import { announcesBody, asksForWebSocket, Handshake } from "./handshake.ts";
import { Hold } from "./hold.ts";
import { type Settings, settingsOf } from "./options.ts";
import { GenerationIntake } from "./generation-intake.ts";
import type { Parked } from "./parked.ts";
import { Parking } from "./parking.ts";

/** A listener on Node's own HTTP server. Nothing is opened until `open`. */
export function nodeListener(options: ListenerOptions): Listener {
  const { clock, log, door, companion, ...listen } = options;
  return new NodeListener(settingsOf(listen), { clock, log, door, companion });
}

/**
 * States: new, listening, ending (a lame duck: connections end with their next answer), closed (accepts none; idle
 * connections are gone, the others end with their last answer). Only onwards.
 *
 * An idle connection is closed at once. A client that sends a request on it in that very moment loses it: that race is
 * HTTP's own, and the reason for a lame duck. What had already arrived is read first.
 */
class NodeListener implements Listener, Host {
  readonly name = "http listener";
  readonly log: Log;
  address: Address | undefined;
  private readonly settings: Settings;
  private readonly clock: Clock;
  private readonly door: Door | undefined;
  private readonly company: Company | undefined;
  private readonly server: Server<typeof IncomingMessage, typeof Reply>;
  private readonly accepted = new Map<Duplex, Connection>();
  private readonly held: Hold;
  private readonly parking: Parking;
  private current: Attachment | undefined;
  private ending = false;
  private opening: Promise<void> | undefined;
  private closing: Promise<void> | undefined;
  private allClosed: Promise<void> = Promise.resolve();
  private wss: Promise<WebSocketServer> | undefined;
  private closedAt = 0;
  private cancelSweep: (() => void) | undefined;
  private emptied: (() => void) | undefined;

  constructor(settings: Settings, { clock, log, door, companion }: Omit<ListenerOptions, keyof ListenOptions>) {
    this.settings = settings;
    this.company = companion && new Company(companion);
    this.clock = clock;
    this.door = door;
    this.log = log;
    this.held = new Hold(clock, settings.holdTimeout);
    this.parking = new Parking(clock);
    this.server = this.createServer();
  }

  get connections(): number {
    return this.accepted.size;
  }

  get isOpen(): boolean {
    return this.opening !== undefined;
  }

  get isClosing(): boolean {
    return this.closing !== undefined;
  }

  attach(fetch: Fetch): Intake {
    return new Attachment(this, fetch);
  }

  intake(fetch: Fetch): ListenerIntake {
    return new GenerationIntake(this, new Attachment(this, fetch));
  }

  hold(): void {
    this.current = undefined;
  }

  direct(attachment: Attachment): void {
    if (this.closing !== undefined)
      throw serverError("LISTENER_CLOSED", "A program was attached to a closed listener.");
    this.current = attachment;
    this.held.release((reply) => attachment.serve(reply));
    this.parking.release((parked) => attachment.resume(parked));
  }

  park(parked: Parked, attachment: Attachment): void {
    const { current } = this;
    if (this.isClosing) parked.end();
    else if (current === undefined || current === attachment) this.parking.add(parked);
    else if (parked.isOpen) current.resume(parked);
  }

  release(attachment: Attachment): void {
    if (this.current === attachment && this.closing === undefined) this.hold();
  }

  open(): Promise<void> {
    if (this.closing !== undefined) {
      return Promise.reject(serverError("LISTENER_CLOSED", "A closed listener was opened again."));
    }
    return (this.opening ??= this.door === undefined ? this.listen() : this.enter(this.door));
  }

  lameDuck(): void {
    this.ending = true;
    for (const connection of this.accepted.values()) connection.conclude();
  }

  close(): Promise<void> {
    return (this.closing ??= this.stopAccepting());
  }

  async drained(): Promise<void> {
    await this.allClosed;
    this.cancelSweep?.();
  }

  async abort(): Promise<readonly Leftover[]> {
    await this.close();
    const left = this.strays();
    // As long as an attachment waits for its handlers' last answers.
    await turn();
    for (const { socket } of this.accepted.values()) socket.destroy();
    await this.drained();
    return left;
  }

  private createServer(): Server<typeof IncomingMessage, typeof Reply> {
    const { keepAliveTimeout, requestTimeout, maxHeaderSize } = this.settings;
    const headersTimeout = Math.min(this.settings.headersTimeout, requestTimeout);
    const { company } = this;
    const server = createServer(
      {
        IncomingMessage,
        ServerResponse: Reply,
        keepAliveTimeout,
        headersTimeout,
        requestTimeout,
        connectionsCheckingInterval: Math.min(headersTimeout, 30_000),
        maxHeaderSize,
        // Known from Node 24.9 on. Before, every upgrade comes as one.
        shouldUpgradeCallback: asksForWebSocket,
      },
      company === undefined ? (_, reply) => this.take(reply) : (_, reply) => this.share(company, reply),
    );
    server.closeIdleConnections = () => this.closeIdle();
    server.on("connection", (socket) => this.connect(socket));
    server.on("upgrade", (incoming, socket, head) => {
      this.upgrade(incoming, socket, head).catch((error: unknown) => {
        this.log("error", "An upgrade could not be answered.", { error });
        socket.destroy();
      });
    });
    return server;
  }

  private listen(): Promise<void> {
    const { host, port, backlog } = this.settings;
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => reject(listenError(error, host, port));
      this.server.once("error", failed);
      this.server.listen({ host, port, backlog }, () => {
        this.server.off("error", failed);
        this.server.on("error", (error) => this.log("error", "A connection could not be accepted.", { error }));
        this.address = addressOf(this.server);
        resolve();
      });
    });
  }

  private async enter(door: Door): Promise<void> {
    const { server } = this;
    const { host, port, backlog } = this.settings;
    // Node keeps account of a server's connections, and of their time limits, only once it has said this.
    server.emit("listening");
    try {
      this.address = await door.open({ host, port, backlog }, (socket) => server.emit("connection", socket));
    } catch (error) {
      throw listenError(error, host, port);
    }
  }

  private connect(socket: Duplex): void {
    const connection = new Connection(socket, this.clock.now(), this.ending);
    this.accepted.set(socket, connection);
    socket.on("close", () => {
      this.accepted.delete(socket);
      connection.lost();
      if (this.accepted.size === 0) this.emptied?.();
    });
  }

  private take(reply: Reply): void {
    const connection = this.accepted.get(reply.req.socket);
    if (connection === undefined || !connection.begin(reply)) return;
    if (this.current !== undefined) this.current.serve(reply);
    else if (this.closing === undefined) this.held.add(reply);
    else refuse(reply, 503, "The server is stopping.");
  }

  private share(company: Company, reply: Reply): void {
    if (company.wants(reply.req)) company.answer(reply, this.accepted.get(reply.req.socket));
    else this.take(reply);
  }

  private async upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // Node has taken its own listeners off: without one a reset would be an uncaught error.
    socket.on("error", destroy);
    const connection = this.accepted.get(socket);
    // A handshake behind a request that is not answered yet is a breach of RFC 6455, and could not be answered in order.
    if (connection === undefined || connection.state === "in-flight") return void socket.destroy();
    if (this.company?.wants(incoming) === true) {
      connection.upgraded = true;
      return this.company.upgrade(incoming, socket, head);
    }
    const reply = new Reply(incoming);
    reply.assignSocket(incoming.socket);
    reply.setHeader("Connection", "close");
    reply.on("finish", () => incoming.socket.destroySoon());
    connection.upgraded = true;
    if (asksForWebSocket(incoming)) reply.handshake = new Handshake(await this.webSockets(), socket, head);
    // Only before Node 24.9, which no longer reads a body behind such a head: better refused than taken for empty.
    else if (announcesBody(incoming)) return refuse(reply, 501, "Send a body without an upgrade to another protocol.");
    this.take(reply);
  }

  /** Loaded with the first WebSocket: a server that has none starts without the 10 ms that `ws` takes to load. */
  private webSockets(): Promise<WebSocketServer> {
    const { wsMaxPayload: maxPayload, wsCloseTimeout: closeTimeout } = this.settings;
    // Its own object, because the type declarations of `ws` do not know closeTimeout yet.
    const options = { noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload, closeTimeout };
    return (this.wss ??= import("ws").then(({ WebSocketServer }) => new WebSocketServer(options)));
  }

  private async stopAccepting(): Promise<void> {
    await this.opening?.catch(() => {});
    this.lameDuck();
    await turn();
    this.held.release((reply) => refuse(reply, 503, "The server is stopping."));
    this.parking.release((parked) => parked.end());
    this.company?.end();
    this.door?.close();
    this.allClosed = this.endServer();
    this.closedAt = this.clock.now();
    this.sweep();
  }

  /** Node's callback also comes when it never listened, and does not wait for connections that came through a door. */
  private async endServer(): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
    if (this.accepted.size > 0) await new Promise<void>((resolve) => (this.emptied = resolve));
  }

  /**
   * Node also takes a connection for idle whose answer has been handed over and not yet read by a slow client, and would cut
   * it off. Those are spared: they end with their answer.
   */
  private closeIdle(): void {
    const busy = [...this.accepted.values()].filter(({ state }) => state === "in-flight");
    for (const { socket } of busy) socket.destroy = () => socket;
    Server.prototype.closeIdleConnections.call(this.server);
    for (const { socket } of busy) Reflect.deleteProperty(socket, "destroy");
  }

  /** Once the server is closed Node no longer limits how long a request may take to come: this does. */
  private sweep(): void {
    const now = this.clock.now();
    let next = Infinity;
    for (const connection of this.accepted.values()) {
      if (!isStray(connection.state)) continue;
      const from = connection.state === "never-sent" ? connection.since : this.closedAt;
      const due = from + this.settings.strayTimeout;
      if (due <= now) connection.socket.destroy();
      else next = Math.min(next, due);
    }
    this.cancelSweep = next === Infinity ? undefined : this.clock.after(next - now, () => this.sweep());
  }

  private strays(): Leftover[] {
    const counts = new Map<ConnectionState, number>();
    for (const { state, socket } of this.accepted.values()) {
      if (isStray(state) && !socket.destroyed) counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    return [...counts].map(([kind, count]) => ({ kind, count }));
  }
}

function isStray(state: ConnectionState): boolean {
  return state === "never-sent" || state === "partial-request";
}

/** One for all sockets: a function of each one's own would keep its request for as long as it is open. */
function destroy(this: Duplex): void {
  this.destroy();
}
