import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join, relative } from "node:path";
import { ownFolder } from "../../../app/pages/guard.ts";

/** A position in a source file. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column?: number | undefined;
}

/** One call of a stack that is not this package's, Vite's or Node's. */
export interface Call {
  readonly name: string;
  readonly place: Place;
  /** Whether it is the program's own, not an installed package's. */
  readonly isProgram: boolean;
}

const frame = /^\s*at (?:async )?(?:(.+?) \()?((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/]).*?):(\d+):(\d+)\)?$/;
/** What runs the program is no part of it. */
const tool = /[\\/]node_modules[\\/](?:livespan|vite|rolldown|hono|@hono|ws)[\\/]/;
/** Before any code of a program's, which may change it. */
const here = process.cwd();
const own = [join(ownFolder, "src"), join(ownFolder, "dist")];

export function callsOf(error: unknown): Call[] {
  const stack = error instanceof Error ? String(error.stack) : "";
  return stack.split("\n").flatMap((line) => {
    const [, name = "", at = "", row, column] = frame.exec(line) ?? [];
    const file = at.startsWith("file:") ? fileURLToPath(at) : at;
    if (file === "" || tool.test(file) || own.some((folder) => file.startsWith(folder))) return [];
    const place = { file, line: Number(row), column: Number(column) };
    return [{ name, place, isProgram: !/[\\/]node_modules[\\/]/.test(file) }];
  });
}

/** A place as it is shown: from the working directory of the start. */
export function placeText({ file, line, column }: Place): string {
  return `${shownFile(file)}:${line}${column === undefined ? "" : `:${column}`}`;
}

export function shownFile(file: string): string {
  return relative(here, file) || file;
}

/** How many lines are shown above and below. */
const around = 2;

/** The lines around a place, with a mark at it; none when the file cannot be read, or has become shorter. */
export function excerptOf({ file, line, column }: Place): readonly string[] {
  const lines = linesOf(file);
  if (line > lines.length) return [];
  const from = Math.max(1, line - around);
  const shown = lines.slice(from - 1, line + around);
  const width = String(from + shown.length - 1).length;
  return shown.flatMap((text, i) => {
    const at = from + i;
    const lead = `${at === line ? ">" : " "} ${String(at).padStart(width)} | `;
    if (at !== line || column === undefined) return [lead + text];
    // Tabs stay tabs, so that the mark stands under its column.
    return [lead + text, `${" ".repeat(width + 2)} | ${text.slice(0, column - 1).replaceAll(/[^\t]/g, " ")}^`];
  });
}

/** Where a file names a module: the first time that it quotes it. */
export function quotePlace(file: string, specifier: string): Place | undefined {
  const quotes = [`"${specifier}"`, `'${specifier}'`, `\`${specifier}\``];
  for (const [i, text] of linesOf(file).entries()) {
    const column = Math.max(...quotes.map((quote) => text.indexOf(quote)));
    if (column >= 0) return { file, line: i + 1, column: column + 1 };
  }
  return undefined;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8").trimEnd().split(/\r?\n/);
  } catch {
    return [];
  }
}
