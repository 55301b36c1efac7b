import { basename, dirname } from "node:path";
import type { ViteDevServer } from "vite";

/** Whether Vite starts itself anew when this file changes. */
export function isSetting(file: string, server: ViteDevServer): boolean {
  const { configFile, configFileDependencies } = server.config;
  const isKnown = file === configFile || configFileDependencies.includes(file);
  return isKnown || basename(file).startsWith(".env") || isNewConfig(file, server);
}

/** A configuration that was not there when Vite looked for one. */
export function isNewConfig(file: string, { config }: ViteDevServer): boolean {
  return (
    config.configFile === undefined &&
    dirname(file) === config.root &&
    /^vite\.config\.[cm]?[jt]s$/.test(basename(file))
  );
}
