import type { StandardSchemaV1 } from "@standard-schema/spec";
import { workError } from "./errors.ts";

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
