import { pathOf, type Key, type Op } from "../wire/ops.ts";
import { Rows } from "./rows.ts";
import { sizeOf } from "./weight.ts";

/**
 * The changes from one snapshot to the next, by identity: what is the same object is the same. Both are sealed and share
 * what did not change, so the cost follows what was touched. Rows of a list are matched by reference, then by `id` or
 * `key`, then by their place. What the changes inside a value are longer than is set as a whole.
 */
export function diff(before: object, after: object): Op[] {
  const diffing = new Diffing();
  diffing.fields(before as Fields, after as Fields);
  return diffing.ops;
}

type Fields = Readonly<Record<string, unknown>>;

/** One walk through two snapshots. Each method gives the size of the ops that it has added. */
class Diffing {
  readonly ops: Op[] = [];
  private readonly path: Key[] = [];

  fields(before: Fields, after: Fields): number {
    let size = 0;
    for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) size += this.gone(key);
    for (const key of Object.keys(after)) {
      const value = after[key];
      if (Object.hasOwn(before, key)) size += Object.is(before[key], value) ? 0 : this.at(key, before[key], value);
      else size += this.at(key, absent, value);
    }
    return size;
  }

  private gone(key: string): number {
    this.path.push(key);
    const size = this.add(["-", this.here()], 0);
    this.path.pop();
    return size;
  }

  private at(key: Key, before: unknown, after: unknown): number {
    this.path.push(key);
    const size = this.value(before, after);
    this.path.pop();
    return size;
  }

  /** Of two values that are not the same. */
  private value(before: unknown, after: unknown): number {
    if (typeof after === "string") return this.text(before, after);
    if (typeof after !== "object" || after === null) return this.set(after);
    const isList = Array.isArray(after);
    if (isList ? !Array.isArray(before) : !(isPlain(before) && isPlain(after))) return this.set(after);
    const start = this.ops.length;
    const size = isList
      ? this.list(before as readonly unknown[], after)
      : this.fields(before as Fields, after as Fields);
    if (size <= this.pathSize() + sizeOf(after)) return size;
    this.ops.length = start;
    return this.set(after);
  }

  private text(before: unknown, after: string): number {
    if (typeof before !== "string" || before === "" || !after.startsWith(before)) return this.set(after);
    const more = after.slice(before.length);
    return this.add(["+", this.here(), more], more.length + 2);
  }

  private list(before: readonly unknown[], after: readonly unknown[]): number {
    const rows = new Rows([...before], [...after]).match();
    let size = rows.isInPlace ? 0 : this.order(rows);
    // From here on the list has its new order.
    for (let i = rows.head; i < rows.endAfter; i++) {
      const place = rows.placeOf(i);
      if (place >= 0 && !Object.is(before[place], rows.after[i])) size += this.at(i, before[place], rows.after[i]);
    }
    return size;
  }

  private order(rows: Rows): number {
    const pieces = rows.pieces();
    const [first, second] = pieces;
    const isPush = pieces.length === 2 && first?.[0] === 0 && first[1] === rows.before.length && second?.length === 1;
    if (isPush) return this.add(["+", this.here(), second[0]], sizeOf(second[0]));
    return this.add(["~", this.here(), pieces], sizeOf(pieces));
  }

  private set(value: unknown): number {
    return this.add(["=", this.here(), value], sizeOf(value));
  }

  private add(op: Op, size: number): number {
    this.ops.push(op);
    return size + this.pathSize();
  }

  private here() {
    return pathOf(this.path.slice());
  }

  /** Of an op with its tag and its path. */
  private pathSize(): number {
    let size = 8;
    for (const key of this.path) size += typeof key === "number" ? 4 : key.length + 3;
    return size;
  }
}

/** What is not there is like nothing that is. */
const absent = Symbol("absent");

function isPlain(value: unknown): value is Fields {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
