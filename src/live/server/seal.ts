import { liveError } from "../errors.ts";

/** Objects that were sealed, with all that is in them: a commit only walks what is new. */
const sealed = new WeakSet<object>();

/**
 * Freezes a value with all that is in it, and refuses, by its path, what a state cannot hold. What a snapshot shares with
 * the one before is frozen already and is not walked again.
 *
 * @throws LivespanError STATE_VALUE
 */
export function seal<T>(value: T, path = ""): T {
  sealWithin(value, path, new Set());
  return value;
}

function sealWithin(value: unknown, path: string, above: Set<object>): void {
  if (typeof value !== "object" || value === null) {
    if (typeof value === "function" || typeof value === "symbol") throw refused(path, `a ${typeof value}`);
    return;
  }
  if (sealed.has(value)) return;
  if (above.has(value)) throw refused(path, "inside itself");
  above.add(value);
  if (Array.isArray(value)) for (const [index, item] of value.entries()) sealWithin(item, `${path}[${index}]`, above);
  else if (value instanceof Map || value instanceof Set) sealCollection(value, path, above);
  else if (value instanceof Date) refuseWrites(value, dateWrites);
  else sealObject(value, path, above);
  above.delete(value);
  Object.freeze(value);
  sealed.add(value);
}

function sealObject(value: object, path: string, above: Set<object>): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw refused(path, `of the class ${classOf(value)}`);
  for (const [key, inner] of Object.entries(value)) sealWithin(inner, path === "" ? key : `${path}.${key}`, above);
}

function sealCollection(value: Map<unknown, unknown> | Set<unknown>, path: string, above: Set<object>): void {
  for (const [key, inner] of value.entries()) {
    sealWithin(key, `${path} key`, above);
    sealWithin(inner, `${path} value`, above);
  }
  refuseWrites(value, collectionWrites);
}

const collectionWrites = ["set", "add", "delete", "clear"];
const dateWrites = Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith("set"));

/** Freezing does not reach what a collection or a date holds inside: its own methods must refuse. */
function refuseWrites(value: object, methods: readonly string[]): void {
  for (const name of methods) {
    if (!(name in value)) continue;
    Object.defineProperty(value, name, {
      value: () => {
        throw liveError("IMMUTABLE_STATE", `${name}() was called on a value of a snapshot.`);
      },
    });
  }
}

function refused(path: string, what: string): Error {
  return liveError("STATE_VALUE", `${path === "" ? "the state" : `"${path}"`} is ${what}, which a state cannot hold.`);
}

function classOf(value: object): string {
  return value.constructor.name || "without a name";
}
