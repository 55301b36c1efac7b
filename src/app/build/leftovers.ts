import { hostname } from "node:os";
import { join } from "node:path";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { readManifest } from "./manifest.ts";

/** Lies in the folder of a build that is being written, and says by which process: it is no leftover of a former one. */
const mark = "unfinished";

/** Milliseconds after which nobody is taken to write a build any more. */
const longest = 3_600_000;

/** @param folder is made */
export async function markUnfinished(folder: string): Promise<void> {
  const unnamed = `${folder}.new`;
  await mkdir(unnamed, { recursive: true });
  await writeFile(join(unnamed, mark), JSON.stringify([hostname(), process.pid]));
  // Nobody sees it without its mark.
  await rename(unnamed, folder);
}

export async function unmark(folder: string): Promise<void> {
  await rm(join(folder, mark));
}

/** Removes builds from a folder, except those that are kept, the one that runs, and what others are writing. */
export async function removeOlder(out: string, kept: readonly (string | undefined)[]): Promise<void> {
  const names = (await readdir(out)).filter((name) => /^build-\w+$/.test(name) && !kept.includes(name));
  const written = await Promise.all(names.map(async (name) => await isBeingWritten(join(out, name))));
  // Asked last: one that has no mark any more has been put in its place before.
  const current = await readManifest(out);
  const old = names.filter((name, index) => written[index] !== true && name !== current?.folder);
  // Another build may do the same at the same time.
  for (const name of old) await rm(join(out, name), { recursive: true, force: true, maxRetries: 3 });
}

async function isBeingWritten(folder: string): Promise<boolean> {
  try {
    const path = join(folder, mark);
    const [host, pid] = JSON.parse(await readFile(path, "utf8")) as readonly [string, number];
    if (Date.now() - (await stat(path)).mtimeMs > longest) return false;
    // Of another machine, or another container, nothing can be asked.
    return host !== hostname() || isAlive(pid);
  } catch {
    // It has none: it is finished.
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    // The number may have been given anew, and to nobody as likely as to this process itself.
    return pid !== process.pid && process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
