import type { Connection } from "./drive.ts";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Row, Value } from "./script.ts";
import { Dialect } from "./dialect.ts";

/** An open SQLite database, with its statements prepared once. */
export class SqliteConnection implements Connection {
  private readonly database: DatabaseSync;
  private readonly dialect = new Dialect("sqlite");
  private readonly prepared = new Map<string, StatementSync | undefined>();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  run(text: string, values: readonly Value[]): readonly Row[] {
    const statement = this.prepared.has(text) ? this.prepared.get(text) : this.prepare(text);
    if (statement === undefined) return [];
    return statement.all(...values) as unknown as readonly Row[];
  }

  private prepare(text: string): StatementSync | undefined {
    const translated = this.dialect.translate(text);
    const statement = translated === "" ? undefined : this.database.prepare(translated);
    this.prepared.set(text, statement);
    return statement;
  }
}
