import type { CallName, Calls, News } from "../queue/ledger.ts";

/**
 * One SQL statement, written once for SQLite and PostgreSQL; a dialect translates it.
 *
 *     $1 … $n                                   parameters: texts, numbers and null; lists and records as JSON texts
 *     {runs}                                    a table of ours
 *     rows($1 as r; id text, due real)          the records of a JSON list, as a table r
 *     texts($1)                                 the texts of a JSON list, as a select of one column, `value`
 *     {for update}, {skip locked}               behind a select whose rows are to be changed
 *     {for key share}                           behind a select whose rows are to stay until this is kept
 *     {moment}                                  the type of a time: milliseconds since the Unix epoch
 */
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

/** What a script gives: the call's result, and what others are to hear of it. */
export interface Done<R> {
  readonly result: R;
  readonly news: News;
}

/** Every call as a script. */
export type Scripts = {
  readonly [K in CallName]: (argument: Calls[K]["takes"]) => Script<Done<Calls[K]["gives"]>>;
};

/** Yields one statement. `R` is what its columns are: the reader of a statement knows them, the compiler cannot. */
export function* query<R = Row>(text: string, ...values: readonly Value[]): Script<readonly R[]> {
  return (yield { text, values }) as unknown as readonly R[];
}

/** Makes other transactions with the same key wait. */
export function* lock(key: string): Script<void> {
  yield { text: "{lock}", values: [key] };
}

/** What a script has to tell, gathered as it goes. */
export class Told {
  readonly queued = new Set<string>();
  readonly settled = new Set<string>();
  readonly cancelled = new Set<string>();
  readonly said = new Set<string>();
  private soonest = Infinity;

  due(at: number | null | undefined): void {
    if (typeof at === "number" && at < this.soonest) this.soonest = at;
  }

  news(): News {
    return {
      ...(this.queued.size > 0 && { queued: [...this.queued] }),
      ...(this.settled.size > 0 && { settled: [...this.settled] }),
      ...(this.cancelled.size > 0 && { cancelled: [...this.cancelled] }),
      ...(this.said.size > 0 && { said: [...this.said] }),
      ...(this.soonest < Infinity && { due: this.soonest }),
    };
  }
}

const nothing: News = {};

export function quietly<R>(result: R): Done<R> {
  return { result, news: nothing };
}
