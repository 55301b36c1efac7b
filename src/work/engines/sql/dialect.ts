/** How the statements of the scripts are said to a database. Translations are kept: there are a few dozen. */
export class Dialect {
  readonly name: "sqlite" | "postgres";
  private readonly prefix: string;
  private readonly each: string;
  private readonly known = new Map<string, string>();

  /**
   * `prefix` stands before the name of each table: a schema and a dot, or nothing. `hasBinaryJson`: SQLite from 3.51 on takes
   * records apart in half the time.
   */
  constructor(name: "sqlite" | "postgres", prefix = "", hasBinaryJson = false) {
    this.name = name;
    this.prefix = prefix;
    this.each = hasBinaryJson ? "jsonb_each(jsonb($N))" : "json_each($N)";
  }

  /** The statement for this database; empty for what it needs no statement for. */
  translate(text: string): string {
    let translated = this.known.get(text);
    if (translated === undefined) {
      translated = this.name === "sqlite" ? this.sqlite(text) : this.postgres(text);
      this.known.set(text, translated);
    }
    return translated;
  }

  private sqlite(text: string): string {
    return text
      .replace(rows, (_, n: string, name: string, columns: string) => {
        const parts = columns.split(",").map((column) => column.trim().split(" ")[0]!);
        const selected = parts.map((column) => `value ->> '${column}' as ${column}`);
        return `(select ${selected.join(", ")} from ${this.each.replace("N", n)}) as ${name}`;
      })
      .replace(texts, (_, n: string) => `select value from json_each($${n})`)
      .replace(/\{for update\}|\{for key share\}|\{skip locked\}|\{lock\}/g, "")
      .replaceAll("{moment}", "real")
      .replaceAll("{sequence}", "integer primary key autoincrement")
      .replace(/\{(\w+)\}/g, `${this.prefix}$1`)
      .replace(/\$(\d+)/g, "?$1");
  }

  private postgres(text: string): string {
    return text
      .replace(rows, (_, n: string, name: string, columns: string) => {
        return `json_to_recordset($${n}::json) as ${name}(${columns.replaceAll("real", "double precision")})`;
      })
      .replace(texts, (_, n: string) => `select value from json_array_elements_text($${n}::json) as listed(value)`)
      .replaceAll("{for update}", "for update")
      .replaceAll("{for key share}", "for key share")
      .replaceAll("{skip locked}", "for update skip locked")
      .replaceAll("{lock}", "select pg_advisory_xact_lock(hashtextextended($1, 0))")
      .replaceAll("{moment}", "double precision")
      .replaceAll("{sequence}", "bigint generated always as identity primary key")
      .replace(/\{(\w+)\}/g, `${this.prefix}$1`);
  }
}

const rows = /rows\(\$(\d+) as (\w+); ([^)]+)\)/g;
const texts = /texts\(\$(\d+)\)/g;
