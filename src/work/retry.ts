import type { AnyTaskOptions } from "./task.ts";
import { backoffMs } from "../kernel/backoff.ts";
import { LivespanError } from "../kernel/errors.ts";
import { NonRetryableError, type workErrors } from "./errors.ts";

/** Our own errors that another attempt would meet again. */
const finalCodes: ReadonlySet<string> = new Set([
  "INVALID_INPUT",
  "INVALID_OUTPUT",
  "PAYLOAD_TOO_LARGE",
  "INVALID_RUN_OPTION",
  "NON_DETERMINISTIC",
  "DUPLICATE_STEP",
  "ENGINE_UNSUPPORTED",
] satisfies (keyof typeof workErrors)[]);

/**
 * Milliseconds until the next attempt; undefined when there is none. `failures` is how many attempts have failed before this one:
 * those that a lost worker took with it do not count.
 */
export function retryIn(
  thrown: unknown,
  { retries = 0, backoff }: Pick<AnyTaskOptions, "retries" | "backoff">,
  failures: number,
  random: () => number,
): number | undefined {
  if (failures >= retries || isFinal(thrown)) return undefined;
  const { base = 1_000, factor = 2, max = 60_000, jitter = "full" } = backoff ?? {};
  return backoffMs({ base, factor, max, jitter }, failures, random);
}

/**
 * A NonRetryableError, one of ours that says what another attempt would find as well, or any error with `retryable: false`, which is
 * how clients of databases and clouds say it.
 */
function isFinal(thrown: unknown): boolean {
  if (typeof thrown !== "object" || thrown === null) return false;
  try {
    if (thrown instanceof LivespanError) return finalCodes.has(thrown.code);
    const { name, retryable } = thrown as { readonly name?: unknown; readonly retryable?: unknown };
    // By its name as well: a copy of this package, or what a step remembered, has another class.
    return thrown instanceof NonRetryableError || name === "NonRetryableError" || retryable === false;
  } catch {
    // What was thrown may be anything, a proxy that cannot be looked at included.
    return false;
  }
}
