import { createRequire } from "node:module";
import { messageOf } from "../kernel/errors.ts";
import { print } from "./wrong.ts";

/**
 * What is wrong with an expression, or with the IANA's name of a time zone; undefined when nothing is. It is asked by the parser that
 * later reads it, so a cron that was taken fires.
 */
export function cronFault(expression: unknown, timezone?: unknown): string | undefined {
  if (typeof expression !== "string") return `expected a cron expression, got ${print(expression)}`;
  // Loaded by the first expression, so that programs without one do not pay for it.
  const { Cron } = createRequire(import.meta.url)("croner") as typeof import("croner");
  try {
    void new Cron(expression, { paused: true });
  } catch (error) {
    return `"${expression}" is not a cron expression: ${messageOf(error)}`;
  }
  return timezone === undefined ? undefined : timezoneFault(timezone);
}

function timezoneFault(timezone: unknown): string | undefined {
  try {
    if (typeof timezone === "string") return void new Intl.DateTimeFormat("en", { timeZone: timezone });
  } catch {
    // The answer to the question, in the way that the platform gives it.
  }
  return `expected a time zone such as "Europe/Berlin", got ${print(timezone)}`;
}
