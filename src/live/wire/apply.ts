import { keysOf, ownValue, setOwn, type Key, type Op, type Piece } from "./ops.ts";

type Container = Record<Key, unknown>;

/**
 * The snapshot after `ops`. What they do not touch is shared with the one before, which stays as it is. Throws a TypeError
 * when they do not fit it: whoever keeps a replica then asks for a whole snapshot.
 */
export function applyOps<T>(before: T, ops: readonly Op[]): T {
  // What was copied by an earlier op of the same list needs no second copy.
  const copies = new Set<unknown>();
  const copied = (value: unknown): Container => {
    if (copies.has(value)) return value as Container; // what is in there is one
    const copy = Array.isArray(value) ? [...(value as unknown[])] : isPlain(value) ? { ...value } : undefined;
    if (copy === undefined) throw misfit("leads through what holds nothing");
    copies.add(copy);
    return copy;
  };
  // In a list, so that the whole is set like any part of it, and cannot be deleted.
  const root = [before] as unknown as Container;
  for (const op of ops) {
    let holder = root;
    let key: Key = 0;
    for (const next of keysOf(op[1])) {
      if (typeof next !== "string" && typeof next !== "number") throw misfit("has no path");
      const inner = copied(ownValue(holder, key));
      setOwn(holder, key, inner);
      [holder, key] = [inner, next];
    }
    change(holder, key, op);
  }
  return root[0] as T;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function change(holder: Container, key: Key, op: Op): void {
  const isThere = Object.hasOwn(holder, key);
  const fits = Array.isArray(holder) ? isThere && typeof key === "number" && op[0] !== "-" : isThere || op[0] === "=";
  if (!fits) throw misfit(`finds no "${key}"`);
  if (op[0] === "-") delete holder[key];
  else setOwn(holder, key, changed(holder[key], op));
}

function changed(value: unknown, [tag, , more]: Op): unknown {
  if (tag === "=") return more;
  if (tag === "+" && typeof value === "string" && typeof more === "string") return value + more;
  if (tag === "+" && Array.isArray(value) && Array.isArray(more))
    return [...(value as unknown[]), ...(more as unknown[])];
  if (tag === "~" && Array.isArray(value)) return joined(value, more);
  throw misfit(`"${tag}" does not fit`);
}

function joined(list: readonly unknown[], pieces: readonly Piece[]): unknown[] {
  return pieces.flatMap(([from, count]) => {
    if (typeof from === "object") return from;
    if (from >= 0 && count! >= 0 && from + count! <= list.length) return list.slice(from, from + count!);
    throw misfit("reuses items that are not there");
  });
}

function misfit(what: string): TypeError {
  return new TypeError(`a change ${what}`);
}
