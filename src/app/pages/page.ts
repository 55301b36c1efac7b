import { fileURLToPath } from "node:url";
import { relative, resolve, sep } from "node:path";
import type { DeclaredState } from "./state.ts";
import { appError } from "../errors.ts";
import { assertOptions } from "../../kernel/lifespan.ts";

export interface PageOptions {
  /**
   * The file whose default export is the page's component: a path from the working directory, or a `file:` URL, such as
   * `new URL("./counter.page.tsx", import.meta.url)`.
   */
  readonly entry: string | URL;
  /** What the page is rendered with; a shared state with its key: `[room, "lobby"]`. */
  readonly states?: readonly DeclaredState[];
  readonly title?: string;
  /** The language of its text, as HTML writes it. "en" unless said. */
  readonly lang?: string;
  /** Further tags of the document's head, written as they are. */
  readonly head?: string;
  /** 200 unless said. */
  readonly status?: number;
}

const optionNames = ["entry", "states", "title", "lang", "head", "status"];

/** A declared page. */
export interface PageDeclaration extends PageOptions {
  readonly path: string;
  readonly states: readonly DeclaredState[];
}

/** @throws LivespanError UNKNOWN_OPTION, PAGE_OPTION */
export function pageFrom(path: string, options: PageOptions): PageDeclaration {
  const owner = `page("${path}")`;
  assertOptions(owner, options, optionNames);
  const { entry, states = [], status } = options;
  const isPath = typeof entry === "string" && entry !== "" && !/^(?!file:)\w{2,}:/.test(entry);
  if (!isPath && !(entry instanceof URL && entry.protocol === "file:")) {
    const got = entry instanceof URL ? entry.href : JSON.stringify(entry);
    throw appError("PAGE_OPTION", `${owner}: entry: expected a path or a file: URL, got ${got}.`);
  }
  for (const name of ["title", "lang", "head"] as const) {
    const value: unknown = options[name];
    if (value === undefined || typeof value === "string") continue;
    throw appError("PAGE_OPTION", `${owner}: ${name}: expected a string, got ${JSON.stringify(value)}.`);
  }
  if (status !== undefined && !(Number.isInteger(status) && status >= 200 && status <= 599)) {
    throw appError("PAGE_OPTION", `${owner}: status: expected a whole number from 200 to 599, got ${status}.`);
  }
  if (!Array.isArray(states))
    throw appError("PAGE_OPTION", `${owner}: states: expected an array, got ${typeof states}.`);
  return Object.freeze({ ...options, path, states });
}

/** The absolute path of a page's entry. */
export function fileOf({ entry }: Pick<PageOptions, "entry">, root: string): string {
  const isUrl = entry instanceof URL || entry.startsWith("file:");
  return isUrl ? fileURLToPath(entry) : resolve(root, entry);
}

/** What a page is called in what was built: its entry from the root, the same on every machine. */
export function idOf(page: Pick<PageOptions, "entry">, root: string): string {
  return relative(root, fileOf(page, root)).split(sep).join("/");
}
