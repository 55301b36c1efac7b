import { LivespanError, messageOf } from "../kernel/errors.ts";
import { workError } from "./errors.ts";

/**
 * What undefined is kept as, which JSON has no word for: null for everyone who parses it, undefined for who knows. A default of
 * a parameter, and an optional schema, would not take null for it.
 */
const nothing = "null ";

/** Characters of JSON. */
export const defaultPayloadLimit = 1_048_576;

export interface PayloadRules {
  /** For messages: 'the input of "mail"'. */
  readonly what: string;
  readonly code: "INVALID_INPUT" | "INVALID_OUTPUT";
  /** Characters. */
  readonly limit: number;
}

/** A value as it is kept. @throws LivespanError INVALID_INPUT or INVALID_OUTPUT by its path, PAYLOAD_TOO_LARGE */
export function pack(value: unknown, rules: PayloadRules): string {
  const text = value === undefined ? nothing : textOf(value, rules);
  if (text.length <= rules.limit) return text;
  const message = `${rules.what} is ${text.length} characters of JSON; the limit is ${rules.limit}.`;
  throw workError("PAYLOAD_TOO_LARGE", message);
}

/** A value that was kept. */
export function unpack(text: string): unknown {
  return text === nothing ? undefined : JSON.parse(text);
}

function textOf(value: unknown, { what, code }: PayloadRules): string {
  try {
    const fault = isKept(value, 0) ? undefined : faultOf(value, "", new Set());
    if (fault === undefined) return JSON.stringify(value);
    throw workError(code, `${what} cannot be kept as JSON: ${fault}.`);
  } catch (cause) {
    if (cause instanceof LivespanError) throw cause;
    const why = cause instanceof RangeError ? "it is nested too deeply" : "looking at it threw";
    throw workError(code, `${what} cannot be kept as JSON: ${why} (${messageOf(cause)}).`, { cause });
  }
}

/** Deeper than this, the quick look gives up: the value may contain itself. */
const deepest = 100;

/** The quick look, which nearly every value passes. It remembers no path and nothing that it has seen. */
function isKept(value: unknown, depth: number): boolean {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || depth > deepest) return false;
  if (Array.isArray(value)) {
    // Not by every(), which leaves holes out.
    for (let i = 0; i < value.length; i++) if (!isKept(value[i], depth + 1)) return false;
    return true;
  }
  if (!isPlain(value)) return false;
  for (const key in value) {
    const part = (value as Readonly<Record<string, unknown>>)[key];
    if (part !== undefined && !isKept(part, depth + 1)) return false;
  }
  return true;
}

/** What JSON would change or lose without a word, and where. A property that is undefined is left out, as everywhere. */
function faultOf(value: unknown, path: string, above: Set<object>): string | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  const at = path === "" ? "it" : path;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : `${at} is ${value}`;
  if (typeof value !== "object") return `${at} is ${value === undefined ? "undefined" : `a ${typeof value}`}`;
  if (above.has(value)) return `${at} contains itself`;
  if (!Array.isArray(value) && !isPlain(value)) return `${at} is ${classText(value)}`;
  above.add(value);
  const fault = faultInside(value, path, above);
  above.delete(value);
  return fault;
}

function faultInside(value: object, path: string, above: Set<object>): string | undefined {
  const isList = Array.isArray(value);
  // Of a list also what is not there.
  for (const [key, part] of isList ? value.entries() : Object.entries(value)) {
    if (part === undefined && !isList) continue;
    const fault = faultOf(part, isList ? `${path}[${key}]` : path === "" ? String(key) : `${path}.${key}`, above);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** What has a JSON form of its own would come back as something else than its type says, so it is refused as well. */
function classText(value: object): string {
  if (value instanceof Date) return "a Date: pass its toISOString() or its time";
  if (value instanceof Map || value instanceof Set) return `a ${value.constructor.name}: pass a list of what is in it`;
  const { constructor }: { readonly constructor?: unknown } = value;
  return `an instance of ${(typeof constructor === "function" && constructor.name) || "a class"}`;
}

/** Of this realm or another: a prototype that has none itself is some realm's `Object.prototype`. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
}
