import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { App } from "../app/app.ts";
import { cliError } from "./errors.ts";
import { exitCodes, keepCode } from "../host/exit-code.ts";
import { LivespanError, messageOf } from "../kernel/errors.ts";
import { nearest } from "../kernel/nearest.ts";

/** Looked for when no file is named. */
const candidates = ["app.ts", "src/app.ts", "app.js", "src/app.js", "app.mjs"];

/** A file to be loaded. */
export interface Entry {
  /** Absolute. */
  readonly path: string;
  /** As it is called in messages: that of the source where it was built. */
  readonly shown: string;
}

/** The app that a file exports. @throws LivespanError ENTRY_UNREADABLE or ENTRY_NO_APP. */
export async function loadApp(entry: Entry): Promise<App<unknown>> {
  return appFrom(await loadModule(entry), entry.shown);
}

/** The app among what a file exports. @throws LivespanError ENTRY_NO_APP */
export function appFrom(module: Readonly<Record<string, unknown>>, shown: string): App<unknown> {
  const { default: app } = module;
  if (app instanceof App) return app as App<unknown>;
  if (app === undefined) {
    const named = Object.keys(module).find((name) => module[name] instanceof App);
    const hint = named === undefined ? "" : ` It exports an app as "${named}".`;
    throw cliError("ENTRY_NO_APP", `${shown} has no default export.${hint}`, {
      remedy: `End it with: export default ${named ?? "app"};`,
    });
  }
  const type = typeOf(app);
  const foreign = type === "App";
  const what = foreign ? "an app of another copy of livespan" : `no app but a value of type ${type}`;
  throw cliError("ENTRY_NO_APP", `${shown} exports ${what} as its default.`, {
    remedy: foreign
      ? "Make sure that livespan is installed once: npm ls livespan."
      : "Export what createApp() returned; another framework's app can be mounted in it.",
  });
}

/** The file that was named, or the one that is there. @throws LivespanError ENTRY_MISSING */
export function findEntry(entry: string | undefined): Entry {
  const path = entryPath(entry);
  return { path, shown: shownPath(path) };
}

export function shownPath(path: string): string {
  return relative(process.cwd(), path) || path;
}

/** What a value is to those who wrote it: of a class, or of a type. */
function typeOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  return typeof value.constructor === "function" ? value.constructor.name : "object";
}

/** The file that is meant: an absolute path. @throws LivespanError ENTRY_MISSING */
export function entryPath(entry: string | undefined): string {
  const path = entry === undefined ? candidates.find((each) => existsSync(each)) : entry;
  if (path === undefined) {
    throw cliError(
      "ENTRY_MISSING",
      `no file was named, and there is none of ${candidates.join(", ")} in ${process.cwd()}.`,
    );
  }
  const absolute = resolve(path);
  const found = statSync(absolute, { throwIfNoEntry: false });
  if (found?.isFile() === true) return absolute;
  throw cliError(
    "ENTRY_MISSING",
    found === undefined ? `there is no file ${path}.${nearFile(absolute)}` : `${path} is not a file.`,
  );
}

function nearFile(path: string): string {
  const folder = dirname(path);
  if (!existsSync(folder)) return "";
  const near = nearest(basename(path), readdirSync(folder));
  return near === undefined ? "" : ` Did you mean "${near}"?`;
}

/** What a file exports. @throws LivespanError ENTRY_UNREADABLE */
export async function loadModule(entry: Entry): Promise<Record<string, unknown>> {
  const { shown } = entry;
  try {
    return await imported(entry);
  } catch (error) {
    if (error instanceof SyntaxError && placeOf(error) === "") leaveToNode(error);
    throw unreadable(error, shown);
  }
}

/** Imports a file. Where nothing is left that could bring its end about, Node would end the process without a word of the app. */
export async function imported({ path, shown }: Entry): Promise<Record<string, unknown>> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = (): void =>
    reject(
      cliError("ENTRY_UNREADABLE", `${shown} could not be loaded: an await at the top level of it never ends.`, {
        remedy:
          "Look for it in what it imports as well. What is opened there can be a lifespan, which has a time limit.",
      }),
    );
  process.once("beforeExit", giveUp);
  try {
    return (await Promise.race([import(pathToFileURL(path).href), promise])) as Record<string, unknown>;
  } finally {
    process.off("beforeExit", giveUp);
  }
}

/** What loading a file threw, with the place of the user's that it points at. */
export function unreadable(error: unknown, shown: string): LivespanError {
  const place = placeOf(error);
  // A declaration that is refused has said all else that there is to say.
  if (error instanceof LivespanError) return new LivespanError(error.code, `${place}${error.message}`, "", error);
  return cliError("ENTRY_UNREADABLE", `${shown} could not be loaded: ${place}${messageOf(error)}.`, {
    cause: error,
    remedy: remedyFor(error),
  });
}

/** Only Node knows where plain JavaScript is broken, and says it when nobody catches the error. */
function leaveToNode(error: SyntaxError): void {
  keepCode(exitCodes.invalidConfiguration);
  process.nextTick(() => {
    throw error;
  });
}

/** A line of a stack that points into a file: the head of a syntax error, or a frame. */
const pointer = /^(?:at (?:.* \()?)?((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/]).*?):(\d+)(?::\d+\)?)?$/;

/** Where this package's own code lies; an error that it throws is the user's. */
const ownFolder = fileURLToPath(new URL("..", import.meta.url));

/** The first file and line of the user's that an error points at. */
function placeOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  for (const line of stack.split("\n")) {
    const [, file, at] = pointer.exec(line.trim()) ?? [];
    if (file === undefined || /[\\/]node_modules[\\/]/.test(file)) continue;
    const path = file.startsWith("file:") ? fileURLToPath(file) : file;
    if (!path.startsWith(ownFolder)) return `${relative(process.cwd(), path)}:${at}: `;
  }
  return "";
}

const orBuild = "or run livespan build, which can: livespan check .livespan checks what it built.";

/** What Node says of a module that was built and imports something that is not there. */
const isInBuild = /imported from .*[\\/]build-\w+[\\/]server[\\/]app[\\/]/;

function remedyFor(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX":
      return `Node only removes types. Replace enums, namespaces and parameter properties, ${orBuild}`;
    case "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING":
      return `Node runs no TypeScript of packages. Link the package to its sources, ${orBuild}`;
    case "ERR_MODULE_NOT_FOUND":
      return isInBuild.test(messageOf(error))
        ? "Install the package, or bring along the file: what the build does not contain is looked for where it was."
        : "Install the package, or correct the path; a relative import needs its file extension, an alias livespan build.";
    case "ERR_UNKNOWN_FILE_EXTENSION":
      return "Node runs .ts, .mts, .js and .mjs files.";
    default:
      if (!(error instanceof SyntaxError)) return "It was thrown while the file was loaded.";
      return takenForScript.test(error.message)
        ? 'Its package.json says that it is no module: put "type": "module" there.'
        : "Mend that line.";
  }
}

/** What V8 says of a module that Node was told to take for CommonJS, as the package.json that npm writes does. */
const takenForScript = /import statement outside a module|Unexpected token 'export'/;
