import type { ClientBase, QueryConfig } from "pg";
import type { Row, Script, Statement } from "../sql/script.ts";
import { keepable, type Statements } from "./statements.ts";

/** What a session asks its connection with. */
export interface SessionOptions {
  readonly statements: Statements;
  /** Milliseconds that an answer may take. */
  readonly limit: number;
  readonly prepare: boolean;
}

/** One connection, in one call's hand. */
export class Session {
  /** What the connection failed with, to tell it from what a script throws by itself. */
  failure: { readonly error: unknown } | undefined;
  private readonly client: ClientBase;
  private readonly options: SessionOptions;

  constructor(client: ClientBase, options: SessionOptions) {
    this.client = client;
    this.options = options;
  }

  /** Runs a script to its end. */
  async drive<R>(script: Script<R>): Promise<R> {
    let step = script.next();
    while (step.done !== true) step = script.next(await this.run(step.value));
    return step.value;
  }

  /** All of it is kept, or nothing. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.ask("begin");
    const value = await work();
    await this.ask("commit");
    return value;
  }

  /** Runs one statement as it is. */
  async ask(text: string): Promise<readonly Row[]> {
    return this.send({ text });
  }

  private async run({ text, values }: Statement): Promise<readonly Row[]> {
    const { statements, prepare } = this.options;
    const prepared = statements.of(text);
    const asked = { text: prepared.text, values: keepable(values, prepared.lists) };
    return this.send(prepare ? { ...asked, name: prepared.name } : asked);
  }

  private async send(asked: QueryConfig): Promise<readonly Row[]> {
    // Its types do not know of a limit for one query.
    const query = { ...asked, query_timeout: this.options.limit };
    try {
      return (await this.client.query<Row>(query)).rows;
    } catch (error) {
      this.failure ??= { error };
      throw error;
    }
  }
}
