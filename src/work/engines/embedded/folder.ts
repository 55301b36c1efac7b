import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where a project keeps its data: the folder that LIVESPAN_DATA names, else `.livespan` beside the nearest package.json from
 * `cwd` upwards, else `.livespan` in `cwd`.
 */
export function dataFolder(env: Environment = process.env, cwd = process.cwd()): string {
  const named = env["LIVESPAN_DATA"];
  return named === undefined || named === "" ? join(projectFolder(cwd), ".livespan") : resolve(cwd, named);
}

function projectFolder(cwd: string): string {
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (folder === dirname(folder)) return cwd;
  }
}

/** Makes the folder. One that it makes for data is kept out of version control. */
export function makeFolder(folder: string, isForData: boolean): void {
  const made = mkdirSync(folder, { recursive: true }) !== undefined;
  if (made && isForData) writeFileSync(join(folder, ".gitignore"), "*\n");
}

/** As people would write it: from the current folder where it is inside of that. */
export function shown(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith("..") || isAbsolute(path) ? file : path;
}
