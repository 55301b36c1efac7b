import { dirname, resolve, sep } from "node:path";
import { findPackageJSON } from "node:module";
import { pathToFileURL } from "node:url";

/**
 * The folders of packages that are linked, as those of a workspace are: they lie outside of the folder that is watched, and
 * nobody else would tell of a file there that Node runs by itself, or that was not there when it was asked for.
 */
export class LinkedPackages {
  private readonly root: string;
  private readonly watch: (path: string) => unknown;
  private readonly watched = new Set<string>();

  /** `root` is watched already. */
  constructor(root: string, watch: (path: string) => unknown) {
    this.root = resolve(root);
    this.watch = watch;
  }

  /** A file, by its path, is one of the program's. */
  has(name: string): void {
    const file = resolve(name);
    if (isWithin(file, this.root) || file.includes(`${sep}node_modules${sep}`)) return;
    const manifest = findPackageJSON(pathToFileURL(file));
    const folder = manifest === undefined ? undefined : dirname(manifest);
    // What holds the root as well is no package beside it, and may be large.
    const path = folder === undefined || isWithin(this.root, folder) ? file : folder;
    if (this.watched.has(path)) return;
    this.watched.add(path);
    this.watch(path);
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}
