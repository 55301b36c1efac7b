import type { Leftover } from "./intake.ts";

/** Who or what asked for the stop. */
export type StopCause =
  | { readonly kind: "asked"; readonly by: string }
  | { readonly kind: "start"; readonly error: unknown }
  | { readonly kind: "task"; readonly name: string; readonly error: unknown }
  | { readonly kind: "unhandled"; readonly owner: string | undefined; readonly error: unknown };

/** What a stop did with one lifespan, task or intake. Times are milliseconds. */
export interface StopEntry {
  readonly name: string;
  readonly kind: "lifespan" | "task" | "intake" | "work";
  readonly state: "down" | "failed" | "abandoned" | "aborted";
  readonly ms: number;
  readonly limitMs: number;
  /** Where it was waiting when its limit passed, as far as it is known. */
  readonly waiting?: string | undefined;
  readonly error?: unknown;
  readonly left?: readonly Leftover[];
}

/** What a stop, or the rollback of a failed start, came to. */
export interface StopReport {
  readonly app: string;
  readonly cause: StopCause;
  readonly forced: boolean;
  readonly ms: number;
  readonly limitMs: number;
  /** In the order in which they ended. */
  readonly entries: readonly StopEntry[];
  /** What was left behind, by name. Empty after a complete stop. */
  readonly abandoned: readonly string[];
  readonly errors: readonly unknown[];
}
