import { parseArgs } from "node:util";
import { cliError } from "./errors.ts";
import { didYouMean } from "../kernel/nearest.ts";

/** An option of a command: what it is followed by, and what it does. */
export interface Flag {
  /** Undefined for one that stands alone. */
  readonly value?: string;
  readonly summary: string;
}

export interface ParsedFlags<F> {
  /** What stands by itself. */
  readonly words: readonly string[];
  readonly flags: { readonly [K in keyof F]?: F[K] extends { readonly value: string } ? string : boolean };
}

/** @throws LivespanError UNKNOWN_FLAG, with the nearest name, for what the command does not know. */
export function parseFlags<const F extends Readonly<Record<string, Flag>>>(
  command: string,
  known: F,
  args: readonly string[],
): ParsedFlags<F> {
  const options = Object.fromEntries(
    Object.entries(known).map(([name, { value }]) => {
      const type = value === undefined ? ("boolean" as const) : ("string" as const);
      return [name, name === "help" ? { type, short: "h" } : { type }] as const;
    }),
  );
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const flags: Record<string, string | boolean> = {};
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const flag = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (flag === undefined) {
      const near = didYouMean(token.name, Object.keys(known));
      throw cliError("UNKNOWN_FLAG", `livespan ${command} has no option ${token.rawName}.${near}`);
    }
    const wants = flag.value !== undefined;
    if (wants !== (token.value !== undefined)) {
      throw cliError(
        "UNKNOWN_FLAG",
        `livespan ${command}: ${token.rawName} ${wants ? `needs a ${flag.value}` : "takes no value"}.`,
      );
    }
    flags[token.name] = token.value ?? true;
  }
  return { words, flags: flags as ParsedFlags<F>["flags"] };
}

/** The file that a command is given, if any. @throws LivespanError UNKNOWN_FLAG for a second one. */
export function entryOf(command: string, words: readonly string[]): string | undefined {
  if (words.length <= 1) return words[0];
  throw cliError("UNKNOWN_FLAG", `livespan ${command} takes one file, got ${words.join(", ")}.`);
}

/** The help of one command. */
export function usageOf(
  command: string,
  summary: string,
  known: Readonly<Record<string, Flag>>,
  words = "[file]",
): string {
  const forms = Object.entries(known).map(
    ([name, { value, summary: does }]) => [`--${name}${value === undefined ? "" : ` <${value}>`}`, does] as const,
  );
  const width = Math.max(...forms.map(([form]) => form.length));
  const lines = forms.map(([form, does]) => `  ${form.padEnd(width)} ${does}`);
  return `usage: livespan ${command} ${words} [options]\n\n${summary}\n\n${lines.join("\n")}\n`;
}

/** A flag that is a whole number, 1 or more; undefined when it was not given. */
export function countFlag(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw cliError("UNKNOWN_FLAG", `--${name}: expected a whole number from 1, got "${text}".`);
}

/** A flag that is a port; undefined when it was not given. */
export function portFlag(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (text !== "" && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw cliError("UNKNOWN_FLAG", `--${name}: expected a whole number from 0 to 65535, got "${text}".`);
}
