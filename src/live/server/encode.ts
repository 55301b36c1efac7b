import { parse, stringify } from "devalue";
import type { Payload } from "./engine.ts";
import { assertHolds } from "./seal.ts";
import { isRich } from "./weight.ts";

/** Of what is sealed, or made of what is: a snapshot, ops, `sealedCopy` of a result. */
export function encode(value: unknown): Payload {
  return isRich(value) ? { text: stringify(value), rich: true } : { text: JSON.stringify(value), rich: false };
}

/**
 * What a client has sent as text by devalue: only what a state can hold, never an object of a class.
 *
 * @throws TypeError when it is no such text.
 */
export function decode(text: string): unknown {
  try {
    const value: unknown = parse(text);
    assertHolds(value, "argument");
    return value;
  } catch (cause) {
    throw new TypeError("the text is not of a value that can be sent", { cause });
  }
}
