import { findPackageJSON, isBuiltin } from "node:module";
import { realpathSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { Plugin } from "vite";
import { appError } from "../errors.ts";
import { pathOf } from "../pages/guard.ts";
import { sourceFrom, type Places } from "./place.ts";

/** Local files that Node runs and a bundler would change, or could not hold. */
const leftAlone = /\.(?:cjs|cts|node|wasm)$/;

/** What Node does not run where packages are installed, and runs elsewhere only in part. */
const typeScript = /(?<!\.d)\.(?:[cm]?ts|tsx|jsx)$/;

/** Stands for a file that is loaded from where its source is, until the module that imports it has been written. */
const sourceMark = "livespan-source:";

/**
 * Builds the app's own modules, and leaves packages to Node, which finds them from what was built as it does from the sources.
 * This package is always one of them: it must be the copy that runs the app. A package of sources, as one of a workspace is, is
 * built with the app: Node would not run it from where it is installed.
 */
export function packages(places: Places): Plugin {
  /** The folders of packages that are built. */
  const built = new Set<string>();
  return {
    name: "livespan:packages",
    enforce: "pre",
    resolveId: {
      order: "pre",
      async handler(source, importer, options) {
        if (isBuiltin(source)) return { id: source, external: true };
        const from = importer === undefined ? undefined : pathOf(importer);
        // What a plugin made up imports what it will; a bundler's own parts are no packages of the app's.
        if (from === undefined) return null;
        const isBare = /^[^./\0#]/.test(source) && !/^[A-Za-z][\w+.-]+:|^[A-Za-z]:[\\/]/.test(source);
        const resolved = await this.resolve(source, importer, { ...options, skipSelf: true });
        const found = isBare ? manifestOf(source, from) : undefined;
        if (found !== undefined) {
          const path = pathOf(resolved?.id ?? "");
          const isOther = path !== undefined && !isOwn.test(source);
          // A bundler drops what Node has to be told of it, and holds it as well.
          if (isOther && path.endsWith(".json")) return resolved;
          if (isOther && typeScript.test(path)) {
            built.add(dirname(realpathSync(found)));
            return resolved;
          }
          const hasPlace = isOther && built.values().some((folder) => from.startsWith(folder + sep));
          const isFound = isFromThere(found, source, from, places, hasPlace);
          return { id: isFound ? source : sourceMark + path, external: true };
        }
        if (resolved === null) return isBare ? { id: source, external: true } : null;
        if (resolved.external) return resolved;
        const path = pathOf(resolved.id);
        if (path !== undefined && leftAlone.test(path)) return { id: sourceMark + path, external: true };
        const isForeign = /^[^./]/.test(source) && /[\\/]node_modules[\\/]/.test(path ?? "");
        return isForeign && !source.startsWith("@oxc-project/") ? { id: source, external: true } : resolved;
      },
    },
  };
}

/**
 * Whether what was built finds a package by its name as its source does. What a package that is built needs may be installed
 * for that one alone: `hasPlace` lets it be found by where it is. @throws LivespanError SERVER_BUILD when it cannot be found
 */
function isFromThere(found: string, source: string, importer: string, { to }: Places, hasPlace: boolean): boolean {
  const then = manifestOf(source, join(to, "module.mjs"));
  if (then !== undefined && realpathSync(then) === realpathSync(found)) return true;
  if (hasPlace) return false;
  const instead = then === undefined ? "finds none" : `finds ${then}`;
  throw appError(
    "SERVER_BUILD",
    `${importer} imports "${source}", which is ${found}; but what is built into ${to} ${instead}.`,
    { remedy: "Install the package where the app is too, or import that code as a package of its own." },
  );
}

/** This package and its parts. */
const isOwn = /^livespan(?:\/|$)/;

function manifestOf(source: string, from: string): string | undefined {
  try {
    return findPackageJSON(source, pathToFileURL(from).href);
  } catch {
    return undefined;
  }
}

/** Puts the place of each file that was left alone where its mark stands. */
export function placeSources(code: string, from: string, places: Places): string {
  return code.replaceAll(new RegExp(`"${sourceMark}([^"]+)"`, "g"), (_, path: string) =>
    JSON.stringify(sourceFrom(from, path, places)),
  );
}
