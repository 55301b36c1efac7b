import { types } from "node:util";
import { current, isDraft } from "mutative";
import { ImmutableStateError, liveError } from "../errors.ts";
import { refuseCollectionWrites, refuseDateWrites } from "./refuse.ts";
import { sharedHead, sharedTail } from "./match.ts";
import { oneRich, primitiveWeight, sealedWeight, setWeight, weightOf } from "./weight.ts";
import { keyName, unwrap } from "./view.ts";

/** Deeper ones would overflow the stack of some walk, here or in a browser. */
const deepest = 500;

/**
 * Freezes a value with all that is in it, and refuses, by its path, what a state cannot hold. What a snapshot shares with
 * the one before is sealed already and is not walked again; `before`, what stood in its place, spares weighing the items
 * of a list that stayed. Returns the value itself, or a copy where it was a view or frozen by somebody else.
 *
 * @throws LivespanError STATE_VALUE
 */
export function seal<T>(value: T, path = "", before?: unknown): T {
  // A walk keeps kinds: what it gives back has the type of what it was given.
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
    if (typeof value !== "object" || value === null) return this.primitive(value);
    const known = sealedWeight(value);
    if (known !== undefined) {
      this.weight += known;
      return value;
    }
    if (types.isProxy(value)) return this.take(this.unwrapped(value), before);
    return this.container(value, before);
  }

  private primitive(value: unknown): unknown {
    if (typeof value === "function" || typeof value === "symbol") throw this.refused(`a ${typeof value}`);
    this.weight += primitiveWeight(value);
    return value;
  }

  private unwrapped(value: object): unknown {
    const target = unwrap(value);
    if (target !== value) return target;
    try {
      // As it is by now: a draft of another block goes on without this one.
      if (isDraft(value)) return sealedCopy(current(value), this.path);
    } catch (error) {
      if (!(error instanceof ImmutableStateError)) throw error;
      throw this.refused("a draft whose block has ended", "Take what you need of it while its block runs.");
    }
    throw this.refused("a proxy", "Keep what it stands for.");
  }

  private container(value: object, before: unknown): unknown {
    if (this.above.includes(value)) throw this.refused("inside itself");
    if (this.above.length === deepest) throw this.refused(`more than ${deepest} levels deep`);
    const start = this.weight;
    this.above.push(value);
    this.weight += 2;
    const sealed = this.contents(value, before);
    this.above.pop();
    if (this.mode !== "look") setWeight(Object.freeze(sealed), this.weight - start);
    return sealed;
  }

  private contents(value: object, before: unknown): object {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return this.fields(value, before);
    if (prototype === Array.prototype && Array.isArray(value)) return this.list(value, before);
    if (prototype === Map.prototype && types.isMap(value)) return this.map(value, before);
    if (prototype === Set.prototype && types.isSet(value)) return this.set(value);
    if (prototype === Date.prototype && types.isDate(value)) return this.date(value);
    if (types.isPromise(value)) throw this.refused("a promise", "Await it first.");
    if (ArrayBuffer.isView(value))
      throw this.refused("a typed array, which cannot be frozen", "Keep a list of numbers.");
    throw this.refused(`of the class ${classOf(value)}`);
  }

  private fields(value: object, before: unknown): object {
    const fields = value as Record<string, unknown>;
    const old = isObject(before) ? (before as Record<string, unknown>) : undefined;
    // One without a prototype becomes a plain one: it is plain at the other end as well.
    let made = this.mode === "copy" || (this.mode === "freeze" && Object.getPrototypeOf(value) === null) ? {} : fields;
    for (const key of Reflect.ownKeys(value)) {
      this.assertField(value, key);
      const name = key as string; // a symbol was refused
      const inner = fields[name];
      this.keys.push(name);
      const kept = this.take(inner, old?.[name]);
      this.keys.pop();
      this.weight += name.length + 4;
      if (made !== fields) made[name] = kept;
      else if (!Object.is(kept, inner)) made = this.placed(made, name, kept);
    }
    return made;
  }

  /** Puts a value in the place of what stood there, in a copy where somebody else has frozen the holder. */
  private placed<C extends object>(holder: C, key: string | number, value: unknown): C {
    const open = Object.isFrozen(holder) ? ((Array.isArray(holder) ? holder.slice() : { ...holder }) as C) : holder;
    (open as Record<string | number, unknown>)[key] = value;
    return open;
  }

  private assertField(holder: object, key: string | symbol): void {
    const field = Reflect.getOwnPropertyDescriptor(holder, key)!;
    if (typeof key === "symbol") throw this.refused("an object with symbols for keys");
    if (key === "__proto__") throw this.refused('an object with a key "__proto__"');
    if (field.enumerable === true && "value" in field) return;
    this.keys.push(key);
    throw this.refused("value" in field ? "a hidden field" : "an accessor", "Keep the value itself.");
  }

  private list(value: unknown[], before: unknown): unknown[] {
    const old =
      this.mode === "freeze" && Array.isArray(before) && sealedWeight(before) !== undefined ? before : nothing;
    // A copy by a draft has no fields beside its items; a match of a regular expression has some.
    if (old === nothing && Reflect.ownKeys(value).length > value.length + 1) throw this.refused("a list with fields");
    const head = sharedHead(old, value);
    const tail = sharedTail(old, value, head);
    const aligned = old.length === value.length;
    this.weight += weightOf(old) - 2;
    for (let i = head; i < old.length - tail; i++) {
      if (!aligned || !Object.is(old[i], value[i])) this.weight -= 1 + weightOf(old[i]);
    }
    let made = this.mode === "copy" ? value.slice() : value;
    for (let i = head; i < value.length - tail; i++) {
      if (aligned && Object.is(old[i], value[i]) && i in value) continue;
      const kept = this.item(value, i, old[i]);
      if (!Object.is(kept, made[i])) made = this.placed(made, i, kept);
    }
    return made;
  }

  private item(list: readonly unknown[], index: number, before: unknown): unknown {
    this.keys.push(index);
    const inner = list[index];
    if (inner === undefined && !(index in list))
      throw this.refused("a hole in a list", "Fill it, with null for nothing.");
    const kept = this.take(inner, before);
    this.keys.pop();
    this.weight += 1;
    return kept;
  }

  private map(value: Map<unknown, unknown>, before: unknown): object {
    const old = before instanceof Map ? before : undefined;
    this.weight += oneRich;
    let isSame = this.isFree(value);
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
    let isSame = this.isFree(value);
    const items: unknown[] = [];
    for (const inner of value) {
      this.keys.push(items.length);
      items.push(this.take(inner, undefined));
      this.keys.pop();
      this.weight += 1;
      isSame &&= Object.is(items.at(-1), inner);
    }
    return this.collection(isSame ? value : new Set(items));
  }

  private isFree(value: object): boolean {
    if (Reflect.ownKeys(value).length > 0) throw this.refused("a map or set with fields");
    return this.mode === "look" || (this.mode === "freeze" && Object.isExtensible(value));
  }

  private collection(value: Map<unknown, unknown> | Set<unknown>): object {
    return this.mode === "look" ? value : refuseCollectionWrites(value);
  }

  private date(value: Date): object {
    if (Reflect.ownKeys(value).length > 0) throw this.refused("a date with fields");
    this.weight += oneRich + 30;
    // Whoever made the date may go on to use it as the clock it is; copying costs nothing.
    return this.mode === "look" ? value : refuseDateWrites(new Date(value.getTime()));
  }

  private refused(what: string, remedy?: string): Error {
    const where = this.keys.reduce<string>(
      (path, key) => path + (typeof key === "number" ? `[${key}]` : path === "" ? key : `.${key}`),
      this.path,
    );
    const subject = where === "" ? "the state" : `"${where}"`;
    return liveError(
      "STATE_VALUE",
      `${subject} is ${what}, which a state cannot hold.`,
      remedy === undefined ? {} : { remedy },
    );
  }
}

const nothing: readonly unknown[] = [];

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function classOf(value: object): string {
  const { constructor }: { readonly constructor?: unknown } = value;
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "without a name";
}
