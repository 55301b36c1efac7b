import type { StandardSchemaV1 } from "@standard-schema/spec";
import { workError } from "./errors.ts";

/** Anything that validates by Standard Schema: zod, valibot, arktype and others. */
export function isSchema(value: unknown): value is StandardSchemaV1 {
  // Arktype's schemas are functions.
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard: unknown = (value as Partial<StandardSchemaV1>)["~standard"];
  return typeof standard === "object" && standard !== null && "validate" in standard;
}

/** What a schema makes of a value. @throws LivespanError with the code, which names every fault by its path. */
export async function checked(
  schema: StandardSchemaV1 | undefined,
  value: unknown,
  { what, code }: { readonly what: string; readonly code: "INVALID_INPUT" | "INVALID_OUTPUT" },
): Promise<unknown> {
  if (schema === undefined) return value;
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  const faults = result.issues.map(({ message, path = [] }) => {
    const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
    return keys.length === 0 ? message : `${keys.join(".")}: ${message}`;
  });
  throw workError(code, `${what} does not fit its schema: ${faults.join("; ")}.`);
}
