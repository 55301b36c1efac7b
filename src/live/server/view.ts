import { inspect } from "node:util";
import { ImmutableStateError } from "../errors.ts";
import { refuseCollectionWrites } from "./refuse.ts";

/** One view for each frozen object, so that what is the same is the same through views too. */
const views = new WeakMap<object, object>();
const targets = new WeakMap<object, object>();

const listWrites: ReadonlySet<PropertyKey> = new Set([
  "push",
  "pop",
  "shift",
  "unshift",
  "splice",
  "sort",
  "reverse",
  "fill",
  "copyWithin",
]);
const collectionWrites: ReadonlySet<PropertyKey> = new Set(["set", "add", "delete", "clear"]);

/**
 * What a background task reads: all of a frozen value, where every write at any depth throws `ImmutableStateError` with its
 * path. (A frozen value by itself would throw a bare TypeError.) Wraps as it is read. Dates are given as they are: they
 * refuse by themselves. `structuredClone` refuses a view, as it does every proxy.
 */
export function viewOf<T>(value: T, path = ""): T {
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  const known = views.get(value);
  if (known !== undefined) return known as T; // made for this very object
  const isCollection = value instanceof Map || value instanceof Set;
  const view = isCollection
    ? new Proxy(collectionStub(value), new CollectionView(value, path))
    : new Proxy(stub(value), new View(value, path));
  views.set(value, view);
  targets.set(view, value);
  return view as T;
}

/** The frozen value behind a view; anything else is itself. */
export function unwrap<T>(value: T): T {
  return typeof value === "object" && value !== null ? ((targets.get(value) as T | undefined) ?? value) : value;
}

/** What a proxy says of a frozen target must be so, item by item. This target is empty, and leaves it free. */
function stub(real: object): object {
  // Node prints the target of a proxy, not the proxy.
  return Object.defineProperty(Array.isArray(real) ? [] : {}, inspect.custom, {
    value: () => real,
    configurable: true,
  });
}

class View implements ProxyHandler<object> {
  protected readonly real: object;
  protected readonly path: string;

  constructor(real: object, path: string) {
    this.real = real;
    this.path = path;
  }

  get(_stub: object, key: PropertyKey): unknown {
    const value: unknown = Reflect.get(this.real, key);
    if (typeof value === "object") return viewOf(value, this.at(key));
    if (typeof value === "function" && Array.isArray(this.real) && listWrites.has(key)) return this.refusal(key);
    return value;
  }

  has(_stub: object, key: PropertyKey): boolean {
    return Reflect.has(this.real, key);
  }

  ownKeys(): (string | symbol)[] {
    return Reflect.ownKeys(this.real);
  }

  getOwnPropertyDescriptor(stub: object, key: PropertyKey): PropertyDescriptor | undefined {
    const field = Reflect.getOwnPropertyDescriptor(this.real, key);
    if (field === undefined) return undefined;
    // Of the stub only a list's length is fixed, and must be said to be.
    const configurable = Reflect.getOwnPropertyDescriptor(stub, key)?.configurable ?? true;
    return { value: this.get(stub, key), writable: true, enumerable: field.enumerable === true, configurable };
  }

  getPrototypeOf(_stub: object): object | null {
    return Reflect.getPrototypeOf(this.real);
  }

  set(_stub: object, key: PropertyKey): never {
    throw this.refused(`"${this.at(key)}" was set`);
  }

  deleteProperty(_stub: object, key: PropertyKey): never {
    throw this.refused(`"${this.at(key)}" was deleted`);
  }

  defineProperty(_stub: object, key: PropertyKey): never {
    throw this.refused(`"${this.at(key)}" was defined`);
  }

  setPrototypeOf(): never {
    throw this.refused(`the prototype of ${this.name()} was set`);
  }

  preventExtensions(): never {
    throw this.refused(`${this.name()} was frozen or sealed`);
  }

  protected refusal(method: PropertyKey): () => never {
    return () => {
      throw this.refused(`${String(method)}() was called on ${this.name()}`);
    };
  }

  protected at(key: PropertyKey): string {
    const step = String(key);
    if (Array.isArray(this.real) && /^\d+$/.test(step)) return `${this.path}[${step}]`;
    return this.path === "" ? step : `${this.path}.${step}`;
  }

  private name(): string {
    return this.path === "" ? "the state" : `"${this.path}"`;
  }

  private refused(what: string): ImmutableStateError {
    return new ImmutableStateError(`${what} outside of a block.`);
  }
}

/** Prototypes of the stubs of collections: theirs, and how Node is to print what they stand for. */
const [mapPrototype, setPrototype] = [Map.prototype, Set.prototype].map((prototype: object) =>
  Object.create(prototype, {
    [inspect.custom]: {
      value(this: object) {
        return unwrap(this);
      },
    },
  }),
) as [object, object];

/** Frozen without harm, since a collection has no fields; drafts look into what is not. */
function collectionStub(real: object): object {
  return Object.freeze(Object.create(real instanceof Map ? mapPrototype : setPrototype)) as object;
}

/** The methods of a collection look at what is inside of it by `this`, which must not be the proxy. */
class CollectionView extends View {
  declare protected readonly real: Map<unknown, unknown> | Set<unknown>;
  private wrapped: Map<unknown, unknown> | Set<unknown> | undefined;

  override get(_stub: object, key: PropertyKey): unknown {
    const { real } = this;
    if (key === "size") return real.size;
    const value: unknown = Reflect.get(real, key);
    if (typeof value !== "function") return value;
    if (collectionWrites.has(key)) return this.refusal(key);
    if (key === "has") return (item: unknown) => real.has(unwrap(item));
    if (key === "get" && real instanceof Map) {
      return (item: unknown) => viewOf(real.get(unwrap(item)), this.at(keyName(item)));
    }
    return value.bind((this.wrapped ??= this.wrap()));
  }

  /** For what goes over all of it; refuses writes, since a callback of forEach is given it. */
  private wrap(): Map<unknown, unknown> | Set<unknown> {
    const { real } = this;
    if (real instanceof Set)
      return refuseCollectionWrites(new Set(Array.from(real, (item) => viewOf(item, this.at("…")))));
    const entry = (key: unknown, item: unknown) =>
      [viewOf(key, this.at("…")), viewOf(item, this.at(keyName(key)))] as const;
    return refuseCollectionWrites(new Map(Array.from(real, ([key, item]) => entry(key, item))));
  }

  override ownKeys(): [] {
    return [];
  }

  override getOwnPropertyDescriptor(): undefined {
    return undefined;
  }

  override getPrototypeOf(stub: object): object | null {
    return Reflect.getPrototypeOf(stub);
  }
}

/** The key of a map, in a path. */
export function keyName(key: unknown): string {
  return typeof key === "string" || typeof key === "number" ? String(key) : "…";
}
