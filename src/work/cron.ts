import { createRequire } from "node:module";
import { messageOf } from "../kernel/errors.ts";
import { workError } from "./errors.ts";
import { wrong } from "./wrong.ts";

/**
 * Checks an expression where it is declared, by the parser that later reads it. `timezone` is a name of the IANA's, the
 * machine's own unless said.
 *
 * @throws LivespanError INVALID_TASK
 */
export function assertCron(what: string, expression: unknown, timezone?: unknown): void {
  if (typeof expression !== "string") throw wrong(what, "a cron expression", expression);
  if (timezone !== undefined) assertTimezone(what, timezone);
  // Loaded by the first expression, so that programs without one do not pay for it.
  const { Cron } = createRequire(import.meta.url)("croner") as typeof import("croner");
  try {
    void new Cron(expression, { paused: true });
  } catch (cause) {
    const message = `${what}: "${expression}" is not a cron expression: ${messageOf(cause)}.`;
    throw workError("INVALID_TASK", message, { cause });
  }
}

function assertTimezone(what: string, timezone: unknown): void {
  if (typeof timezone !== "string") throw wrong(`${what}: timezone`, 'a name such as "Europe/Berlin"', timezone);
  try {
    void new Intl.DateTimeFormat("en", { timeZone: timezone });
  } catch (cause) {
    throw workError("INVALID_TASK", `${what}: there is no time zone "${timezone}".`, { cause });
  }
}
