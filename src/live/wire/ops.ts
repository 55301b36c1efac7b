/** What a path leads through: keys of objects, indexes of lists. */
export type Key = string | number;
/** Where a change is. A lone key is written without a list around it, since most changes are at the top. */
export type Path = Key | readonly Key[];

/** A run of the list as it was, `[from, count]`, or new items, `[items]`. */
export type Piece = readonly [from: number, count: number] | readonly [items: readonly unknown[]];

/**
 * One change from a snapshot to the next. Tags are single letters, since there is one for each token that a text grows by.
 *
 *     ["=", path, value]   set
 *     ["-", path]          delete a key
 *     ["+", path, more]    append to a text, or items to a list
 *     ["~", path, pieces]  a list, made of pieces of what it was and of new items
 */
export type Op =
  | readonly ["=", Path, unknown]
  | readonly ["-", Path]
  | readonly ["+", Path, string | readonly unknown[]]
  | readonly ["~", Path, readonly Piece[]];

export function pathOf(keys: readonly Key[]): Path {
  return keys.length === 1 ? keys[0]! : keys;
}

export function keysOf(path: Path): readonly Key[] {
  return typeof path === "object" ? path : [path];
}

/** Sets an own property, also one that is named like the way to a prototype. */
export function setOwn(target: object, key: Key, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  else (target as Record<Key, unknown>)[key] = value;
}

/** An own property, or undefined: nothing that comes over the wire is looked up in a prototype. */
export function ownValue(target: unknown, key: Key): unknown {
  return typeof target === "object" && target !== null && Object.hasOwn(target, key)
    ? (target as Record<Key, unknown>)[key]
    : undefined;
}
