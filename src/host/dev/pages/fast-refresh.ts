import { placeOf } from "./page-config.ts";
import type { Plugin, PluginOption, UserConfig } from "vite";

/** What of a Vite configuration brings React's Fast Refresh, by the plugins' names. */
const bringers = /^vite:react-(?:refresh|swc)/;

export function isFastRefresh({ name }: Plugin): boolean {
  return bringers.test(name);
}

/** The plugin for React's Fast Refresh, for a project that has it and whose own configuration has none; else undefined. */
export async function fastRefresh(root: string): Promise<PluginOption | undefined> {
  if (placeOf(root, "@vitejs/plugin-react") === undefined) return undefined;
  const { default: react } = await import("@vitejs/plugin-react");
  const own = react();
  const isOwn = new Set<unknown>(own);
  const isWanted = ({ plugins = [] }: UserConfig): boolean =>
    !flat(plugins).some((plugin) => !isOwn.has(plugin) && isFastRefresh(plugin));
  for (const plugin of own) {
    const { apply } = plugin;
    plugin.apply = (config, env) => isWanted(config) && (typeof apply === "string" ? apply === env.command : true);
  }
  return own;
}

function flat(options: readonly PluginOption[]): Plugin[] {
  return options.flatMap((option) => {
    if (Array.isArray(option)) return flat(option);
    return typeof option === "object" && option !== null && "name" in option ? [option] : [];
  });
}
