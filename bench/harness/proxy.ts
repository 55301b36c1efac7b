import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** Stands between clients and a server: counts what they get, and can be cut like a line. */
export class Proxy {
  readonly port: number;
  /** Bytes that the server has sent and that were passed on. */
  passed = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private isCut = false;

  private constructor(server: Server, target: number) {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("A TCP server has a port.");
    this.port = address.port;
    this.server = server.on("connection", (client) => this.join(client, target));
  }

  static async to(target: number): Promise<Proxy> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Proxy(server, target);
  }

  /** Resets what is open, and takes nobody until it is mended. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  mend(): void {
    this.isCut = false;
  }

  close(): void {
    this.server.close();
    this.cut();
  }

  private join(client: Socket, target: number): void {
    if (this.isCut) return void client.resetAndDestroy();
    const server = connect(target, "127.0.0.1");
    for (const [socket, other] of [[client, server] as const, [server, client] as const]) {
      this.sockets.add(socket.setNoDelay(true));
      // An error is followed by a close.
      socket.on("error", () => {});
      socket.on("close", () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(server);
    server.on("data", (chunk: Buffer) => (this.passed += chunk.length));
    server.pipe(client);
  }
}
