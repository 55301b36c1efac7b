import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, extname, isAbsolute, join, relative, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { didYouMean, nearest } from "../../../kernel/nearest.ts";
import { ownError } from "../../../app/build/vite.ts";
import { quotePlace, shownFile, type Place } from "./place.ts";

/** A module that cannot be read or found, or has not what is imported from it: where, and what to do. */
export class SourceError extends Error {
  override readonly name = "SourceError";
  readonly place: Place | undefined;
  readonly remedy: string;

  constructor(message: string, place: Place | undefined, remedy: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.place = place;
    this.remedy = remedy;
  }
}

/** What the bundler says of a module: only what is read of it. */
interface Refusal {
  readonly message: string;
  readonly code?: unknown;
  readonly loc?: { readonly file?: string; readonly line: number; readonly column: number };
  readonly errors?: readonly Refusal[];
}

/** What is thrown where a module was asked for and could not be had; `specifier` is as the bundler has it by then. */
export function sourceError(error: unknown, specifier: string, importer: string | undefined, root: string): unknown {
  if (!(error instanceof Error)) return error;
  const outer: Refusal = error;
  const file = fileOf(specifier, root);
  const refusal = refusalOf(error, file, root);
  if (refusal !== undefined) return refusal;
  if (outer.code !== "ERR_LOAD_URL" && outer.code !== "ERR_MODULE_NOT_FOUND") return unread(error, file);
  if (importer !== undefined) return missing(importing(specifier, importer, root));
  return new SourceError(`there is no file ${shownFile(file)}.`, undefined, "Create it, or name another.");
}

/** What an error of the bundler's says of a place in a source; undefined when it says of none. */
export function refusalOf(error: Error, file: string, root: string): SourceError | undefined {
  const outer: Refusal = error;
  const refusal = outer.errors?.[0] ?? outer;
  // What the guard of pages refuses says more by itself.
  return refusal.loc === undefined || ownError(error) !== undefined
    ? undefined
    : unparsed(refusal, refusal.loc, file, root);
}

/** The bundler counts columns from 0, and names files from the root or from that of the file system. */
function unparsed({ message }: Refusal, loc: NonNullable<Refusal["loc"]>, file: string, root: string): SourceError {
  // Its own frame follows in further lines.
  const [first = "", second = ""] = plain(message).split("\n");
  const said = first.startsWith("Parse failure") ? second : first;
  const place = {
    file: loc.file === undefined ? file : fileOf(loc.file, root),
    line: loc.line,
    column: loc.column + 1,
  };
  return new SourceError(said.replace(/^\[\w+\] /, ""), place, "Mend that line.");
}

/** A plugin's refusal. Some say the position in words only. */
function unread(error: Error, file: string): SourceError {
  const said = plain(error.message);
  const [, line, column] = /line (\d+),? column (\d+)/.exec(said) ?? [];
  const place = { file, line: Number(line ?? 1), column: column === undefined ? undefined : Number(column) };
  return new SourceError(`${shownFile(file)} could not be read: ${said}`, place, "Mend that file.", error);
}

/** A path as it is in the file system: the bundler's may begin at the program's folder. */
function fileOf(path: string, root: string): string {
  return path.startsWith(root) || !path.startsWith("/") ? path : join(root, path);
}

interface Importing {
  readonly importer: string;
  readonly specifier: string;
  readonly place: Place | undefined;
}

/** The import as it is written: the bundler has resolved it where it could. */
function importing(specifier: string, importer: string, root: string): Importing {
  const path = relative(dirname(importer), fileOf(specifier, root)).replaceAll("\\", "/");
  const beside = path.startsWith(".") ? path : `./${path}`;
  for (const written of [specifier, beside, beside.replace(/\.\w+$/, "")]) {
    const place = quotePlace(importer, written);
    if (place !== undefined) return { importer, specifier: written, place };
  }
  return { importer, specifier, place: undefined };
}

const aliased = 'Correct it. The "paths" of tsconfig.json need resolve: { tsconfigPaths: true } in a vite.config.';

function missing({ importer, specifier, place }: Importing): SourceError {
  const says = `${shownFile(importer)} imports "${specifier}"`;
  // What no package can be called.
  if (/^(?:@\/|[~#])/.test(specifier))
    return new SourceError(`${says}, an alias that nothing resolves.`, place, aliased);
  if (!/^[./]/.test(specifier)) {
    const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0];
    const isThere = isInstalled(name, importer);
    const what = isThere ? "which its package does not have" : "which is not installed";
    const remedy = isThere ? "Correct the path." : `Correct the name, or install it: npm install ${name}.`;
    return new SourceError(`${says}, ${what}.`, place, remedy);
  }
  const near = nearFile(resolve(dirname(importer), specifier));
  const hint = near === undefined ? "" : ` Did you mean "${specifier.replace(/[^/]*$/, near)}"?`;
  return new SourceError(`${says}, but there is no such file.${hint}`, place, "Create the file, or correct the path.");
}

function isInstalled(name: string, importer: string): boolean {
  const folders = isAbsolute(importer) ? (createRequire(importer).resolve.paths(name) ?? []) : [];
  return folders.some((folder) => existsSync(join(folder, name)));
}

function nearFile(path: string): string | undefined {
  if (!existsSync(dirname(path))) return undefined;
  const files = readdirSync(dirname(path)).filter((name) => extname(name) !== "");
  const wanted = basename(path);
  // Another extension is no misspelling.
  return files.find((name) => stem(name) === stem(wanted)) ?? nearest(wanted, files);
}

function stem(name: string): string {
  return basename(name, extname(name));
}

/** @throws SourceError for a name that a module is asked for and does not export. */
export function assertExports(
  module: object,
  names: readonly string[],
  { specifier, importer, root }: { readonly specifier: string; readonly importer: string; readonly root: string },
): void {
  // In a circle it may be there later: what is not sealed still runs.
  const absent = Object.isSealed(module) ? names.find((name) => !(name in module)) : undefined;
  if (absent === undefined) return;
  const { specifier: written, place } = importing(specifier, importer, root);
  const isDefault = absent === "default";
  const exported = Object.keys(module).filter((each) => each !== "default");
  const what = isDefault ? "a default export" : `"${absent}"`;
  const hint = isDefault ? "" : didYouMean(absent, exported);
  const message = `${shownFile(importer)} imports ${what} from "${written}", which does not export it.${hint}`;
  throw new SourceError(message, place, "Export it there, or correct the name.");
}

function plain(text: string): string {
  return stripVTControlCharacters(text).trim();
}
