import { createHash } from "node:crypto";
import { Dialect } from "../sql/dialect.ts";
import type { Value } from "../sql/script.ts";

/** A statement as it is sent. */
export interface Prepared {
  readonly text: string;
  /** For all who share a connection: what stands behind it is always the same text. */
  readonly name: string;
  /** Which parameters are lists, from 0. */
  readonly lists: ReadonlySet<number>;
}

/** The statements of the scripts for one schema. Those that are made once are kept: there are a few dozen. */
export class Statements {
  private readonly dialect: Dialect;
  private readonly known = new Map<string, Prepared>();

  constructor(schema: string) {
    // By their full names: a client of the user's has a search path of its own.
    this.dialect = new Dialect("postgres", `${schema}.`);
  }

  of(text: string): Prepared {
    let prepared = this.known.get(text);
    if (prepared === undefined) this.known.set(text, (prepared = this.prepare(text)));
    return prepared;
  }

  private prepare(text: string): Prepared {
    const lists = [...text.matchAll(/(?:rows|texts)\(\$(\d+)/g)].map(([, n]) => Number(n) - 1);
    const translated = this.dialect.translate(text);
    const name = `livespan_${createHash("sha1").update(translated).digest("base64url")}`;
    return { text: translated, name, lists: new Set(lists) };
  }
}

/** PostgreSQL keeps no NUL, and half a surrogate pair in no JSON: the sign for what cannot be shown stands in their place. */
export function keepable(values: readonly Value[], lists: ReadonlySet<number>): Value[] {
  return values.map((value, i) => {
    if (typeof value !== "string") return value;
    if (!lists.has(i)) return value.includes("\0") ? value.replaceAll("\0", "\ufffd") : value;
    return value.includes("\\u") ? value.replace(oddEscape, "$1\\ufffd") : value;
  });
}

/** In JSON as it is made by `JSON.stringify`, which escapes no other surrogates than half ones. */
const oddEscape = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g;
