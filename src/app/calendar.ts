import { createRequire } from "node:module";
import type { Cron } from "croner";
import type { Calendar } from "../kernel/world.ts";
import { appError } from "./errors.ts";
import { messageOf } from "../kernel/errors.ts";

const parsed = new Map<string, Cron>();

/**
 * Cron expressions by croner's parser, in the machine's time zone unless another is said. Only its parser and its next date are used: its timers
 * neither wait for a run in progress nor share the clock.
 */
export const calendar: Calendar = {
  next: (expression, after, timezone) => cronOf(expression, timezone).nextRun(new Date(after))?.getTime(),
};

/** @throws LivespanError INVALID_CRON when `expression` is not one. */
export function checkCron(expression: string, owner: string): void {
  try {
    cronOf(expression);
  } catch (cause) {
    throw appError("INVALID_CRON", `${owner}: "${expression}" is not a cron expression: ${messageOf(cause)}.`, {
      cause,
    });
  }
}

function cronOf(expression: string, timezone?: string): Cron {
  const key = timezone === undefined ? expression : `${timezone} ${expression}`;
  let cron = parsed.get(key);
  if (cron === undefined) {
    // Loaded by the first task that has an expression, so that programs without one do not pay for it.
    const croner = createRequire(import.meta.url)("croner") as typeof import("croner");
    cron = new croner.Cron(expression, { paused: true, ...(timezone !== undefined && { timezone }) });
    parsed.set(key, cron);
  }
  return cron;
}
