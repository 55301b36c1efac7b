import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** What a proxy does with what one side has sent: pass it on, keep it to itself, or cut the connection. */
export type Verdict = "pass" | "drop" | "cut";

/** A TCP proxy in front of a server, which does what networks do. */
export class Proxy implements AsyncDisposable {
  readonly url: string;
  /** Milliseconds that everything is late. */
  delay = 0;
  /** Decides about each chunk that a client has sent, and each that the server has. */
  onRequest: (chunk: Buffer) => Verdict = () => "pass";
  onReply: (chunk: Buffer) => Verdict = () => "pass";
  private readonly server: Server;
  private readonly pairs = new Set<Pair>();
  /** Pairs that have gone silent: open at both ends, and nothing comes through. */
  private readonly silent = new Set<Pair>();

  constructor(server: Server, port: number) {
    this.server = server;
    this.url = `redis://127.0.0.1:${port}`;
  }

  /** Takes a connection over. */
  join(client: Socket, target: number): void {
    const pair = { client, server: connect(target, "127.0.0.1") };
    this.pairs.add(pair);
    for (const side of [pair.client, pair.server]) {
      side.on("error", () => {});
      side.on("close", () => this.cutPair(pair));
    }
    client.on("data", (chunk: Buffer) => this.carry(pair, pair.server, chunk, this.onRequest));
    pair.server.on("data", (chunk: Buffer) => this.carry(pair, client, chunk, this.onReply));
  }

  /** Closes every connection there is. */
  cut(): void {
    for (const pair of this.pairs) this.cutPair(pair);
  }

  /** From now on nothing comes through the connections that there are; new ones work. */
  halfOpen(): void {
    for (const pair of this.pairs) this.silent.add(pair);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    this.cut();
    await once(this.server, "close");
  }

  private carry(pair: Pair, to: Socket, chunk: Buffer, decide: (chunk: Buffer) => Verdict): void {
    if (this.silent.has(pair)) return;
    const verdict = decide(chunk);
    if (verdict === "cut") return this.cutPair(pair);
    if (verdict === "drop") return;
    if (this.delay === 0) to.write(chunk);
    else setTimeout(() => to.writable && to.write(chunk), this.delay);
  }

  private cutPair(pair: Pair): void {
    this.pairs.delete(pair);
    this.silent.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }
}

/** Starts a proxy before the server of this URL. */
export async function startProxy(url: string): Promise<Proxy> {
  const target = Number(new URL(url).port);
  const server = createServer((client) => proxy.join(client, target)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has an address with a port");
  const proxy = new Proxy(server, address.port);
  return proxy;
}
