import { findPackageJSON, isBuiltin } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Plugin } from "vite";
import { appError } from "../errors.ts";
import { pathOf } from "../pages/guard.ts";
import { sourceFrom, type Places } from "./place.ts";

/** Local files that Node runs and a bundler would change, or could not hold. */
const leftAlone = /\.(?:cjs|cts|node|wasm)$/;

/** Stands for a file that is loaded from where its source is, until the module that imports it has been written. */
const sourceMark = "livespan-source:";

/**
 * Builds the app's own modules, and leaves packages to Node, which finds them from what was built as it does from the sources.
 * This package is always one of them: it must be the copy that runs the app.
 */
export function packages(places: Places): Plugin {
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
        if (isBare && isPackage(source, from, places)) return { id: source, external: true };
        const resolved = await this.resolve(source, importer, { ...options, skipSelf: true });
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

/** Whether Node finds a package of that name. @throws LivespanError SERVER_BUILD when what was built would find another. */
function isPackage(source: string, importer: string, { to }: Places): boolean {
  const found = manifestOf(source, importer);
  if (found === undefined) return false;
  const then = manifestOf(source, join(to, "module.mjs"));
  if (then === found) return true;
  const instead = then === undefined ? "finds none" : `finds ${then}`;
  throw appError(
    "SERVER_BUILD",
    `${importer} imports "${source}", which is ${found}; but what is built into ${to} ${instead}.`,
    { remedy: "Install the package where the app is too, or import that code as a package of its own." },
  );
}

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
