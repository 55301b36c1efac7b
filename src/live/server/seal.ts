import { types } from "node:util";
import { current, isDraft } from "mutative";
import { ImmutableStateError, liveError } from "../errors.ts";
import { Rows } from "./rows.ts";
import { refuseCollectionWrites, refuseDateWrites } from "./refuse.ts";
import { keyName, unwrap } from "./view.ts";
import { freezeWith, oneRich, primitiveWeight, sealedWeight, weightOf } from "./weight.ts";

/** Deeper ones would overflow the stack of some walk, here or in a browser. */
const deepest = 500;

/**
 * Freezes a value with all that is in it, and refuses, by its path, what a state cannot hold. What a snapshot shares with
 * the one before is sealed already and is not walked again; `before`, what stood in its place, spares weighing the items
 * of a list that stayed. Gives the value itself, or a copy of what was frozen by somebody else, of views, drafts and dates.
 *
 * @throws LivespanError STATE_VALUE
 */
export function seal<T>(value: T, path = "", before?: unknown): T {
  // A walk keeps kinds: what it gives has the type of what it was given.
  return new Sealing(path, "freeze").take(value, before) as T;
}

/** As `seal`, of a copy: what is not sealed yet stays as it is, and writable. */
export function sealedCopy<T>(value: T, path = ""): T {
  return new Sealing(path, "copy").take(value, undefined) as T;
}

