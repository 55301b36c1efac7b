import type { StandardSchemaV1 } from "@standard-schema/spec";
import { workError } from "./errors.ts";

/** Anything that validates by Standard Schema: zod, valibot, arktype and others. */
export function isSchema(value: unknown): value is StandardSchemaV1 {
  // Arktype's schemas are functions.
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard: unknown = (value as Partial<StandardSchemaV1>)["~standard"];
  return typeof standard === "object" && standard !== null && "validate" in standard;
}

/**
 * What a schema makes of a value: a promise only where the schema is asynchronous.
 *
 * @throws LivespanError with the code, which names every fault by its path; or the promise rejects with it.
 */
export function checked(schema: StandardSchemaV1 | undefined, value: unknown, rules: CheckRules): unknown {
  if (schema === undefined) return value;
  const result = schema["~standard"].validate(value);
  return result instanceof Promise ? result.then((settled) => valueOf(settled, rules)) : valueOf(result, rules);
}

export interface CheckRules {
  /** For messages: 'the input of "mail"'. */
  readonly what: string;
  readonly code: "INVALID_INPUT" | "INVALID_OUTPUT";
}

function valueOf(result: StandardSchemaV1.Result<unknown>, { what, code }: CheckRules): unknown {
  if (result.issues === undefined) return result.value;
  const faults = result.issues.map(({ message, path = [] }) => {
    const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
    return keys.length === 0 ? message : `${keys.join(".")}: ${message}`;
  });
  throw workError(code, `${what} does not fit its schema: ${faults.join("; ")}.`);
}
