import { compile, problem, Routes, type Socket } from "livespan/http";
import type { IncomingMessage } from "node:http";
import { manualClock } from "livespan/testing";

import { Connections } from "../../../src/live/server/connections.ts";
import { limitsFrom, type LiveLimits } from "../../../src/live/server/limits.ts";
import type { LiveSocket } from "../../../src/live/server/socket.ts";
import { TestHost } from "../../http/host.ts";
import { Listening } from "../../http/servers/listening.ts";
import { Client } from "./client.ts";
import { PlainEngine, type PlainInstance, type PlainTab } from "./engine.ts";

export interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** Connections on a real server, with an engine that does what the test says. */
export class Stage implements AsyncDisposable {
  readonly engine = new PlainEngine();
  readonly clock = manualClock();
  /** The most text that waited for one client. */
  mostUnflushed = 0;
  readonly logged: Line[] = [];
  readonly connections: Connections;
  private readonly clients: Client[] = [];
  private server!: Listening;

  private constructor(limits: LiveLimits) {
    this.connections = new Connections({
      engine: this.engine,
      clock: this.clock,
      limits: limitsFrom(limits),
      log: (level, message, fields) => this.logged.push({ level, message, fields }),
    });
  }

  static async open(limits: LiveLimits = {}): Promise<Stage> {
    const stage = new Stage(limits);
    const hono = compile(new Routes(), new TestHost());
    stage.server = await Listening.open(
      (request, env) => {
        if (env.upgrade === undefined) return hono.fetch(request, env);
        const live = requestOf(env.incoming!);
        const refusal = stage.connections.check(live);
        if (refusal !== undefined) return problem(refusal.status, refusal.error.message).getResponse();
        const run = (socket: Socket, signal: AbortSignal) =>
          stage.connections.serve(stage.measured(socket), live, signal);
        return env.upgrade.accept(run, { finishes: true });
      },
      { wsCloseTimeout: 100 },
    );
    return stage;
  }

  private measured(socket: Socket): LiveSocket {
    let unflushed = 0;
    return {
      closed: socket.closed,
      close: (code, reason) => socket.close(code, reason),
      [Symbol.asyncIterator]: () => socket[Symbol.asyncIterator](),
      send: async (text) => {
        this.mostUnflushed = Math.max(this.mostUnflushed, (unflushed += text.length));
        await socket.send(text);
        unflushed -= text.length;
      },
    };
  }

  get url(): string {
    return `${this.server.url}/live`;
  }

  /** A socket that has said nothing yet. */
  dial(headers?: Readonly<Record<string, string>>): Client {
    const client = new Client(this.url, headers);
    this.clients.push(client);
    return client;
  }

  /** A tab that has its first snapshot of "counter". */
  tab(): Promise<Client> {
    return this.dial().hello();
  }

  tabOf(client: Client): PlainTab {
    return this.engine.tabs.get(client.tab)!;
  }

  /** Drops a client, and waits until its tab has noticed. */
  async drop(client: Client): Promise<void> {
    const { gone } = this.tabOf(client);
    await client.drop();
    await gone.promise;
  }

  counterOf(client: Client): Promise<PlainInstance> {
    return this.tabOf(client).instance("counter", undefined);
  }

  /** Lets go of all that is over. */
  forget(): void {
    this.clients.length = 0;
    this.engine.tabs.clear();
  }

  drain(): Promise<void> {
    return this.server.drain();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.clients) await client.drop();
    await this.server[Symbol.asyncDispose]();
    this.connections.close();
  }
}

function requestOf({ url = "", rawHeaders, headers }: IncomingMessage) {
  const session = headers["x-session"];
  return { url, headers: rawHeaders, session: typeof session === "string" ? session : undefined };
}
