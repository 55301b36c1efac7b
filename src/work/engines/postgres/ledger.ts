import { randomUUID } from "node:crypto";
import type { CallName, Calls, Ledger, LedgerWorld } from "../queue/ledger.ts";
import type { Transaction } from "../../engine.ts";
import { Database } from "./database.ts";
import type { Done, Row, Script } from "../sql/script.ts";
import { hotScript } from "./hot.ts";
import { isEmpty, newsIn, payloadsOf } from "./news.ts";
import { keepable } from "./statements.ts";
import { Listener } from "./listener.ts";
import { migrate } from "./migrate.ts";
import type { PostgresOptions } from "./options.ts";
import { looks, scripts } from "../sql/scripts.ts";
import { workError } from "../../errors.ts";

/** Calls that one statement is enough for, or of which a part may be kept without the rest: they need no transaction. */
const alone: ReadonlySet<string> = new Set([
  ...looks,
  "beat",
  "register",
  "remember",
  "removeCron",
  "results",
] as const);

/**
 * A ledger in PostgreSQL. A call is one transaction, and what others are to hear is said in it: they hear of what was kept and of
 * nothing else. What this process has changed it hears by itself, at once.
 */
export class PostgresLedger implements Ledger {
  readonly name = "postgres";
  readonly where: string;
  readonly isShared = true;
  private readonly database: Database;
  readonly channel: string;
  /** Of this process's notifications. */
  readonly sender = randomUUID();
  private listener: Listener | undefined;
  private world: LedgerWorld | undefined;
  /** What the server's time is ahead of this process's clock, in milliseconds. */
  private ahead = 0;

  constructor(options: PostgresOptions) {
    this.database = new Database(options);
    this.where = `postgres (${this.database.place})`;
    this.channel = `livespan:${this.database.schema}`;
  }

  async open(world: LedgerWorld): Promise<void> {
    const { database } = this;
    await database.open(world);
    this.world = world;
    try {
      await migrate(database);
      await this.tellTime(world);
      this.listener = new Listener(database, this.channel, world, {
        heard: (payload) => this.heard(payload),
        missed: () => world.heard(undefined),
        time: (server, at) => void (this.ahead = server - at),
      });
      await this.listener.open();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.world = undefined;
    this.listener?.close();
    this.listener = undefined;
    await this.database.close();
  }

  now(): number {
    // What is kept of it are whole milliseconds, as everywhere.
    return Math.round(this.opened("now").clock.now() + this.ahead);
  }

  async call<K extends CallName>(
    name: K,
    argument: Calls[K]["takes"],
    transaction?: Transaction,
  ): Promise<Calls[K]["gives"]> {
    const world = this.opened(name);
    if (transaction !== undefined) return this.within(transaction, scripts[name](argument));
    const { result, news } = await this.database.use(name, (session) => {
      const hot = hotScript(name, argument, this);
      if (hot !== undefined) return session.drive(hot);
      const script = scripts[name](argument);
      return alone.has(name) ? session.drive(script) : session.transaction(() => session.drive(this.telling(script)));
    });
    if (this.world === world && !isEmpty(news)) world.heard(news);
    return result;
  }

  /** Says in the same transaction what there is to hear. */
  private *telling<R>(script: Script<Done<R>>, by: string | undefined = this.sender): Script<Done<R>> {
    const done = yield* script;
    const payloads = isEmpty(done.news) ? [] : payloadsOf(done.news, by);
    if (payloads.length > 0) yield { text: notify, values: [this.channel, JSON.stringify(payloads)] };
    return done;
  }

  /**
   * In a transaction of the user's: what comes of it is theirs, errors included. This process hears of it as all do, by the
   * notification, since that comes when it is committed, or never.
   */
  private async within<R>(transaction: Transaction, script: Script<Done<R>>): Promise<R> {
    const telling = this.telling(script, undefined);
    let step = telling.next();
    while (step.done !== true) {
      const { text, lists } = this.database.statements.of(step.value.text);
      const { rows } = await transaction.query(text, keepable(step.value.values, lists));
      // Its columns are texts, numbers and null, whoever's client reads them.
      step = telling.next(rows as readonly Row[]);
    }
    return step.value.result;
  }

  private heard(payload: string): void {
    const { by, news } = newsIn(payload);
    if (by !== this.sender) this.world?.heard(news);
  }

  private async tellTime({ clock }: LedgerWorld): Promise<void> {
    await this.database.use("ask for the time", async (session) => {
      const began = clock.now();
      const [row] = await session.ask("select extract(epoch from clock_timestamp())::float8 * 1000 as now");
      this.ahead = Number(row?.now) - (began + clock.now()) / 2;
    });
  }

  private opened(what: string): LedgerWorld {
    if (this.world === undefined) throw workError("ENGINE_CLOSED", `${what}: ${this.where} is not open.`);
    return this.world;
  }
}

const notify = "select pg_notify($1, value) from (texts($2)) as told";
