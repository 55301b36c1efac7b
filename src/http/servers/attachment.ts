import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as turn } from "node:timers/promises";

import { getRequestListener, RequestError } from "@hono/node-server";

import type { Intake, Leftover } from "../../kernel/intake.ts";
import type { Log } from "../../kernel/log.ts";
import { problem } from "../problem.ts";
import type { Fetch } from "../server.ts";
import { Bodies, watchedStream } from "./body.ts";
import { endReply, refuse, Reply, type Work } from "./reply.ts";
import { type Acceptance, Offer } from "./handshake.ts";
import { type Parked, wantsWaiting } from "./parked.ts";
import { Session } from "./session.ts";

/** What an attachment needs of its listener. */
export interface Host {
  readonly log: Log;
  /** Whether the context that requests come in has been settled: it is that of the listener's `open`. */
  readonly isOpen: boolean;
  /** It takes no connections any more: nothing is to follow. */
  readonly isClosing: boolean;
  /** From now on requests go to `attachment`, those that waited first. */
  direct(attachment: Attachment): void;
  /** No more requests are to go to `attachment`; unless the listener is closing too, they wait for the next. */
  release(attachment: Attachment): void;
  /** Keeps a socket open that `attachment` leaves, until another program is there. */
  park(socket: Parked, attachment: Attachment): void;
}

const stopping = "The server is stopping.";

/** Not a fault: how `fetch`'s caller is told that the socket no longer speaks HTTP. */
const upgraded = new Error("The socket has been upgraded.");

type Listen = ReturnType<typeof getRequestListener>;

/**
 * One program's work on a listener: the requests it is answering, the handlers whose client has left, and its open
 * WebSockets. It is drained when all three have ended.
 */
export class Attachment implements Intake, Work {
  readonly name = "http";
  private readonly host: Host;
  private readonly fetch: Fetch;
  private readonly listen: Listen;
  private readonly bodies: Bodies;
  private readonly replies = new Set<Reply>();
  /** What still runs for a client that has left, and the open WebSockets, each with the request that began it. */
  private readonly handlers = new Map<Promise<unknown>, string>();
  private readonly sessions = new Map<Session, string>();
  private inside: (<R>(fn: () => R) => R) | undefined;
  private closing = false;
  private readonly waiters: (() => void)[] = [];

  constructor(host: Host, fetch: Fetch) {
    this.host = host;
    this.fetch = fetch;
    // It replaces the global Request and Response by lightweight ones, which is where its speed is: keep that default.
    this.listen = getRequestListener((request, { outgoing }) => this.answer(request, outgoing), {
      errorHandler: (error) => this.failed(error),
    });
    this.bodies = new Bodies();
  }

  open(): void {
    // Entering a context costs every request a little; where the listener is yet to open, its own is this one.
    if (this.host.isOpen) this.inside = AsyncLocalStorage.snapshot();
    this.host.direct(this);
  }

  serve(reply: Reply): void {
    if (reply.over) return;
    if (reply.handshake !== undefined && this.closing) return refuse(reply, 503, stopping);
    reply.work = this;
    this.replies.add(reply);
    if (this.inside === undefined) this.respond(reply);
    else this.inside(() => this.respond(reply));
  }

  /** Asks for a socket that the program before has left open, as for a new one. */
  resume(parked: Parked): void {
    const asking = this.inside === undefined ? this.ask(parked) : this.inside(() => this.ask(parked));
    this.own(asking, parked.name);
  }

  finish(reply: Reply): void {
    // Headers are only sent once `fetch` has settled; without them its handler may still run, for a client that has left.
    if (reply.answer !== undefined && !reply.headersSent) this.own(reply.answer, nameOf(reply));
    this.replies.delete(reply);
    this.settle();
  }

  report(error: unknown): void {
    this.host.log("error", "A request failed outside its handler.", { error });
  }

  close(): void {
    if (this.closing) return;
    this.closing = true;
    this.host.release(this);
    for (const session of this.sessions.keys()) session.goAway(!this.host.isClosing);
  }

  async drained(): Promise<void> {
    while (this.inHand > 0) await new Promise<void>((resolve) => this.waiters.push(resolve));
  }

  async abort(): Promise<readonly Leftover[]> {
    this.close();
    const left = [
      { kind: "in-flight", count: this.replies.size + this.handlers.size },
      { kind: "upgraded", count: this.sessions.size },
    ];
    this.logLeft();
    // Handlers were told before this; one that answers at once still gets its answer out.
    await turn();
    for (const reply of this.replies) reply.req.socket.destroy();
    for (const session of this.sessions.keys()) session.terminate();
    await this.drained();
    return left.filter(({ count }) => count > 0);
  }

