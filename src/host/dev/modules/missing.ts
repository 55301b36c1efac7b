import { dirname, join } from "node:path";
import { watch, type FSWatcher } from "node:fs";
import type { Clock } from "../../../kernel/clock.ts";

/** Whether it can be found now. */
type Find = (specifier: string, importer: string) => Promise<boolean>;

/** Milliseconds without a further change after which packages count as installed. */
const quiet = 75;

export interface MissingOptions {
  readonly clock: Clock;
  /** Packages have come or gone. */
  installed(): Promise<void>;
}

/**
 * Imports that were in vain. Nobody says when what they want is there: a file has no importers before it exists, and the
 * folders of packages are not watched but for this.
 */
export class MissingImports implements Disposable {
  private readonly specifiers = new Map<string, Set<string>>();
  private readonly watchers = new Map<string, FSWatcher | undefined>();
  private readonly options: MissingOptions;
  private cancel = (): void => {};

  constructor(options: MissingOptions) {
    this.options = options;
  }

  /** `importer` is a path. */
  add(specifier: string, importer: string): void {
    const known = this.specifiers.get(importer) ?? new Set();
    this.specifiers.set(importer, known.add(specifier));
    if (/^[./\\]/.test(specifier)) return;
    const [scope = ""] = specifier.split("/");
    for (let folder = dirname(importer); ; folder = dirname(folder)) {
      this.watch(join(folder, "node_modules"));
      if (scope.startsWith("@")) this.watch(join(folder, "node_modules", scope));
      if (folder === dirname(folder)) return;
    }
  }

  /** It is looked at anew. */
  forget(importer: string): void {
    this.specifiers.delete(importer);
  }

  /** The files one of whose imports can be found now. */
  async found(find: Find): Promise<readonly string[]> {
    const asked = Array.from(this.specifiers, async ([importer, specifiers]) => {
      const finds = await Promise.all(Array.from(specifiers, (specifier) => find(specifier, importer)));
      return finds.includes(true) ? [importer] : [];
    });
    return (await Promise.all(asked)).flat();
  }

  [Symbol.dispose](): void {
    this.cancel();
    for (const watcher of this.watchers.values()) watcher?.close();
    this.watchers.clear();
  }

  private watch(folder: string): void {
    if (this.watchers.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, () => this.changed());
      this.watchers.set(folder, watcher);
      watcher.on("error", () => {
        watcher.close();
        this.watchers.delete(folder);
      });
    } catch {
      // There is no such folder, or it may not be watched: the next save looks again.
    }
  }

  private changed(): void {
    const { clock, installed } = this.options;
    this.cancel();
    this.cancel = clock.after(quiet, () => void installed());
  }
}