/** Refuses as `seal` does, and changes nothing. */
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
    try {
      // As it is by now: a draft of another block goes on without this one.
      if (isDraft(proxy)) return sealedCopy(current(proxy), this.path);
    } catch (error) {
      if (!(error instanceof ImmutableStateError)) throw error;
      throw this.refused("a draft whose block has ended", "Take what you need of it while its block runs.");
    }
    throw this.refused("a proxy", "Keep what it stands for.");
  }

  private holder(value: object, before: unknown): unknown {
    if (this.above.includes(value)) throw this.refused("inside itself");
    if (this.above.length === deepest) throw this.refused(`more than ${deepest} levels deep`);
    const start = this.weight;
    this.above.push(value);
    this.weight += 2;
    const sealed = this.contents(value, before);
    this.above.pop();
    if (this.mode !== "look") freezeWith(sealed, this.weight - start);
    return sealed;
  }

  private contents(value: object, before: unknown): object {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return this.fields(value as Fields, before);
    if (prototype === Array.prototype && Array.isArray(value)) return this.list(value, before);
    if (prototype === Map.prototype && types.isMap(value)) return this.map(value, before);
    if (prototype === Set.prototype && types.isSet(value)) return this.set(value);
    if (prototype === Date.prototype && types.isDate(value)) return this.date(value);
    if (types.isPromise(value)) throw this.refused("a promise", "Await it first.");
    if (ArrayBuffer.isView(value))
      throw this.refused("a typed array, which cannot be frozen", "Keep a list of numbers.");
    throw this.refused(`of the class ${classOf(value)}`);
  }

  /** One without a prototype becomes a plain one: drafts and the other end know no others. */
  private fields(value: Fields, before: unknown): object {
    const old = typeof before === "object" && before !== null ? (before as Fields) : undefined;
    const isPlain = this.mode === "look" || Object.getPrototypeOf(value) !== null;
    const made = this.isKept(value) && isPlain ? value : {};
    if (Object.getOwnPropertySymbols(value).length > 0) throw this.refused("an object with symbols for keys");
    for (const key of Object.keys(value)) {
      this.keys.push(key);
      if (key === "__proto__") throw this.refused("a way to a prototype", "Name it otherwise.");
      if (!("value" in Reflect.getOwnPropertyDescriptor(value, key)!))
        throw this.refused("an accessor", "Keep its value.");
      const inner = value[key];
      const kept = this.take(inner, old?.[key]);
      if (made !== value || (typeof inner === "object" && kept !== inner)) made[key] = kept;
      this.keys.pop();
      this.weight += key.length + 4;
    }
    return made;
  }

  private list(value: readonly unknown[], before: unknown): object {
    const old = this.mode === "freeze" && Array.isArray(before) ? sealedWeight(before) : undefined;
    if (old === undefined && Object.keys(value).length > value.length) throw this.refused("a list with fields");
    const made = this.isKept(value) ? (value as unknown[]) : [...value];
    if (old !== undefined) return this.changedList(made, before as readonly unknown[], old);
    for (let i = 0; i < value.length; i++) this.item(made, i, undefined);
    return made;
  }

  /** What stayed is neither looked at nor weighed. */
  private changedList(made: unknown[], before: readonly unknown[], weight: number): object {
    // What is frozen is read ten times as slowly as a copy of it.
    const old = [...before];
    const rows = new Rows(old, made);
    this.weight += weight - 2;
    for (let i = rows.head; i < rows.endBefore; i++) if (rows.isFree(i)) this.weight -= 1 + weightOf(old[i]);
    for (let i = rows.head; i < rows.endAfter; i++) if (rows.placeOf(i) < 0) this.item(made, i, old[i]);
    return made;
  }

  private item(list: unknown[], index: number, before: unknown): void {
    this.keys.push(index);
    const inner = list[index];
    if (inner === undefined && !(index in list))
      throw this.refused("a hole in a list", "Fill it, with null for nothing.");
    const kept = this.take(inner, before);
    if (typeof inner === "object" && kept !== inner) list[index] = kept;
    this.keys.pop();
    this.weight += 1;
  }

  private map(value: Map<unknown, unknown>, before: unknown): object {
    const old = before instanceof Map ? before : undefined;
    this.weight += oneRich;
    let isSame = this.isKeptCollection(value);
    const entries: [unknown, unknown][] = [];
    for (const [key, inner] of value) {
      this.keys.push(keyName(key));
      const entry: [unknown, unknown] = [this.take(key, undefined), this.take(inner, old?.get(key))];
      this.keys.pop();
      this.weight += 2;
      isSame &&= Object.is(entry[0], key) && Object.is(entry[1], inner);
      entries.push(entry);
    }
    return this.collection(isSame ? value : new Map(entries));
  }

  private set(value: Set<unknown>): object {
    this.weight += oneRich;
    let isSame = this.isKeptCollection(value);
    const items: unknown[] = [];
    for (const inner of value) {
      this.keys.push(items.length);
      const kept = this.take(inner, undefined);
      this.keys.pop();
      this.weight += 1;
      isSame &&= Object.is(kept, inner);
      items.push(kept);
    }
    return this.collection(isSame ? value : new Set(items));
  }

  private collection(value: Map<unknown, unknown> | Set<unknown>): object {
    return this.mode === "look" ? value : refuseCollectionWrites(value);
  }

  private isKeptCollection(value: object): boolean {
    if (Reflect.ownKeys(value).length > 0) throw this.refused("a map or set with fields");
    return this.isKept(value);
  }

  /** Whoever made the date may go on to set it. */
  private date(value: Date): object {
    if (Reflect.ownKeys(value).length > 0) throw this.refused("a date with fields");
    this.weight += oneRich + 30;
    return this.mode === "look" ? value : refuseDateWrites(new Date(value.getTime()));
  }

  /** What somebody else has frozen takes neither what is put in its place nor a weight. */
  private isKept(value: object): boolean {
    return this.mode === "look" || (this.mode === "freeze" && Object.isExtensible(value));
  }

  private refused(what: string, remedy?: string): Error {
    const where = this.keys.reduce<string>(
      (path, key) => path + (typeof key === "number" ? `[${key}]` : path === "" ? key : `.${key}`),
      this.path,
    );
    const subject = where === "" ? "the state" : `"${where}"`;
    const detail = remedy === undefined ? {} : { remedy };
    return liveError("STATE_VALUE", `${subject} is ${what}, which a state cannot hold.`, detail);
  }
}

function classOf(value: object): string {
  const { constructor }: { readonly constructor?: unknown } = value;
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "without a name";
}
