import assert from "node:assert/strict";
import { parse } from "devalue";
import { diff } from "../../src/live/server/diff.ts";
import { begin, checkpoint, discard, finish } from "../../src/live/server/draft.ts";
import { encode } from "../../src/live/server/encode.ts";
import { sealedCopy } from "../../src/live/server/seal.ts";
import { weightOf } from "../../src/live/server/weight.ts";
import { applyOps } from "../../src/live/wire/apply.ts";
import type { Op } from "../../src/live/wire/ops.ts";
import { randomFrom } from "../kernel/random-graph.ts";

type Fields = Record<string, unknown>;

interface Row {
  id?: number;
  key?: string;
  name: string;
  cells: unknown[];
  [more: string]: unknown;
}

/** A state with something of everything. */
interface Document {
  count: number;
  text: string;
  flag: boolean | null;
  rows: Row[];
  plain: unknown[];
  nested: Fields;
  map: Map<unknown, unknown>;
  set: Set<unknown>;
  when: Date;
  any: unknown;
}

const words = [
  "",
  "a",
  "über",
  "日本",
  "👩‍👩‍👧",
  "\u0000",
  "\ud800",
  '"\\',
  "constructor",
  "length",
  "</script>",
  "\u2028",
  "-0",
];
const odd = [undefined, Number.NaN, Infinity, -Infinity, -0, 12n, new Date(1_700_000_000_000), new Date(Number.NaN)];

/** Random values and changes; the same for the same seed. */
export class Chance {
  readonly random: () => number;
  private ids = 0;

  constructor(seed: number) {
    this.random = randomFrom(seed);
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }

  value(depth = 3): unknown {
    const roll = this.random();
    if (roll < 0.25) return this.below(1_000) - 500;
    if (roll < 0.45) return this.one(words) + this.one(words);
    if (roll < 0.55) return this.one([true, false, null, 0.1, 1e21, 2 ** 53]);
    if (roll < 0.6) return this.one(odd);
    if (depth === 0) return 0;
    if (roll < 0.75) return this.list(depth);
    if (roll < 0.92) return this.fields(depth);
    if (roll < 0.96) return new Set(this.list(depth));
    return new Map(this.list(depth).map((inner) => [this.one([this.one(words), inner]), inner]));
  }

  list(depth = 3): unknown[] {
    return Array.from({ length: this.below(5) }, () => this.value(depth - 1));
  }

  fields(depth = 3): Fields {
    return Object.fromEntries(Array.from({ length: this.below(5) }, () => [this.one(words), this.value(depth - 1)]));
  }

  row(): Row {
    const name = this.random() < 0.5 ? { id: this.ids++ % 40 } : this.random() < 0.5 ? { key: this.one(words) } : {};
    return { ...name, name: this.one(words), cells: this.list(1) };
  }

  document(): Document {
    return {
      count: 0,
      text: "",
      flag: null,
      rows: Array.from({ length: this.below(30) }, () => this.row()),
      plain: this.list(),
      nested: this.fields(),
      map: new Map([["first", this.value(1)]]),
      set: new Set(this.list(1)),
      when: new Date(0),
      any: this.value(),
    };
  }

  change(s: Document): void {
    this.one(changes)(s, this);
  }
}

