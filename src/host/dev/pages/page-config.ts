import { accessSync, constants, realpathSync } from "node:fs";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { tmpdir } from "node:os";
import type { InlineConfig, PluginOption } from "vite";
import type { PageServer } from "./page-server.ts";
import { guard, ownFolder } from "../../../app/pages/guard.ts";
import { viteLog } from "./vite-log.ts";
import { ownNames, type Vite } from "../modules/runner.ts";

/** Under this everything lies that browsers ask of Vite: no path of an app's. */
export const devBase = "/@dev/";

/** What this package's part in a page is imported by. */
const forReact = /^livespan\/(?:react|client)\b/;

/**
 * Of this package's names, those that are loaded as Node does where pages are rendered. Where that would find another React
 * than the page's own, as in a linked folder, this package's part in pages runs like one of theirs instead.
 */
export function loadedForPages(root: string): readonly string[] {
  const theirs = placeOf(root, "react");
  const isShared = theirs !== undefined && theirs === placeOf(ownFolder, "react");
  return isShared ? ownNames : ownNames.filter((name) => !forReact.test(name));
}

/** What a Vite server needs to be told so that it serves pages. */
export function pagesConfig(
  vite: Vite,
  { place, plugin, relay, loaded, log }: PageServer,
  react: PluginOption,
): InlineConfig {
  const { root, config } = place;
  const bundled = ["react", "react/jsx-runtime", "react/jsx-dev-runtime", "react-dom", "react-dom/client"];
  const cacheDir = cacheOf(root);
  return {
    root,
    ...(config !== undefined && { configFile: config === false ? false : join(root, config) }),
    customLogger: viteLog(log, root),
    base: devBase,
    appType: "custom",
    clearScreen: false,
    // What lies in such a folder would be served as it is, the guard passed by.
    publicDir: false,
    cacheDir,
    resolve: { dedupe: ["react", "react-dom"] },
    oxc: { jsx: { runtime: "automatic" } },
    server: {
      middlewareMode: true,
      ws: { server: relay },
      watch: { ignored: ["**/.livespan/**"] },
      fs: { allow: [vite.server.searchForWorkspaceRoot(root), join(ownFolder, "dist"), cacheDir] },
    },
    optimizeDeps: {
      // Pages are known once the app is: what they import is found as they are looked at, before any browser is answered.
      entries: [],
      include: bundled.filter((name) => placeOf(root, name) !== undefined),
    },
    environments: {
      pages: {
        consumer: "server",
        resolve: loaded === ownNames ? { external: ownNames } : { noExternal: ["livespan"] },
      },
    },
    plugins: [plugin, guard(), react],
  };
}

/** A folder that can be written, for packages as browsers get them. */
function cacheOf(root: string): string {
  const [folder] = [join(root, "node_modules"), root].filter(isWritable);
  const digest = createHash("sha256").update(root).digest("hex").slice(0, 12);
  return folder === undefined ? join(tmpdir(), `livespan-${digest}`) : join(folder, ".livespan", "vite");
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The file of a package that is found from a folder. */
export function placeOf(folder: string, name: string): string | undefined {
  try {
    return realpathSync(createRequire(join(folder, "package.json")).resolve(name));
  } catch {
    return undefined;
  }
}
