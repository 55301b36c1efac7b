import { access, constants } from "node:fs/promises";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";

/** The path of the first of these programs that the machine has. */
export async function findProgram(...names: readonly string[]): Promise<string | undefined> {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const name of names) {
    for (const path of folders.map((folder) => join(folder, name))) if (await isProgram(path)) return path;
  }
  return undefined;
}

export async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Installs a package of the system, where that can be done without asking: as root, with apt. False when it cannot. */
export async function install(name: string, signal: AbortSignal): Promise<boolean> {
  if (process.getuid?.() !== 0 || (await findProgram("apt-get")) === undefined) return false;
  if (await apt(["install", "-y", name], signal)) return true;
  // A fresh image has no lists of packages.
  return (await apt(["update"], signal)) && (await apt(["install", "-y", name], signal));
}

async function apt(args: readonly string[], signal: AbortSignal): Promise<boolean> {
  // Runlevel 1: the package is not to start a server of its own.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const child = spawn("apt-get", ["-qq", ...args], { env, signal, stdio: ["ignore", "ignore", "pipe"] });
  const [[code], said] = await Promise.all([once(child, "close"), text(child.stderr)]);
  if (code !== 0) console.error(said.trimEnd());
  return code === 0;
}
