import { createRequire, findPackageJSON } from "node:module";
import { readFile } from "node:fs/promises";
import { extname, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { types } from "node:util";

const { cache } = createRequire(import.meta.url);

export interface CommonJsOptions {
  /** Whether it has syntax that only modules have. */
  isModule(file: string, text: string): boolean;
  /** Node is about to run it. */
  loaded(file: string, text: string): void;
}

/** A program's own files that are CommonJS, or are required by its code: Node runs them, as it does in production. */
export class CommonJs {
  private readonly options: CommonJsOptions;
  private count = 0;

  constructor(options: CommonJsOptions) {
    this.options = options;
  }

  /** Where Node imports a file from that is CommonJS, each time anew; undefined for any other. */
  async urlOf(file: string): Promise<string | undefined> {
    if (!/\.(?:js|cjs|cts)$/.test(file)) return undefined;
    const text = await readFile(file, "utf8").catch(() => "");
    if (extname(file) === ".js" && !(await this.isScript(file, text))) return undefined;
    this.options.loaded(file, text);
    return `${pathToFileURL(file).href}?${++this.count}`;
  }

  isRequired(file: string): boolean {
    return cache[file] !== undefined;
  }

  /** All of the program's own that was required is to run again when it is asked for; but Node runs a module only once. */
  clear(): void {
    for (const [file, loaded] of Object.entries(cache)) {
      const isOwn = !file.includes(`${sep}node_modules${sep}`) && !types.isModuleNamespaceObject(loaded?.exports);
      if (isOwn) delete cache[file];
    }
  }

  private async isScript(file: string, text: string): Promise<boolean> {
    if (!/\b(?:module|exports|require)\b/.test(text) || this.options.isModule(file, text)) return false;
    const manifest = findPackageJSON(pathToFileURL(file));
    return manifest === undefined || !/"type"\s*:\s*"module"/.test(await readFile(manifest, "utf8"));
  }
}
