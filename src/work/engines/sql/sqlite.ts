import type { Connection } from "./drive.ts";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Row, Value } from "./script.ts";
import { Dialect } from "./dialect.ts";

interface Prepared {
  readonly statement: StatementSync;
  /** For each parameter, in the order in which they are written, the place of its value. */
  readonly order: readonly number[];
}

/** An open SQLite database, with its statements prepared once. */
export class SqliteConnection implements Connection {
  private readonly database: DatabaseSync;
  private readonly dialect: Dialect;
  private readonly prepared = new Map<string, Prepared | undefined>();

  constructor(database: DatabaseSync) {
    this.database = database;
    this.dialect = new Dialect("sqlite", "", hasBinaryJson(database));
  }

  run(text: string, values: readonly Value[]): readonly Row[] {
    const prepared = this.prepared.has(text) ? this.prepared.get(text) : this.prepare(text);
    if (prepared === undefined) return [];
    const { statement, order } = prepared;
    // A row has texts, numbers and null, since nothing else is kept.
    return statement.all(...order.map((place) => values[place]!)) as unknown as readonly Row[];
  }

  /** Each parameter becomes a plain `?`: Node 22 cannot give a value to a numbered one, and a name costs twice the time. */
  private prepare(text: string): Prepared | undefined {
    const order: number[] = [];
    const translated = this.dialect.translate(text).replace(/\?(\d+)/g, (_, n: string) => {
      order.push(Number(n) - 1);
      return "?";
    });
    const prepared = translated === "" ? undefined : { statement: this.database.prepare(translated), order };
    this.prepared.set(text, prepared);
    return prepared;
  }
}

function hasBinaryJson(database: DatabaseSync): boolean {
  const [major = 0, minor = 0] = String(database.prepare("select sqlite_version() as v").get()?.["v"])
    .split(".")
    .map(Number);
  return major > 3 || (major === 3 && minor >= 51);
}
