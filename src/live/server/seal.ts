import { types } from "node:util";
import { current, isDraft } from "mutative";
import { ImmutableStateError, liveError } from "../errors.ts";
import { Rows } from "./rows.ts";
import { refuseCollectionWrites, refuseDateWrites } from "./refuse.ts";
import { keyName, unwrap } from "./view.ts";
import { freezeWith, oneRich, primitiveWeight, sealedWeight, weightOf } from "./weight.ts";

/** Deeper ones would overflow the stack of some walk, here or in a browser. */
const deepest = 500;
/** Of what a client sends: the same part in many places is short on the wire, and anything but short to walk through. */
const widest = 2 ** 20;

/**
 * Freezes a value with all that is in it, and refuses, by its path, what a state cannot hold. What is sealed already is
 * not walked again. `before` is what stood in its place: parts that are like it are it, so that what did not change is the
 * same. Gives the value itself otherwise, or a copy of what was frozen by somebody else, of views, drafts and dates.
 *
 * @throws LivespanError STATE_VALUE
 */
export function seal<T>(value: T, path = "", before?: unknown): T {
  // A walk keeps kinds: what it gives has the type of what it was given.
  return new Sealing(path, "freeze").take(value, before) as T;
}

/** As `seal`, of a copy: what is not sealed yet stays as it is, and writable. */
export function sealedCopy<T>(value: T, path = "", before?: unknown): T {
  return new Sealing(path, "copy").take(value, before) as T;
}

/** Refuses as `seal` does, and what is too large, and changes nothing. */
export function assertHolds(value: unknown, path: string): void {
  new Sealing(path, "look").take(value, undefined);
}

type Fields = Record<string, unknown>;

/** One walk through a value. */
class Sealing {
  private readonly path: string;
  private readonly mode: "freeze" | "copy" | "look";
  private readonly keys: (string | number)[] = [];
  private readonly above: object[] = [];
  /** Of what was taken so far. */
  private weight = 0;

  constructor(path: string, mode: Sealing["mode"]) {
    this.path = path;
    this.mode = mode;
  }

  /** The sealed form of a value, whose weight is added. */
  take(value: unknown, before: unknown): unknown {
    if (typeof value !== "object" || value === null) {
      if (typeof value === "function" || typeof value === "symbol") throw this.refused(`a ${typeof value}`);
      this.weight += primitiveWeight(value);
      return value;
    }
    const known = sealedWeight(value);
    if (known === undefined)
      return types.isProxy(value) ? this.take(this.behind(value), before) : this.holder(value, before);
    this.weight += known;
    return value;
  }

  /** What a proxy stands for: views and open drafts are ours. */
  private behind(proxy: object): unknown {
    const target = unwrap(proxy);
    if (target !== proxy) return target;
    let now: unknown;
    try {
      now = isDraft(proxy) ? current(proxy) : undefined;
    } catch (error) {
      const isOver = error instanceof ImmutableStateError;
      if (isOver) throw this.refused("a draft whose block has ended", "Take what you need of it while its block runs.");
    }
    if (now === undefined) throw this.refused("a proxy", "Keep what it stands for.");
    // A copy, as it is by now: a draft of another block goes on without this one.
    return sealedCopy(now, this.where());
  }

  private holder(value: object, before: unknown): unknown {
    if (this.above.includes(value)) throw this.refused("inside itself");
    if (this.above.length === deepest) throw this.refused(`more than ${deepest} levels deep`);
    const start = this.weight;
    this.above.push(value);
    this.weight += 2;
    const kept = this.contents(value, before);
    this.above.pop();
    if (this.mode === "look") {
      if (this.weight % oneRich > widest) throw this.refused(`larger than ${widest} characters when it is written out`);
    } else if (kept === before) this.weight = start + weightOf(before);
    else freezeWith(kept, this.weight - start);
    return kept;
  }

  /** The sealed form; what stood there before, when that is like it. */
  private contents(value: object, before: unknown): object {
    const prototype: unknown = Object.getPrototypeOf(value);
    const old = sealedOf(before, prototype ?? Object.prototype);
    if (prototype === Object.prototype || prototype === null) return this.fields(value as Fields, old as Fields);
    if (Array.isArray(value) && prototype === Array.prototype) return this.list(value, old as readonly unknown[]);
    if (types.isMap(value) && prototype === Map.prototype) return this.map(value, old as typeof value | undefined);
    if (types.isSet(value) && prototype === Set.prototype) return this.set(value, old as typeof value | undefined);
    if (types.isDate(value) && prototype === Date.prototype) return this.date(value, old as Date | undefined);
    if (types.isPromise(value)) throw this.refused("a promise", "Await it first.");
    const isBuffer = ArrayBuffer.isView(value);
    if (isBuffer) throw this.refused("a typed array, which cannot be frozen", "Keep a list of numbers.");
    throw this.refused(`of the class ${classOf(value)}`);
  }

  /** One without a prototype becomes a plain one: drafts and the other end know no others. */
  private fields(value: Fields, old: Fields | undefined): object {
    const isPlain = this.mode === "look" || Object.getPrototypeOf(value) !== null;
    const made = this.isKept(value) && isPlain ? value : {};
    if (Object.getOwnPropertySymbols(value).length > 0) throw this.refused("an object with symbols for keys");
    const keys = Object.keys(value);
    let isOld = old !== undefined && Object.keys(old).length === keys.length;
    for (const key of keys) {
      this.keys.push(key);
      this.assertField(value, key);
      const inner = value[key];
      const kept = this.take(inner, old?.[key]);
      if (made !== value || (typeof inner === "object" && kept !== inner)) made[key] = kept;
      isOld &&= Object.is(old![key], kept) && (kept !== undefined || Object.hasOwn(old!, key));
      this.keys.pop();
      this.weight += key.length + 4;
    }
    return isOld ? old! : made;
  }