const changes: readonly ((s: Document, chance: Chance) => void)[] = [
  (s) => void s.count++,
  (s, chance) => void (s.text += chance.one(words)),
  (s, chance) => void (s.text = chance.one(words)),
  (s, chance) => void (s.flag = chance.one([true, false, null])),
  (s, chance) => void s.rows.push(chance.row()),
  (s, chance) => void s.rows.unshift(chance.row(), chance.row()),
  (s) => void s.rows.pop(),
  (s) => void s.rows.shift(),
  (s, chance) => void s.rows.splice(chance.below(s.rows.length + 1), chance.below(4), chance.row()),
  (s) => void s.rows.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
  (s) => void s.rows.reverse(),
  (s) => void (s.rows = s.rows.filter((row) => row.id === undefined || row.id % 7 !== 0)),
  (s) => void (s.rows = s.rows.map((row) => ({ ...row }))),
  (s, chance) => {
    const [row] = s.rows.splice(chance.below(s.rows.length), 1);
    if (row !== undefined) s.rows.splice(chance.below(s.rows.length + 1), 0, row);
  },
  (s, chance) => {
    if (s.rows.length < 2) return;
    const [a, b] = [chance.below(s.rows.length), chance.below(s.rows.length)];
    [s.rows[a], s.rows[b]] = [s.rows[b]!, s.rows[a]!];
  },
  (s, chance) => {
    const row = chance.one(s.rows);
    if (row !== undefined) row[chance.one(["name", "extra", ...words])] = chance.value(2);
  },
  (s, chance) => void chance.one(s.rows)?.cells.push(chance.value(1)),
  (s, chance) => {
    const row = chance.one(s.rows);
    if (row !== undefined) s.rows.push(row);
  },
  (s, chance) => void s.plain.push(chance.value(), chance.value()),
  (s, chance) => void (s.plain[chance.below(s.plain.length + 1)] = chance.value()),
  (s, chance) => void s.plain.splice(chance.below(s.plain.length + 1), 1),
  (s) => void (s.plain.length = Math.floor(s.plain.length / 2)),
  (s, chance) => void (s.nested[chance.one(words)] = chance.value()),
  (s, chance) => void delete s.nested[chance.one(words)],
  (s, chance) => void (s.nested["deep"] = { again: s.nested["deep"] === undefined ? {} : chance.value() }),
  (s) => void (s.nested = { ...s.nested }),
  (s, chance) => void s.map.set(chance.one(words), chance.value(2)),
  (s, chance) => void s.map.delete(chance.one([...s.map.keys()])),
  (s, chance) => {
    const inner = s.map.get(chance.one([...s.map.keys()]));
    if (Array.isArray(inner)) inner.push(chance.value(1));
    else if (inner instanceof Map) inner.set("in", chance.value(1));
  },
  (s) => void (s.map.size > 12 && s.map.clear()),
  (s, chance) => void s.set.add(chance.value(2)),
  (s, chance) => void s.set.delete(chance.one([...s.set])),
  (s) => {
    for (const item of s.set) if (Array.isArray(item)) item.push("in a set");
  },
  (s, chance) => void (s.when = new Date(chance.below(1e9))),
  (s, chance) => void (s.any = chance.value()),
  (s, chance) => void (s.any = chance.one(odd)),
  // What is in the draft is put into another place of it, by itself and inside of something new.
  (s, chance) => void (s.any = chance.one(s.rows) ?? null),
  (s, chance) => void (s.any = [chance.one(s.rows) ?? null, { when: s.when }]),
  (s) => {
    if (Object.prototype.toString.call(s.any) === "[object Object]") (s.any as Fields)["more"] = 1;
  },
];

/** Changes a random document again and again, and holds a replica against it that only gets the ops. Gives the bytes sent. */
export function commitRandomly(seed: number, commits: number): number {
  const chance = new Chance(seed);
  let source = sealedCopy(chance.document());
  let replica: unknown = received(source);
  let bytes = 0;
  for (let i = 0; i < commits; i++) {
    const next = committed(source, chance);
    const kept = structuredClone(replica);
    const { text, ops } = sent(diff(source, next));
    const after: unknown = applyOps(replica, ops);
    bytes += text.length;
    assert.deepEqual(after, next, `seed ${seed}, commit ${i}`);
    assert.deepEqual(replica, kept, "the replica before was not touched");
    assertFrozen(next, new Set());
    // What is not sealed is weighed by walking through all of it.
    assert.equal(weightOf(next), weightOf(structuredClone(next)), `seed ${seed}, commit ${i}: weight`);
    [source, replica] = [next, after];
  }
  assert.deepEqual(Reflect.ownKeys(Object.prototype).length, keysOfEveryObject, "no prototype was polluted");
  return bytes;
}

export const keysOfEveryObject = Reflect.ownKeys(Object.prototype).length;

function committed(source: Document, chance: Chance): Document {
  const draft = begin(source);
  const times = 1 + chance.below(4);
  for (let i = 0; i < times; i++) {
    chance.change(draft.state);
    if (chance.random() < 0.1) assertFrozen(checkpoint(draft), new Set());
  }
  if (chance.random() >= 0.05) return finish(draft);
  discard(draft);
  return source;
}

function received(value: unknown): unknown {
  const { text, rich } = encode(value);
  return rich ? parse(text) : JSON.parse(text);
}

function sent(ops: readonly Op[]): { text: string; ops: readonly Op[] } {
  const { text, rich } = encode(ops);
  return { text, ops: (rich ? parse(text) : JSON.parse(text)) as readonly Op[] };
}

export function assertFrozen(value: unknown, seen: Set<unknown>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  assert.ok(Object.isFrozen(value));
  if (value instanceof Map) assert.throws(() => value.set(1, 2), { code: "IMMUTABLE_STATE" });
  if (value instanceof Set) assert.throws(() => value.add(1), { code: "IMMUTABLE_STATE" });
  if (value instanceof Date) assert.throws(() => value.setTime(1), { code: "IMMUTABLE_STATE" });
  const inner =
    value instanceof Map
      ? [...value.keys(), ...value.values()]
      : value instanceof Set
        ? [...value]
        : Object.values(value);
  for (const each of inner) assertFrozen(each, seen);
}
