import type { LivespanError } from "../kernel/errors.ts";
import { workError } from "./errors.ts";

/** "task: option: expected this, got that." */
export function wrong(what: string, expected: string, value: unknown): LivespanError {
  return workError("INVALID_TASK", `${what}: expected ${expected}, got ${print(value)}.`);
}

/** A value in a message: what it is, short. */
export function print(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (typeof value === "string" || typeof value === "boolean" || value === null) return JSON.stringify(value);
  if (!Array.isArray(value)) return typeof value;
  return value.length === 0 ? "an empty list" : "a list";
}
