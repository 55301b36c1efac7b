import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

import type { Companion } from "../server.ts";
import type { Connection } from "./connection.ts";
import type { Reply } from "./reply.ts";

/** A listener's companion, and the sockets that it has taken over. */
export class Company {
  private readonly companion: Companion;
  private readonly sockets = new Set<Duplex>();

  constructor(companion: Companion) {
    this.companion = companion;
  }

  wants({ url = "/" }: IncomingMessage): boolean {
    return this.companion.wants(url);
  }

  answer(reply: Reply, connection: Connection | undefined): void {
    if (connection?.begin(reply) === true) this.companion.answer(reply.req, reply);
  }

  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.sockets.add(socket);
    socket.once("close", () => this.sockets.delete(socket));
    this.companion.upgrade(incoming, socket, head);
  }

  /** No program's drain closes these. */
  end(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
