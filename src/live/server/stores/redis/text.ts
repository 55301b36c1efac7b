import { parse } from "devalue";
import { encode } from "../../encode.ts";

/** A value as text that every process reads back as it was: JSON where that can carry it. */
export function textOf(value: unknown): string {
  const { text, rich } = encode(value);
  return rich ? `~${text}` : text;
}

/** The value of such a text, not sealed yet. */
export function valueOf(text: string): unknown {
  return text.startsWith("~") ? parse(text.slice(1)) : JSON.parse(text);
}
