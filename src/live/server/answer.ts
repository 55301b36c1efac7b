import { LivespanError } from "../../kernel/errors.ts";
import { liveErrors, Refusal } from "../errors.ts";
import { encode } from "./encode.ts";
import { sealedCopy } from "./seal.ts";

/** Refusals that are the caller's to read. Any other error may tell what is inside, and only its code is told. */
const open = new Set<string>([
  "UNKNOWN_STATE",
  "UNKNOWN_EVENT",
  "INVALID_ARGUMENT",
  "SUPERSEDED",
  "TAB_REFUSED",
  "JOIN_REFUSED",
  "BAD_FRAME",
  "PROTOCOL",
  "TOO_MANY_EVENTS",
  "TOO_MANY_SESSIONS",
  "STOPPING",
  "EVENT_FORGOTTEN",
] satisfies (keyof typeof liveErrors | "STOPPING")[]);

/** What a client is told of an error. */
export interface Told {
  readonly code: string;
  readonly message: string;
  /** The client was refused by the rules: nothing is wrong here. */
  readonly isRefusal: boolean;
}

export function told(error: unknown): Told {
  const known = error instanceof LivespanError ? error : undefined;
  if (known instanceof Refusal || (known !== undefined && open.has(known.code)))
    return { code: known.code, message: known.message, isRefusal: true };
  const code = known !== undefined && isLiveCode(known.code) ? known.code : "HANDLER_FAILED";
  return { code, message: liveErrors[code].means, isRefusal: false };
}

/** @throws LivespanError STATE_VALUE for what cannot be sent */
export function answered(id: number, value: unknown): string {
  if (value === undefined) return `["a",${id}]`;
  const { text, rich } = encode(sealedCopy(value, "result"));
  return rich ? `["A",${id},${JSON.stringify(text)}]` : `["a",${id},${text}]`;
}

export function failed(id: number, { code, message }: Pick<Told, "code" | "message">): string {
  return JSON.stringify(["x", id, code, message]);
}

function isLiveCode(code: string): code is keyof typeof liveErrors {
  return Object.hasOwn(liveErrors, code);
}
