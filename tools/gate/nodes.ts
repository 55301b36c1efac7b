import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { command, npm, root } from "../command.ts";

const cache = join(root, "node_modules/.cache/livespan-nodes");

/** The path of an exact Node from npm, fetched on first use. */
export async function nodeAt(version: string, signal: AbortSignal): Promise<string> {
  if (version === process.versions.node) return process.execPath;
  const folder = join(cache, version);
  const node = join(folder, "node_modules/node/bin", process.platform === "win32" ? "node.exe" : "node");
  if ((await versionOf(node, signal)) === version) return node;
  await mkdir(folder, { recursive: true });
  const manifest = { private: true, dependencies: { node: version }, allowScripts: { node: true } };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  const flags = ["--ignore-scripts=false", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
  const { output } = await command(npm("install", "--prefix", folder, ...flags), { cwd: folder, signal });
  const got = await versionOf(node, signal);
  if (got === version) return node;
  throw new Error(`Node ${version} could not be installed from npm (got ${got}).\n${output}`);
}

async function versionOf(node: string, signal: AbortSignal): Promise<string> {
  const probe = await command([node, "-p", "process.versions.node"], { signal }).catch(() => undefined);
  return probe?.code === 0 ? probe.output.trim() : "none";
}
