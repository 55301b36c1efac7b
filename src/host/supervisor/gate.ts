import { createServer, type Server, type Socket } from "node:net";
import type { Address, DoorPlace } from "../../http/server.ts";
import type { Log } from "../../kernel/log.ts";
import { addressOf } from "../../http/servers/address.ts";

/** A worker, as the gate sees it. */
export interface Guest {
  /** Gives it a connection, which stays open here as well until it says that it has taken it. */
  give(socket: Socket): void;
}

/**
 * The socket that all workers share. It accepts, and gives each connection to the next worker in turn, one at a time: a
 * worker whose event loop stands still gets no second one. A connection is this process's own until a worker has said that it
 * took it; one that refuses it or dies before leaves it to the next. Without a worker, connections wait.
 *
 * Node's cluster does the same, but forgets the connection that a worker had not taken when it was killed, and closes the
 * socket with the last worker.
 */
export class Gate {
  private readonly log: Log;
  private opening: Promise<Address> | undefined;
  private server: Server | undefined;
  /** In turn: the next one first. With what it has been given and has not taken. */
  private readonly guests = new Map<Guest, Socket | undefined>();
  /** Those that get no more, but still have one. */
  private readonly leaving = new Map<Guest, Socket>();
  private readonly waiting: Socket[] = [];
  private isLast = false;

  constructor(log: Log) {
    this.log = log;
  }

  /** Settles with the address; the first who asks says where. Rejects with the operating system's error. */
  open(at: DoorPlace): Promise<Address> {
    return (this.opening ??= this.listen(at));
  }

  enter(guest: Guest): void {
    this.guests.set(guest, undefined);
    this.next();
  }

  /** It has taken what it was given, or has refused it. */
  answered(guest: Guest, taken: boolean): void {
    const socket = this.guests.get(guest) ?? this.leaving.get(guest);
    this.leaving.delete(guest);
    // To the end of the line.
    if (this.guests.delete(guest)) this.guests.set(guest, undefined);
    if (taken) socket?.destroy();
    else if (socket !== undefined) this.waiting.unshift(socket);
    this.next();
  }

  /** It is given no more. What it has, it may still take. */
  leave(guest: Guest): void {
    const socket = this.guests.get(guest);
    if (socket !== undefined) this.leaving.set(guest, socket);
    this.guests.delete(guest);
    this.next();
  }

  /** It has gone, and what it had not taken is the next one's. */
  gone(guest: Guest): void {
    this.leave(guest);
    if (this.leaving.has(guest)) this.answered(guest, false);
  }

  /** Closes with the last worker that leaves, instead of waiting for the next. */
  conclude(): void {
    this.isLast = true;
    this.next();
  }

  private async listen({ host, port, backlog }: DoorPlace): Promise<Address> {
    // Nothing is read here: what has come is the worker's to read.
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      this.waiting.push(socket);
      this.next();
    });
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ ...(host !== undefined && { host }), port, backlog }, () => {
        server.off("error", reject);
        server.on("error", (error) => this.log("error", "a connection could not be accepted", { error }));
        resolve();
      });
    });
    return addressOf(server)!;
  }

  private next(): void {
    for (const [guest, held] of this.guests) {
      if (held !== undefined) continue;
      const socket = this.waiting.shift();
      if (socket === undefined) break;
      this.guests.set(guest, socket);
      guest.give(socket);
    }
    if (this.isLast && this.guests.size === 0 && this.leaving.size === 0) this.close();
  }

  private close(): void {
    this.server?.close();
    for (const socket of this.waiting.splice(0)) socket.destroy();
  }
}
