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
  readonly entry: string | undefined;
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
  const entries: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") entries.push(token.value);
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
  if (entries.length > 1)
    throw cliError("UNKNOWN_FLAG", `livespan ${command} takes one file, got ${entries.join(", ")}.`);
  return { entry: entries[0], flags: flags as ParsedFlags<F>["flags"] };
}

/** The help of one command. */
export function usageOf(command: string, summary: string, known: Readonly<Record<string, Flag>>): string {
  const lines = Object.entries(known).map(([name, flag]) => {
    const form = `--${name}${flag.value === undefined ? "" : ` <${flag.value}>`}`;
    return `  ${form.padEnd(22)} ${flag.summary}`;
  });
  return `usage: livespan ${command} [file] [options]\n\n${summary}\n\n${lines.join("\n")}\n`;
}

/** A flag that is a port; undefined when it was not given. */
export function portFlag(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (text !== "" && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw cliError("UNKNOWN_FLAG", `--${name}: expected a whole number from 0 to 65535, got "${text}".`);
}
