import { messageOf } from "../kernel/errors.ts";
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
    const fault = faultOf(value, "", new Set());
    if (fault === undefined) return JSON.stringify(value);
    throw workError(code, `${what} cannot be kept as JSON: ${fault}.`);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw workError(code, `${what} cannot be kept as JSON: it is nested too deeply (${messageOf(cause)}).`, { cause });
  }
}

/** What JSON would change or lose without a word, and where. A property that is undefined is left out, as everywhere. */
function faultOf(value: unknown, path: string, above: Set<object>): string | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  const at = path === "" ? "it" : path;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : `${at} is ${value}`;
  if (typeof value !== "object") return `${at} is ${typeof value === "undefined" ? "" : "a "}${typeof value}`;
  if (above.has(value)) return `${at} contains itself`;
  if (!isPlain(value)) return `${at} is an instance of ${value.constructor.name || "a class"}`;
  above.add(value);
  const fault = faultInside(value, path, above);
  above.delete(value);
  return fault;
}

function faultInside(value: object, path: string, above: Set<object>): string | undefined {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const fault = faultOf(value[i], `${path}[${i}]`, above);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
  for (const [key, part] of Object.entries(value)) {
    const fault = part === undefined ? undefined : faultOf(part, path === "" ? key : `${path}.${key}`, above);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Of this realm or another: a prototype that has none itself is some realm's `Object.prototype`. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
