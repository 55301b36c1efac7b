import { existsSync, readFileSync, realpathSync } from "node:fs";
import { findPackageJSON, isBuiltin } from "node:module";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import type { Plugin } from "vite";
import type { LivespanError } from "../../kernel/errors.ts";
import { appError } from "../errors.ts";

/** A state's file, by the name that all such files have. */
const stateFile = /\.state\.[cm]?[jt]sx?$/i;

/** What of this package is for browsers. */
const forBrowsers = /^livespan\/(?:client|react)$/;

/** Where this package lies, and which of its files browsers may have. */
export const ownFolder = dirname(findPackageJSON(import.meta.url)!);
const ownForBrowsers = /^(?:src|dist)\/live\/(?:client|react|wire)\/(?!server\b)/;

/**
 * A Vite plugin that fails the build when what belongs to the server would reach browsers: a `*.state.ts` file, one of this
 * package's server modules, or a module of Node's. Types may be imported from anywhere.
 */
export function guard(): Plugin {
  /** Of each module, the first that imported it. */
  const importers = new Map<string, string>();
  const refuse = (what: string, importer: string | undefined): LivespanError => {
    const chain = chainOf(importer, importers).map(shown);
    const by = chain.length === 0 ? "" : ` It is imported by ${chain.join(", which is imported by ")}.`;
    return appError("PAGE_GUARD", `${what} would reach the browser.${by}`);
  };
  return {
    name: "livespan:guard",
    enforce: "pre",
    // Workers are built by themselves, with plugins of their own.
    config: () => ({ worker: { plugins: () => [guard()] } }),
    applyToEnvironment: ({ config }) => config.consumer === "client",
    resolveId: {
      order: "pre",
      async handler(source, importer, options) {
        const named = serverPackage(source);
        if (named !== undefined) throw refuse(named, importer);
        const resolved = await this.resolve(source, importer, { ...options, skipSelf: true });
        const nodes = isBuiltin(source) && isStub(resolved) && !isGivenUp(source, importer);
        if (nodes) throw refuse(`Node's module "${source}"`, importer);
        if (resolved === null) return null;
        if (importer !== undefined && !importers.has(resolved.id)) importers.set(resolved.id, importer);
        // A link may have a state's name and lead to a file that has not.
        const file = serverFile(resolved.id) ?? (stateFile.test(withoutQuery(source)) ? source : undefined);
        if (file !== undefined) throw refuse(file, importer);
        return resolved;
      },
    },
    load: {
      order: "pre",
      handler(id) {
        const file = serverFile(id);
        if (file !== undefined) throw refuse(file, importers.get(id));
      },
    },
    transform: {
      order: "pre",
      async handler(code, id) {
        for (const name of unloaded(code, id)) {
          const path = name.startsWith(".") ? undefined : (await this.resolve(name, id, { skipSelf: true }))?.id;
          const file = serverFile(path ?? resolve(dirname(pathOf(id) ?? ""), name));
          if (file !== undefined) throw refuse(file, id);
        }
      },
    },
    /** Whatever way a file came by, it is among what was made. */
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const { root } = this.environment.config;
        const written = Object.values(bundle).flatMap((file) =>
          file.type === "chunk" ? file.moduleIds : file.originalFileNames.map((name) => resolve(root, name)),
        );
        for (const id of [...this.getModuleIds(), ...written]) {
          const file = serverFile(id);
          if (file !== undefined) throw refuse(file, importers.get(id));
        }
      },
    },
  };
}

export const styleSheet = /\.(?:css|less|s[ac]ss|styl(?:us)?|pcss|sss)$/;

/** What a module names that is read without being loaded: by `new URL()`, or in a style sheet. */
function unloaded(code: string, id: string): string[] {
  const isStyle = styleSheet.test(pathOf(id) ?? "");
  const pattern = isStyle
    ? /(?:url\(|@import)\s*["']?([^"'()\s]+)/g
    : // Comments, parentheses and types may stand between.
      /\bnew\s+URL\s*\([^"'`]*["'`]([^"'`]+)["'`][^,]*,[^)]*import\.meta\.url/g;
  const names = Array.from(code.matchAll(pattern), ([, name = ""]) => name);
  // What is computed becomes a pattern of imports, each of which is resolved.
  return names.filter((name) => !/^(?:data|https?):|\$\{/.test(name));
}

function serverPackage(source: string): string | undefined {
  const name = withoutQuery(source);
  const isOwn = name === "livespan" || name.startsWith("livespan/");
  return isOwn && !forBrowsers.test(name) ? `"${name}"` : undefined;
}

/** The file behind a module's id when it is the server's: by the name it was called, and by that of what it links to. */
function serverFile(id: string): string | undefined {
  const path = pathOf(id);
  if (path === undefined) return undefined;
  const real = realOf(path);
  if (stateFile.test(path) || stateFile.test(real)) return shown(real);
  const own = relative(ownFolder, real).split(sep).join("/");
  const isOwnServer = /^(?:src|dist)\/(?!chunks\/)/.test(own) && !ownForBrowsers.test(own);
  return isOwnServer ? shown(real) : undefined;
}

function withoutQuery(id: string): string {
  return id.replace(/[?#].*$/, "");
}

/** A module's file: without what a plugin marked it by, without its query, and not as the dev server writes it. */
export function pathOf(id: string): string | undefined {
  const path = id
    .replace(/^\0/, "")
    .replace(/[?#].*$/, "")
    .replace(/^\/@fs(?=\/)/, "");
  return isAbsolute(path) ? path : undefined;
}

/** Native: where case does not count, this gives the name that the disk has. */
function realOf(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

function isStub(resolved: { readonly id: string; readonly external?: unknown } | null): boolean {
  return resolved === null || Boolean(resolved.external) || resolved.id.includes("__vite-browser-external");
}

/** Whether a package says by itself that it does without one of Node's modules in browsers. */
function isGivenUp(source: string, importer: string | undefined): boolean {
  const path = importer === undefined ? undefined : pathOf(importer);
  if (path === undefined || !path.includes(`${sep}node_modules${sep}`)) return false;
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (!existsSync(manifest)) continue;
    const { browser }: { readonly browser?: unknown } = JSON.parse(readFileSync(manifest, "utf8"));
    return (
      typeof browser === "object" &&
      browser !== null &&
      Object.entries(browser).some(([name, to]) => name === source && to === false)
    );
  }
  return false;
}

/** From a module up to the page's entry. */
function chainOf(id: string | undefined, importers: ReadonlyMap<string, string>): string[] {
  const chain = new Set<string>();
  for (let each = id; each !== undefined && !chain.has(each); each = importers.get(each)) chain.add(each);
  // The page's entry is imported by what the bundler makes up.
  return [...chain].filter((each) => pathOf(each) !== undefined);
}

function shown(id: string): string {
  const path = pathOf(id) ?? id;
  const short = relative(process.cwd(), path);
  return short.startsWith("..") || short === "" ? path : short.split(sep).join("/");
}
