import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as turn } from "node:timers/promises";

import { getRequestListener, RequestError } from "@hono/node-server";
import type { WebSocketServer } from "ws";

import type { Intake, Leftover } from "../../kernel/intake.ts";
import type { Log } from "../../kernel/log.ts";
import type { Fetch } from "../server.ts";
import { Bodies } from "./body.ts";
import { Exchange, type Keeper, refuse } from "./exchange.ts";
import { Handshake, type Run } from "./handshake.ts";
import { Session } from "./session.ts";

/** What an attachment needs of its listener. */
export interface Host {
  readonly wss: WebSocketServer;
  readonly log: Log;
  /** From now on requests go to `attachment`, those that waited first. */
  direct(attachment: Attachment): void;
  /** No more requests are to go to `attachment`; unless the listener is closing too, they wait for the next. */
  release(attachment: Attachment): void;
}

type Listen = ReturnType<typeof getRequestListener>;

/**
 * One program's work on a listener: the requests it is answering, the handlers whose client has left, and its open
 * WebSockets. It is drained when all three have ended.
 */
export class Attachment implements Intake, Keeper {
  readonly name = "http";
  private readonly host: Host;
  private readonly fetch: Fetch;
  private readonly listen: Listen;
  private readonly bodies: Bodies;
  private readonly exchanges = new Set<Exchange>();
  private readonly handlers = new Set<Promise<unknown>>();
  private readonly sessions = new Set<Session>();
  private readonly remembersContext: boolean;
  private inside: ((fn: () => void) => void) | undefined;
  private closing = false;
  private emptied: (() => void) | undefined;

  /** `remembersContext` runs each request in the context of `open`, where the listener was opened in another. */
  constructor(host: Host, fetch: Fetch, remembersContext: boolean) {
    this.host = host;
    this.fetch = fetch;
    this.remembersContext = remembersContext;
    // It replaces the global Request and Response by lightweight ones, which is where its speed is: keep that default.
    this.listen = getRequestListener((request, { outgoing }) => this.answer(request, outgoing), {
      errorHandler: (error) => this.failed(error),
    });
    this.bodies = new Bodies();
  }

  open(): void {
    if (this.remembersContext) this.inside = AsyncLocalStorage.snapshot();
    this.host.direct(this);
  }

  serve(exchange: Exchange): void {
    if (exchange.over) return;
    if (exchange.handshake !== undefined && this.closing) return refuse(exchange, 503, "The server is stopping");
    exchange.work = this;
    this.exchanges.add(exchange);
    if (this.inside === undefined) this.respond(exchange);
    else this.inside(() => this.respond(exchange));
  }

  finish(exchange: Exchange): void {
    // Headers are only sent once `fetch` has settled; without them its handler may still run, for a client that has left.
    if (exchange.answer !== undefined && !exchange.headersSent) this.own(exchange.answer);
    this.exchanges.delete(exchange);
    this.settle();
  }

  close(): void {
    if (this.closing) return;
    this.closing = true;
    this.host.release(this);
    for (const session of this.sessions) session.goAway();
  }

  async drained(): Promise<void> {
    while (this.inHand > 0) await new Promise<void>((resolve) => (this.emptied = resolve));
  }

  async abort(): Promise<readonly Leftover[]> {
    this.close();
    const left = [
      { kind: "in-flight", count: this.exchanges.size + this.handlers.size },
      { kind: "upgraded", count: this.sessions.size },
    ];
    // Handlers were told before this; one that answers at once still gets its answer out.
    await turn();
    for (const exchange of this.exchanges) exchange.req.socket.destroy();
    for (const session of this.sessions) session.terminate();
    await this.drained();
    return left.filter(({ count }) => count > 0);
  }

  private get inHand(): number {
    return this.exchanges.size + this.handlers.size + this.sessions.size;
  }

  private settle(): void {
    if (this.inHand === 0) this.emptied?.();
  }

  private own(handler: Promise<unknown>): void {
    this.handlers.add(handler);
    const ended = (): void => {
      this.handlers.delete(handler);
      this.settle();
    };
    handler.then(ended, ended);
  }

  private respond(exchange: Exchange): void {
    // The listener rejects where a response cannot be written, such as for a header with a line break in it.
    this.listen(exchange.req, exchange).catch((error: unknown) => {
      this.report(error);
      if (exchange.headersSent) exchange.destroy();
      else refuse(exchange, 500, "Internal Server Error");
    });
  }

  private answer(request: Request, exchange: unknown): Response | Promise<Response> {
    if (!(exchange instanceof Exchange)) throw new TypeError("The response is not one of this server's.");
    const { req: incoming, handshake } = exchange;
    const answer = this.fetch(
      request,
      handshake === undefined ? { incoming, outgoing: exchange } : { incoming, outgoing: exchange, upgrade: handshake },
    );
    if (!(answer instanceof Promise)) return this.deliver(answer, exchange);
    return (exchange.answer = answer.then((response) => this.deliver(response, exchange)));
  }

  /** What is to be written; throws the handshake when the socket has been upgraded and nothing is. */
  private deliver(response: Response, exchange: Exchange): Response {
    const { handshake } = exchange;
    const run = handshake?.accepted(response);
    if (handshake === undefined || run === undefined) return this.watched(response, exchange);
    if (this.closing) return new Response(null, { status: 503 });
    handshake.complete(this.host.wss, exchange, response, (ws) => this.converse(new Session(ws), run));
    exchange.emit("close");
    throw handshake;
  }

  private watched(response: Response, exchange: Exchange): Response {
    return this.bodies.watched(response, {
      failed: (error) => {
        this.report(error);
        exchange.destroy();
      },
      cancelled: (closing) => this.own(closing),
    });
  }

  private converse(session: Session, run: Run): void {
    this.sessions.add(session);
    const served = session.serve(run, (error) => this.report(error));
    void served.then(() => {
      this.sessions.delete(session);
      this.settle();
    });
  }

  /** Answers for a request that never got to `fetch`, or that `fetch` failed on. Nothing for a socket that was upgraded. */
  private failed(error: unknown): Response | undefined {
    if (error instanceof Handshake) return undefined;
    if (error instanceof RequestError) return new Response(null, { status: 400 });
    this.report(error);
    return new Response(null, { status: 500 });
  }

  private report(error: unknown): void {
    this.host.log("error", "A request failed outside its handler.", { error });
  }
}
