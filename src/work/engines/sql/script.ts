import type { CallName, Calls, News } from "../queue/ledger.ts";

/** One SQL statement. Its parameters are `$1`, `$2`, …: texts, numbers and null. Lists are given as JSON texts. */
export interface Statement {
  readonly text: string;
  readonly values: readonly Value[];
}

export type Value = string | number | null;
export type Row = Readonly<Record<string, Value>>;

/**
 * A call, written once for all databases: it yields statements, and is given their rows. A member runs all that one script
 * yields in one transaction, and begins again from the start when that must be repeated.
 */
export type Script<R> = Generator<Statement, R, readonly Row[]>;

/** What differs between SQLite and PostgreSQL. */
export interface Dialect {
  readonly name: "sqlite" | "postgres";
  /** The rows of a JSON list of objects in parameter `n`, as a table: `rows(1, { id: "text", fence: "int" })`. */
  rows(n: number, columns: Readonly<Record<string, "text" | "int" | "real">>): string;
  /** The elements of a JSON list of texts in parameter `n`, as a table with one column `value`. */
  texts(n: number): string;
  /** Put behind a select whose rows are to be changed by this transaction alone; others wait. */
  readonly forUpdate: string;
  /** The same, but leaves out rows that others have. */
  readonly skipLocked: string;
  /** Statement that makes other transactions with the same key wait; undefined where there is one writer at a time. */
  lock(key: string): Statement | undefined;
}

/** What a script gives: the call's result, and what others are to hear of it. */
export interface Done<R> {
  readonly result: R;
  readonly news: News;
}

/** Every call as a script. */
export type Scripts = {
  readonly [K in CallName]: (dialect: Dialect, argument: Calls[K]["takes"]) => Script<Done<Calls[K]["gives"]>>;
};