  private assertField(value: Fields, key: string): void {
    if (key === "__proto__") throw this.refused("a way to a prototype", "Name it otherwise.");
    if ("value" in Reflect.getOwnPropertyDescriptor(value, key)!) return;
    throw this.refused("an accessor", "Keep what it gives.");
  }

  private list(value: readonly unknown[], old: readonly unknown[] | undefined): object {
    // A draft keeps a list free of fields; a match of a regular expression has some.
    if (old === undefined && Object.keys(value).length > value.length) throw this.refused("a list with fields");
    this.assertFull(value);
    const made = this.isKept(value) ? (value as unknown[]) : [...value];
    if (old !== undefined) return this.changedList(made, old);
    for (let i = 0; i < made.length; i++) this.item(made, i, undefined);
    return made;
  }

  private assertFull(list: readonly unknown[]): void {
    // Holes are found as undefined; most lists have none, and looking for it costs little.
    if (!list.includes(undefined)) return;
    const hole = list.findIndex((item, index) => item === undefined && !(index in list));
    if (hole < 0) return;
    this.keys.push(hole);
    throw this.refused("a hole in a list", "Fill it, with null for nothing.");
  }

  /** What stayed is neither looked at nor weighed. */
  private changedList(made: unknown[], old: readonly unknown[]): object {
    // What is frozen is read ten times as slowly as a copy of it.
    const before = [...old];
    const rows = new Rows(before, made);
    this.weight += weightOf(old) - 2;
    for (let i = rows.head; i < rows.endBefore; i++) if (rows.isFree(i)) this.weight -= 1 + weightOf(before[i]);
    let isOld = before.length === made.length;
    for (let i = rows.head; i < rows.endAfter; i++) {
      if (rows.placeOf(i) < 0) this.item(made, i, before[i]);
      isOld &&= Object.is(made[i], before[i]);
    }
    return isOld ? old : made;
  }

  private item(list: unknown[], index: number, before: unknown): void {
    this.keys.push(index);
    const inner = list[index];
    const kept = this.take(inner, before);
    if (typeof inner === "object" && kept !== inner) list[index] = kept;
    this.keys.pop();
    this.weight += 1;
  }

  private map(value: Map<unknown, unknown>, old: Map<unknown, unknown> | undefined): object {
    this.weight += oneRich;
    let isSame = this.isKeptCollection(value);
    let isOld = old?.size === value.size;
    const oldKeys = old?.keys();
    const entries: [unknown, unknown][] = [];
    for (const [key, inner] of value) {
      this.keys.push(keyName(key));
      const oldKey = oldKeys?.next().value;
      const entry: [unknown, unknown] = [this.take(key, oldKey), this.take(inner, old?.get(key))];
      this.keys.pop();
      this.weight += 2;
      isSame &&= Object.is(entry[0], key) && Object.is(entry[1], inner);
      isOld &&= Object.is(entry[0], oldKey) && Object.is(entry[1], old!.get(oldKey));
      entries.push(entry);
    }
    return isOld ? old! : this.collection(isSame ? value : new Map(entries));
  }

  private set(value: Set<unknown>, old: Set<unknown> | undefined): object {
    this.weight += oneRich;
    let isSame = this.isKeptCollection(value);
    let isOld = old?.size === value.size;
    const oldItems = old?.values();
    const items: unknown[] = [];
    for (const inner of value) {
      this.keys.push(items.length);
      const oldItem = oldItems?.next().value;
      const kept = this.take(inner, oldItem);
      this.keys.pop();
      this.weight += 1;
      isSame &&= Object.is(kept, inner);
      isOld &&= Object.is(kept, oldItem);
      items.push(kept);
    }
    return isOld ? old! : this.collection(isSame ? value : new Set(items));
  }

  private collection(value: Map<unknown, unknown> | Set<unknown>): object {
    return this.mode === "look" ? value : refuseCollectionWrites(value);
  }

  private isKeptCollection(value: object): boolean {
    if (Reflect.ownKeys(value).length > 0) throw this.refused("a map or set with fields");
    return this.isKept(value);
  }

  /** Whoever made the date may go on to set it. */
  private date(value: Date, old: Date | undefined): Date {
    if (Reflect.ownKeys(value).length > 0) throw this.refused("a date with fields");
    this.weight += oneRich + 30;
    if (this.mode === "look") return value;
    return Object.is(old?.getTime(), value.getTime()) ? old! : refuseDateWrites(new Date(value.getTime()));
  }

  /** What somebody else has frozen takes neither what is put in its place nor a weight. */
  private isKept(value: object): boolean {
    return this.mode === "look" || (this.mode === "freeze" && Object.isExtensible(value));
  }

  private where(): string {
    return this.keys.reduce<string>(
      (path, key) => path + (typeof key === "number" ? `[${key}]` : path === "" ? key : `.${key}`),
      this.path,
    );
  }

  private refused(what: string, remedy?: string): Error {
    const where = this.where();
    const subject = where === "" ? "the state" : `"${where}"`;
    const detail = remedy === undefined ? {} : { remedy };
    return liveError("STATE_VALUE", `${subject} is ${what}, which a state cannot hold.`, detail);
  }
}

/** What stood there before, when it is sealed and of the same kind. */
function sealedOf(before: unknown, prototype: unknown): object | undefined {
  if (typeof before !== "object" || before === null || Object.getPrototypeOf(before) !== prototype) return undefined;
  return sealedWeight(before) === undefined ? undefined : before;
}

function classOf(value: object): string {
  const { constructor }: { readonly constructor?: unknown } = value;
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "without a name";
}
