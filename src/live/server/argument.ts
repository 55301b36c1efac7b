import type { BackgroundMember, EventMember, Member } from "./member.ts";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { StateDeclaration } from "./state.ts";
import { detached } from "./draft.ts";
import { didYouMean } from "../../kernel/nearest.ts";
import { assertHolds } from "./seal.ts";
import { isThenable } from "./instance.ts";
import { messageOf } from "../../kernel/errors.ts";
import { liveError } from "../errors.ts";

/** What a state declares under a name. @throws LivespanError UNKNOWN_EVENT */
export function memberNamed(declaration: StateDeclaration, kind: "event", name: string): EventMember;
export function memberNamed(declaration: StateDeclaration, kind: "background", name: string): BackgroundMember;
export function memberNamed(
  { name: state, tasks, handlers }: StateDeclaration,
  kind: Member["kind"],
  name: string,
): Member {
  const known: ReadonlyMap<string, Member> = kind === "event" ? handlers : tasks;
  const member = known.get(name);
  if (member !== undefined) return member;
  const what = kind === "event" ? "event" : "background task";
  throw liveError("UNKNOWN_EVENT", `state "${state}" has no ${what} "${name}".${didYouMean(name, [...known.keys()])}`);
}

/** What a schema makes of an argument. @throws LivespanError INVALID_ARGUMENT */
export function checked(schema: StandardSchemaV1 | undefined, arg: unknown, what: string): unknown {
  if (schema === undefined) return undefined;
  assertPlain(arg, what);
  const outcome = schema["~standard"].validate(arg);
  return isThenable(outcome) ? outcome.then((settled) => output(settled, what)) : output(outcome, what);
}

/** What goes deeper than a state may, or would change a prototype, is kept from the schema and the handler. */
function assertPlain(arg: unknown, what: string): void {
  try {
    assertHolds(arg, "argument");
  } catch (cause) {
    throw liveError("INVALID_ARGUMENT", `the argument of ${what} is not what it takes: ${messageOf(cause)}`, { cause });
  }
}

function output(result: StandardSchemaV1.Result<unknown>, what: string): unknown {
  if (result.issues === undefined) return result.value;
  const faults = result.issues.map(({ message, path = [] }) => {
    const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
    return keys.length === 0 ? message : `${keys.join(".")}: ${message}`;
  });
  throw liveError("INVALID_ARGUMENT", `the argument of ${what} is not what it takes: ${faults.join("; ")}.`);
}

/** A copy that is its receiver's own: what is sent out of a block must not be a part of its draft. */
export function detachedArgument(arg: unknown): unknown {
  if (typeof arg !== "object" || arg === null) return arg;
  try {
    return structuredClone(detached(arg));
  } catch (cause) {
    throw liveError("STATE_VALUE", "an argument holds what cannot be copied.", { cause });
  }
}
