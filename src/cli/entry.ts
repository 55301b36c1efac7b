import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { App } from "../app/app.ts";
import { cliError } from "./errors.ts";
import { LivespanError, messageOf } from "../kernel/errors.ts";
import { nearest } from "../kernel/nearest.ts";

/** Looked for when no file is named. */
const candidates = ["app.ts", "src/app.ts", "app.js", "src/app.js", "app.mjs"];

/** The app that a file exports. @throws LivespanError ENTRY_MISSING, ENTRY_UNREADABLE or ENTRY_NO_APP. */
export async function loadApp(entry: string | undefined): Promise<App<unknown>> {
  const path = entryPath(entry);
  const shown = relative(process.cwd(), path) || path;
  const module = await importEntry(path, shown);
  const { default: app } = module;
  if (app instanceof App) return app as App<unknown>;
  if (app === undefined) {
    const named = Object.keys(module).find((name) => module[name] instanceof App);
    const hint = named === undefined ? "" : ` It exports an app as "${named}".`;
    throw cliError("ENTRY_NO_APP", `${shown} has no default export.${hint}`, {
      remedy: `End it with: export default ${named ?? "app"};`,
    });
  }
  const foreign = typeof app === "object" && app !== null && app.constructor.name === "App";
  throw cliError("ENTRY_NO_APP", `${shown} exports ${foreign ? "an app of another copy of livespan" : typeof app} as its default.`, {
    ...(foreign && { remedy: "Make sure that livespan is installed once: npm ls livespan." }),
  });
}

function entryPath(entry: string | undefined): string {
  const path = entry === undefined ? candidates.find((each) => existsSync(each)) : entry;
  if (path === undefined) {
    throw cliError("ENTRY_MISSING", `no file was named, and there is none of ${candidates.join(", ")} in ${process.cwd()}.`);
  }
  const absolute = resolve(path);
  if (existsSync(absolute) && statSync(absolute).isFile()) return absolute;
  throw cliError("ENTRY_MISSING", `there is no file ${path}.${nearFile(absolute)}`);
}

function nearFile(path: string): string {
  const folder = dirname(path);
  if (!existsSync(folder)) return "";
  const near = nearest(basename(path), readdirSync(folder));
  return near === undefined ? "" : ` Did you mean "${near}"?`;
}

async function importEntry(path: string, shown: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    // A declaration that is refused has said all there is to say.
    if (error instanceof LivespanError) throw error;
    throw cliError("ENTRY_UNREADABLE", `${shown} could not be loaded: ${placeOf(error, path)}${messageOf(error)}.`, {
      cause: error,
      remedy: remedyFor(error),
    });
  }
}

/** The file and line that an error points at: its first lines for a syntax error, else the first frame of the user's. */
function placeOf(error: unknown, entry: string): string {
  if (!(error instanceof Error)) return "";
  const { stack = "" } = error;
  const places = stack.matchAll(/(?:file:\/\/)?(\/[^\s():]+|[A-Za-z]:\\[^\s():]+):(\d+)/g);
  for (const [, file = "", line] of places) {
    if (file.includes("node:") || file.includes("/node_modules/")) continue;
    const name = decodeURIComponent(file);
    return `${name === entry ? basename(name) : relative(process.cwd(), name)}:${line}: `;
  }
  return "";
}

function remedyFor(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX":
      return "Node runs TypeScript by removing its types: replace enums, namespaces and parameter properties.";
    case "ERR_MODULE_NOT_FOUND":
      return "Install the package, or correct the path; a relative import needs its file extension.";
    default:
      return "Mend that line.";
  }
}
