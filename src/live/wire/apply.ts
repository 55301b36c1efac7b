import { keysOf, ownValue, setOwn, type Key, type Op, type Piece } from "./ops.ts";

/**
 * The snapshot after `ops`. What they do not touch is shared with the one before, which stays as it is. Throws a TypeError
 * when they do not fit it: whoever keeps a replica then asks for a whole snapshot.
 */
export function applyOps<T>(before: T, ops: readonly Op[]): T {
  // Containers that were copied by an earlier op of the same list need no second copy.
  const copies = new Set<object>();
  const copied = <C>(value: C): C => {
    if (typeof value !== "object" || value === null) throw misfit("goes through what is not a container");
    if (copies.has(value)) return value;
    const copy = (Array.isArray(value) ? value.slice() : { ...value }) as C & object;
    copies.add(copy);
    return copy;
  };
  let root: unknown = before;
  for (const op of ops) {
    const keys = keysOf(op[1]);
    if (keys.length === 0) {
      root = changed(root, op);
      continue;
    }
    let holder: unknown = (root = copied(root));
    for (let i = 0; i < keys.length - 1; i++) {
      const inner = copied(ownValue(holder, keys[i]!));
      setOwn(holder as object, keys[i]!, inner);
      holder = inner;
    }
    change(holder as object, keys[keys.length - 1]!, op);
  }
  return root as T;
}

function change(holder: object, key: Key, op: Op): void {
  if (Array.isArray(holder) && !(typeof key === "number" && key >= 0 && key < holder.length)) {
    throw misfit(`names the item ${String(key)} of a list of ${holder.length}`);
  }
  if (op[0] === "-") delete (holder as Record<Key, unknown>)[key];
  else setOwn(holder, key, changed(ownValue(holder, key), op));
}

function changed(value: unknown, op: Op): unknown {
  switch (op[0]) {
    case "=":
      return op[2];
    case "+":
      if (typeof value !== "string") throw misfit("appends to what is not a text");
      return value + op[2];
    case "~":
      if (!Array.isArray(value)) throw misfit("takes pieces of what is not a list");
      return joined(value, op[2]);
    default:
      throw misfit(`has the tag ${JSON.stringify(op[0])}`);
  }
}

function joined(list: readonly unknown[], pieces: readonly Piece[]): unknown[] {
  const made: unknown[] = [];
  for (const piece of pieces) {
    if (piece.length === 1) {
      for (const item of piece[0]) made.push(item);
      continue;
    }
    const [from, count] = piece;
    if (!(from >= 0 && count >= 0 && from + count <= list.length))
      throw misfit(`reuses items beyond a list of ${list.length}`);
    for (let i = from; i < from + count; i++) made.push(list[i]);
  }
  return made;
}

function misfit(what: string): TypeError {
  return new TypeError(`a change ${what}`);
}
