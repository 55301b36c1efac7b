import { stripVTControlCharacters } from "node:util";
import type { Fetch } from "../../http/server.ts";
import { messageOf } from "../../kernel/errors.ts";
import { problem } from "../../http/problem.ts";

/** Why the newest code does not serve. */
export interface Fault {
  /** It could not be loaded, did not start, or has ended by itself. */
  readonly kind: "load" | "start" | "end";
  readonly error: unknown;
}

const titles: Readonly<Record<Fault["kind"], string>> = {
  load: "The code could not be loaded",
  start: "The app did not start",
  end: "The app has ended",
};

export function titleOf({ kind }: Fault): string {
  return titles[kind];
}

/** Answers every request with the reason, until the next save. */
export function faultAnswer(fault: Fault): Fetch {
  const said = stripVTControlCharacters(messageOf(fault.error));
  return () => problem(503, `${titleOf(fault)}: ${said}`, { headers: { "retry-after": "1" } }).getResponse();
}