  /** What is in hand, by the requests that began it. */
  get pending(): readonly string[] {
    return [...Array.from(this.replies, nameOf), ...this.handlers.values(), ...this.sessions.values()];
  }

  private get inHand(): number {
    return this.replies.size + this.handlers.size + this.sessions.size;
  }

  private settle(): void {
    if (this.inHand === 0) for (const waiter of this.waiters.splice(0)) waiter();
  }

  private logLeft(): void {
    if (this.inHand === 0) return;
    this.host.log("warn", "Requests were cut because they outlasted the drain.", { requests: this.pending });
  }

  private own(handler: Promise<unknown>, name: string): void {
    this.handlers.set(handler, name);
    const ended = (): void => {
      this.handlers.delete(handler);
      this.settle();
    };
    handler.then(ended, ended);
  }

  private respond(reply: Reply): void {
    this.listen(reply.req, reply).catch((error: unknown) => {
      this.report(error);
      if (reply.headersSent) reply.destroy();
      else refuse(reply, 500);
    });
  }

  private answer(request: Request, reply: unknown): Response | Promise<Response> {
    if (!(reply instanceof Reply)) throw new TypeError("The response is not one of this server's.");
    const { req: incoming, handshake } = reply;
    const answer = this.fetch(
      request,
      handshake === undefined ? { incoming, outgoing: reply } : { incoming, outgoing: reply, upgrade: handshake },
    );
    if (!(answer instanceof Promise)) return this.deliver(answer, reply);
    return (reply.answer = answer.then((response) => this.deliver(response, reply)));
  }

  /** What is to be written; throws `upgraded` when nothing is. */
  private deliver(response: Response, reply: Reply): Response {
    const { handshake } = reply;
    const acceptance = handshake?.accepted(response);
    if (handshake === undefined || acceptance === undefined) return this.watched(response, reply);
    if (this.closing) return problem(503, stopping).getResponse();
    handshake.complete(reply, response, (ws, transport) =>
      this.converse(new Session(ws, transport, acceptance), reply, acceptance),
    );
    endReply.call(reply);
    throw upgraded;
  }

  private async ask(parked: Parked): Promise<void> {
    const upgrade = new Offer();
    try {
      const { request, incoming } = parked.asked();
      const response = await this.fetch(request, { incoming, upgrade });
      const acceptance = upgrade.accepted(response);
      if (acceptance === undefined) await response.body?.cancel();
      if (this.closing || wantsWaiting(response)) this.host.park(parked, this);
      else if (acceptance === undefined) parked.end();
      else if (parked.isOpen) this.keep(new Session(...parked.taken(), acceptance, true), parked.name);
    } catch (error) {
      this.report(error);
      parked.end();
    }
  }

  private watched(response: Response, reply: Reply): Response {
    const stream = this.bodies.streamOf(response);
    if (stream === undefined) return response;
    const { status, headers } = response;
    const body = watchedStream(stream, {
      failed: (error) => {
        this.report(error);
        reply.destroy();
      },
      cancelled: (closing) => {
        this.own(closing, nameOf(reply));
        closing.catch((error: unknown) => this.report(error));
      },
    });
    return new Response(body, { status, headers });
  }

  private converse(session: Session, reply: Reply, { detached }: Acceptance): void {
    // What waits for the end of the exchange, or for the client to leave, waits for the socket.
    if (detached) reply.emit("close");
    else void session.closed.then(() => reply.emit("close"));
    this.keep(session, nameOf(reply));
  }

  /** Apart from the reply, which is not to be kept with it. */
  private keep(session: Session, name: string): void {
    this.sessions.set(session, name);
    const served = session.serve((error) => this.report(error));
    void served.then(() => {
      this.sessions.delete(session);
      if (session.parked !== undefined) this.host.park(session.parked, this);
      this.settle();
    });
  }

  /** Answers for a request that never got to `fetch`, or that `fetch` failed on. Nothing for a socket that was upgraded. */
  private failed(error: unknown): Response | undefined {
    if (error === upgraded) return undefined;
    if (error instanceof RequestError) return problem(400, error.message).getResponse();
    this.report(error);
    return problem(500).getResponse();
  }
}

/** The request, without its query: that may hold a secret. */
function nameOf({ req: { method, url = "" } }: Reply): string {
  return `${method} ${url.split("?", 1)[0]}`;
}
