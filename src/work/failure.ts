import type { RunFailure } from "./run.ts";
import { messageOf } from "../kernel/errors.ts";

/** Characters that are kept: whatever was thrown, a failure is a small thing to store and to list. */
const longest = { name: 200, code: 200, message: 10_000, stack: 20_000, cause: 1_000 } as const;
const mostCauses = 5;

/** What was thrown, as it is kept. Never throws itself, whatever that is. */
export function failureOf(thrown: unknown): RunFailure {
  const [code, stack] = [read(thrown, "code"), read(thrown, "stack")];
  const causes = causesOf(thrown);
  return {
    name: cut(nameOf(thrown), longest.name),
    message: cut(messageOf(thrown), longest.message),
    ...((typeof code === "string" || typeof code === "number") && { code: cut(String(code), longest.code) }),
    ...(typeof stack === "string" && stack !== "" && { stack: cut(stack, longest.stack) }),
    ...(causes.length > 0 && { causes }),
  };
}

/** What it was caused by, and what an AggregateError holds, from the outside in: the first few. */
function causesOf(thrown: unknown): string[] {
  const found: unknown[] = [thrown];
  const seen = new Set(found);
  for (let at = 0; at < found.length && found.length <= mostCauses; at++) {
    for (const inner of within(found[at])) {
      if (inner === undefined || seen.has(inner)) continue;
      seen.add(inner);
      found.push(inner);
    }
  }
  return found.slice(1, mostCauses + 1).map((each) => cut(`${nameOf(each)}: ${messageOf(each)}`, longest.cause));
}

function within(thrown: unknown): readonly unknown[] {
  const errors = read(thrown, "errors");
  return [read(thrown, "cause"), ...(thrown instanceof AggregateError && Array.isArray(errors) ? errors : [])];
}

function nameOf(thrown: unknown): string {
  const name = read(thrown, "name");
  return typeof name === "string" && name !== "" ? name : typeof thrown;
}

/** Properties of what was thrown may be anything, getters that throw included. */
function read(thrown: unknown, property: string): unknown {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  try {
    return (thrown as Readonly<Record<string, unknown>>)[property];
  } catch {
    return undefined;
  }
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length} characters)`;
}
