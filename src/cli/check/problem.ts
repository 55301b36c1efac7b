import { cliError } from "../errors.ts";
import { LivespanError, messageOf } from "../../kernel/errors.ts";

/** What is wrong, and where and what to do about it. Errors keep an app from starting, or from doing what it says. */
export interface Problem {
  readonly level: "error" | "warning";
  readonly code: string;
  /** Files with their lines, where they are known. */
  readonly places: readonly string[];
  readonly message: string;
  readonly remedy: string;
}

export function problemOf(
  error: LivespanError,
  places: readonly string[] = [],
  level: Problem["level"] = "error",
): Problem {
  const { code, remedy } = error;
  const said = remedy !== "" && error.message.endsWith(remedy) ? error.message.slice(0, -remedy.length) : error.message;
  return { level, code, places, message: oneLine(said), remedy: oneLine(remedy) };
}

/** What a check threw: a refusal of this package's, or what somebody's own code threw when it was asked. */
export function problemFrom(thrown: unknown, places: readonly string[] = []): Problem {
  if (thrown instanceof LivespanError) return problemOf(thrown, places);
  return problemOf(cliError("ENTRY_UNREADABLE", `the app could not be read: ${messageOf(thrown)}.`), places);
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ");
}
