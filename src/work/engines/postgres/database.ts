import type { Client, ClientBase, ClientConfig, Pool, PoolClient } from "pg";
import type { Clock } from "../../../kernel/clock.ts";
import type { Log } from "../../../kernel/log.ts";
import { downError, isSaidByServer, refusal, troubleOf } from "./failures.ts";
import { Line } from "./line.ts";
import { placeIn, type PostgresOptions } from "./options.ts";
import { Session } from "./session.ts";
import { Statements } from "./statements.ts";
import { messageOf } from "../../../kernel/errors.ts";
import { workError } from "../../errors.ts";

export interface DatabaseWorld {
  readonly clock: Clock;
  readonly log: Log;
  /** It answers, or does so no longer. */
  reachable(isReachable: boolean): void;
}

const defaultConnections = 10;
/** Milliseconds that closing waits for what is under way. */
const closeLimit = 1_000;

/** The connections to one database. What was under way when one was lost is done again, for as long as there is patience. */
export class Database {
  /** Host, port and database. */
  readonly place: string;
  readonly schema: string;
  readonly statements: Statements;
  /** Milliseconds that one answer may take: a connection that went silent is left for another within the patience. */
  readonly limit: number;
  private readonly options: PostgresOptions;
  private readonly patience: number;
  private world: DatabaseWorld | undefined;
  private pool: Pool | undefined;
  private Client: typeof Client | undefined;
  /** Those of our own pool, to end what does not end by itself. */
  private readonly clients = new Set<PoolClient>();
  private isReachable = true;
  private readonly line: Line;

  constructor(options: PostgresOptions) {
    const { schema = "livespan", patience = 10_000 } = options;
    this.options = options;
    this.place = placeIn(options);
    this.schema = schema;
    this.patience = patience;
    this.limit = Math.max(100, patience / 2);
    this.statements = new Statements(schema);
    // What else a pool of the user's is used for is not known here.
    this.line = new Line(options.pool === undefined ? (options.connections ?? defaultConnections) : Infinity);
  }

  /** Connects to nothing yet. @throws LivespanError ENGINE_MISSING */
  async open(world: DatabaseWorld): Promise<void> {
    const pg = await packageOf();
    this.world = world;
    this.Client = pg.Client;
    this.pool = this.options.pool ?? this.poolOf(pg.Pool);
  }

  async close(): Promise<void> {
    const { pool, world } = this;
    this.pool = undefined;
    if (pool === undefined || world === undefined || pool === this.options.pool) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = world.clock.after(closeLimit, resolve);
    await Promise.race([pool.end(), promise]);
    cancel();
    // A server that does not answer does not say goodbye either.
    for (const client of this.clients) client.connection.stream.destroy();
  }

  /**
   * Does `work` with a connection; from its start again when that is lost on the way or a conflict ended it.
   *
   * @throws LivespanError ENGINE_DOWN, ENGINE_CLOSED; an Error for what the server did not understand; what `work` throws by itself
   */
  async use<T>(what: string, work: (session: Session) => Promise<T>, limit = this.limit): Promise<T> {
    if (!this.line.enter()) await this.turn(what);
    try {
      return await this.patiently(what, work, limit);
    } finally {
      this.line.leave();
    }
  }

  /** A server that is busy is waited for; one that is not there, no longer than the patience. */
  private async turn(what: string): Promise<void> {
    const { clock } = this.opened(what);
    const began = clock.now();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = this.line.join(resolve);
    let cancel: () => void;
    const look = (): void => {
      if (this.isReachable && this.pool !== undefined) return void (cancel = clock.after(this.patience, look));
      giveUp();
      reject(downError(this.place, what, undefined, clock.now() - began));
    };
    cancel = clock.after(this.patience, look);
    await promise.finally(() => cancel());
  }

  private async patiently<T>(what: string, work: (session: Session) => Promise<T>, limit: number): Promise<T> {
    const { clock } = this.opened(what);
    const began = clock.now();
    for (let tries = 0; ; tries++) {
      const { pool } = this.opened(what);
      const done = await this.once(pool, work, limit);
      if ("value" in done) return done.value;
      this.judge(what, done.error);
      const wait = Math.min(20 * 2 ** tries, 1_000);
      const spent = clock.now() - began;
      if (spent + wait > this.patience) throw downError(this.place, what, done.error, spent);
      await this.pause(wait);
    }
  }

  /** A connection of its own, not open yet: for one who stays on it. */
  client(): Client {
    const { Client } = this;
    if (Client === undefined) throw workError("ENGINE_CLOSED", `${this.place} is not open.`);
    return new Client({ ...this.config(), connectionTimeoutMillis: this.limit, query_timeout: this.limit });
  }

