import type { Answer, PostedCall, ThreadOptions } from "./message.ts";
import type { Done, Script } from "../sql/script.ts";
import type { News } from "../queue/ledger.ts";
import { busy, failureOf, sqliteCode } from "./failure.ts";
import { DatabaseSync } from "node:sqlite";
import { dirname } from "node:path";
import { drive } from "../sql/drive.ts";
import { looks, scripts } from "../sql/scripts.ts";
import { makeFolder, shown } from "./folder.ts";
import { migrate } from "../sql/migrations.ts";
import { performance } from "node:perf_hooks";
import { SqliteConnection } from "../sql/sqlite.ts";

/** Milliseconds that SQLite itself waits for a lock: between its waits, the thread can be ended. */
const patience = 250;

/** The file, as the thread sees it. */
export class Store {
  private readonly options: ThreadOptions;
  private readonly database: DatabaseSync;
  private readonly connection: SqliteConnection;
  private version: unknown;

  /** Opens the file, makes it where there is none, and brings its schema up to date. Throws what SQLite and the system throw. */
  constructor(options: ThreadOptions) {
    this.options = options;
    makeFolder(dirname(options.file), options.isOwnFolder);
    this.database = new DatabaseSync(options.file, { timeout: patience });
    this.connection = new SqliteConnection(this.database);
    try {
      this.prepare();
    } catch (error) {
      this.close();
      throw error;
    }
    this.version = this.readVersion();
  }

  /**
   * Calls that came together are one transaction, since to commit costs more than most calls. Each has a savepoint, so that
   * one that fails takes none with it; and where the whole fails, each is made again by itself.
   */
  perform(calls: readonly PostedCall[]): { readonly answers: Answer[]; readonly news: News[] } {
    const news: News[] = [];
    try {
      return { answers: this.together(calls, news), news };
    } catch (error) {
      if (calls.length === 1 || sqliteCode(error) === busy) {
        const failure = failureOf(error, shown(this.options.file));
        return { answers: calls.map(({ id }) => ({ id, failure })), news: [] };
      }
      const alone = calls.map((call) => this.perform([call]));
      return { answers: alone.flatMap(({ answers }) => answers), news: alone.flatMap((one) => one.news) };
    }
  }

  /** Another process has written since this was last asked. A file that cannot be read is for the calls to say. */
  hasChanged(): boolean {
    const before = this.version;
    try {
      this.version = this.readVersion();
    } catch {
      return false;
    }
    return before !== this.version;
  }

  close(): void {
    this.database.close();
  }

  private prepare(): void {
    const { synchronous } = this.options;
    // Several processes may be at this at once, and SQLite does not always wait by itself when the mode is changed.
    this.waiting(() => this.connection.run("pragma journal_mode = wal", []));
    this.connection.run(`pragma synchronous = ${synchronous}`, []);
    this.connection.run("pragma temp_store = memory", []);
    this.connection.run("pragma journal_size_limit = 67108864", []);
    this.migrate();
  }

  /** One that is up to date waits for nobody who writes. Of several processes that start at once, one brings it up to date. */
  private migrate(): void {
    const script = () => drive(migrate(shown(this.options.file)), this.connection);
    try {
      this.transaction("deferred", script);
    } catch (error) {
      if (sqliteCode(error) !== busy) throw error;
      this.waiting(() => this.transaction("immediate", script));
    }
  }

  private together(calls: readonly PostedCall[], news: News[]): Answer[] {
    const kind = calls.every(({ name }) => looks.has(name)) ? "deferred" : "immediate";
    return this.waiting(() => {
      news.length = 0;
      return this.transaction(kind, () => {
        if (calls.length === 1) return [this.one(calls[0]!, news)];
        return calls.map((call) => this.saved(call, news));
      });
    });
  }

  private saved(call: PostedCall, news: News[]): Answer {
    this.connection.run("savepoint call", []);
    try {
      const answer = this.one(call, news);
      this.connection.run("release call", []);
      return answer;
    } catch (error) {
      if (!this.database.isTransaction) throw error;
      this.connection.run("rollback to call", []);
      this.connection.run("release call", []);
      return { id: call.id, failure: failureOf(error, shown(this.options.file)) };
    }
  }

  private one({ id, name, argument }: PostedCall, news: News[]): Answer {
    // The argument belongs to the name, as `Calls` has it; by now both are data.
    const script = scripts[name] as (argument: unknown) => Script<Done<unknown>>;
    const done = drive(script(argument), this.connection);
    if (Object.keys(done.news).length > 0) news.push(done.news);
    return { id, result: done.result };
  }

  /** Again while another process has the lock, for as long as a call may wait. */
  private waiting<R>(fn: () => R): R {
    const until = performance.now() + this.options.busyTimeout;
    for (;;) {
      try {
        return fn();
      } catch (error) {
        if (sqliteCode(error) !== busy || performance.now() >= until) throw error;
      }
    }
  }

  /** Runs a function as one transaction; nothing is kept of one that throws. */
  private transaction<R>(kind: "deferred" | "immediate", fn: () => R): R {
    this.connection.run(`begin ${kind}`, []);
    try {
      const result = fn();
      this.connection.run("commit", []);
      return result;
    } catch (error) {
      // SQLite has rolled back by itself where the disk was full.
      if (this.database.isTransaction) this.connection.run("rollback", []);
      throw error;
    }
  }

  private readVersion(): unknown {
    return this.connection.run("pragma data_version", [])[0]?.["data_version"];
  }
}
