import type { Client } from "pg";
import type { Clock } from "../../../kernel/clock.ts";
import type { Log } from "../../../kernel/log.ts";
import type { Database } from "./database.ts";

export interface ListenerEvents {
  heard(payload: string): void;
  /** A connection was lost, and there is a new one: what was said meanwhile was missed. */
  missed(): void;
  /** The server's time, in milliseconds since the Unix epoch, when this process's clock said `at`. */
  time(server: number, at: number): void;
}

/** Milliseconds between two looks whether the connection still is one. */
const beat = 10_000;

const time = "select extract(epoch from clock_timestamp())::float8 * 1000 as now";

/** The one connection on which a process hears what others have changed. It comes back by itself. */
export class Listener {
  private readonly database: Database;
  private readonly channel: string;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly events: ListenerEvents;
  private client: Client | undefined;
  private cancel: (() => void) | undefined;
  private isClosed = false;
  private tries = 0;
  private wasOpen = false;

  constructor(
    database: Database,
    channel: string,
    world: { readonly clock: Clock; readonly log: Log },
    events: ListenerEvents,
  ) {
    this.database = database;
    this.channel = channel;
    this.clock = world.clock;
    this.log = world.log;
    this.events = events;
  }

  /** Settles when it hears, or when the first try has failed: others follow. */
  async open(): Promise<void> {
    await this.connect();
  }

  close(): void {
    this.isClosed = true;
    this.cancel?.();
    const { client } = this;
    this.client = undefined;
    client?.connection.stream.destroy();
  }

  private async connect(): Promise<void> {
    const client = this.database.client();
    let isLost = false;
    const lose = (error: unknown): void => {
      if (isLost) return;
      isLost = true;
      this.lost(client, error);
    };
    client.on("error", lose);
    client.on("end", () => lose(new Error("the connection was closed")));
    client.on("notification", ({ payload = "" }) => this.events.heard(payload));
    this.client = client;
    try {
      await client.connect();
      await client.query(`listen "${this.channel}"`);
      await this.ask(client);
    } catch (error) {
      return lose(error);
    }
    if (isLost || this.isClosed) return void client.connection.stream.destroy();
    this.tries = 0;
    if (this.wasOpen) this.events.missed();
    this.wasOpen = true;
    this.watch(client, lose);
  }

  /** A connection whose other end has silently gone says nothing, and nothing else tells of it. */
  private watch(client: Client, lose: (error: unknown) => void): void {
    const look = (): void => void this.ask(client).then(() => this.watch(client, lose), lose);
    this.cancel = this.clock.after(beat, look, true);
  }

  private async ask(client: Client): Promise<void> {
    const began = this.clock.now();
    const { rows } = await client.query<{ now: number }>(time);
    const ended = this.clock.now();
    if (this.client === client) this.events.time(rows[0]!.now, (began + ended) / 2);
  }

  private lost(client: Client, error: unknown): void {
    client.connection.stream.destroy();
    if (this.isClosed || this.client !== client) return;
    this.client = undefined;
    this.cancel?.();
    const wait = Math.min(50 * 2 ** this.tries++, 5_000);
    this.log(this.tries === 1 ? "warn" : "debug", `nothing is heard from ${this.database.place}`, { error });
    this.cancel = this.clock.after(wait, () => void this.connect(), true);
  }
}