  /** Throws what will not mend itself. */
  private judge(what: string, error: unknown): void {
    const trouble = troubleOf(error);
    if (trouble === "refused") throw refusal(this.place, what, error);
    // Not "down": whoever asks the same again gets the same again.
    if (trouble === "fault") throw new Error(`${this.place} could not ${what}: ${messageOf(error)}`, { cause: error });
    if (trouble === "lost") this.tell(false, error);
  }

  private async once<T>(
    pool: Pool,
    work: (session: Session) => Promise<T>,
    limit: number,
  ): Promise<{ readonly value: T } | { readonly error: unknown }> {
    let client: PoolClient;
    try {
      client = await this.connect(pool);
    } catch (error) {
      return { error };
    }
    const session = new Session(client, { statements: this.statements, limit, prepare: this.options.prepare ?? true });
    // Lost between two statements, a connection says so by this event, which would end the process.
    client.on("error", ignore);
    let isBroken = false;
    try {
      const value = await work(session);
      this.tell(true);
      return { value };
    } catch (error) {
      isBroken = !(await undone(client, session.failure?.error, error));
      if (session.failure?.error !== error) throw error;
      return { error };
    } finally {
      client.off("error", ignore);
      client.release(isBroken);
    }
  }

  /** Within the limit, whoever's pool it is. */
  private async connect(pool: Pool): Promise<PoolClient> {
    const connecting = pool.connect();
    const late = Promise.withResolvers<never>();
    const cancel = this.world!.clock.after(this.limit, () => {
      connecting.then(
        (client) => client.release(),
        () => {},
      );
      late.reject(new Error(`no connection was free within ${this.limit} ms`));
    });
    try {
      return await Promise.race([connecting, late.promise]);
    } finally {
      cancel();
    }
  }

  private tell(isReachable: boolean, error?: unknown): void {
    if (this.isReachable === isReachable) return;
    this.isReachable = isReachable;
    if (isReachable) this.world?.log("info", `${this.place} answers again`);
    else this.world?.log("warn", `the connection to ${this.place} was lost`, { error });
    this.world?.reachable(isReachable);
  }

  private opened(what: string): { readonly pool: Pool; readonly clock: Clock } {
    const { pool, world } = this;
    if (pool === undefined || world === undefined)
      throw workError("ENGINE_CLOSED", `${what}: ${this.place} is not open.`);
    return { pool, clock: world.clock };
  }

  private async pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.world!.clock.after(ms, resolve);
    await promise;
  }

  private poolOf(PoolClass: typeof Pool): Pool {
    const pool = new PoolClass({
      ...this.config(),
      max: this.options.connections ?? defaultConnections,
      connectionTimeoutMillis: this.limit,
      idleTimeoutMillis: 30_000,
      // What a server still does for a connection that was left holds locks.
      verify: (client, done) => void settings(client, this.limit).then(() => done(), done),
    });
    // Said of connections that nobody uses, with all of the connection in the error: the next call gets another.
    pool.on("error", ({ message }) => this.world?.log("debug", `an idle connection was lost: ${message}`));
    pool.on("connect", (client) => void this.clients.add(client.on("error", ignore)));
    pool.on("remove", (client) => void this.clients.delete(client));
    return pool;
  }

  private config(): ClientConfig {
    const { pool, connectionString = process.env.DATABASE_URL } = this.options;
    if (pool !== undefined) return { ...pool.options, password: pool.options.password };
    const own = { keepAlive: true, fallback_application_name: "livespan" };
    return connectionString === undefined ? own : { ...own, connectionString };
  }
}

function ignore(): void {}

/**
 * Our statements find few rows in a large table, of which the planner's figures are always old: in a queue they change faster
 * than they are counted. So it is told what we know.
 */
const planning = ["seqscan", "hashjoin", "mergejoin", "bitmapscan"].map((way) => `set enable_${way} = off`).join("; ");

async function settings(client: ClientBase, limit: number): Promise<void> {
  const ms = Math.round(limit);
  const limits = `set statement_timeout = ${ms}; set idle_in_transaction_session_timeout = ${ms}`;
  await client.query(`${limits}; ${planning}; set jit = off`);
}

/** Whether the connection can be used again, with nothing open on it. */
async function undone(client: PoolClient, failure: unknown, thrown: unknown): Promise<boolean> {
  if (failure !== undefined && !(failure === thrown && isSaidByServer(failure))) return false;
  try {
    await client.query("rollback");
    return true;
  } catch {
    // Of the two failures the first is told, and this connection is left.
    return false;
  }
}

/** Loaded when the first is opened: who keeps no runs in PostgreSQL needs no package for it. */
async function packageOf(): Promise<Pick<typeof import("pg"), "Client" | "Pool">> {
  try {
    return (await import("pg")).default;
  } catch (cause) {
    throw workError("ENGINE_MISSING", "the package pg could not be loaded.", { cause });
  }
}
