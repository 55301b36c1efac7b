import { dirname, resolve } from "node:path";
import { existsSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { shownPath } from "../entry.ts";

/** A module of the app's own: its path, what it says, and what it exports. */
interface Module {
  readonly path: string;
  readonly text: string;
  readonly exports: readonly unknown[];
}

/** The app's own modules that were loaded, packages left out. */
export class Modules {
  private readonly all: readonly Module[];
  private readonly lines = new Map<string, ReadonlyMap<Module, readonly string[]>>();

  private constructor(all: readonly Module[]) {
    this.all = all;
  }

  /** Notes what is loaded while `load` runs. What it throws is left to whoever asks for `loaded`. */
  static async during<T>(load: () => Promise<T>): Promise<{ readonly modules: Modules; readonly loaded: Promise<T> }> {
    const urls = new Set<string>();
    const hooks = registerHooks({
      load(url, context, next) {
        if (url.startsWith("file:") && !url.includes("/node_modules/") && isModule.test(url)) urls.add(url);
        return next(url, context);
      },
    });
    const loaded = load();
    const isLoaded = await loaded.then(
      () => true,
      () => false,
    );
    hooks.deregister();
    // Asked again, what failed may take for ever.
    return { modules: new Modules(isLoaded ? await Promise.all(Array.from(urls, read)) : []), loaded };
  }

  /** Everything that they export, once. */
  get exports(): ReadonlySet<unknown> {
    return new Set(this.all.flatMap((module) => module.exports));
  }

  /**
   * Where something of that name is declared: where it is exported, if it is, or else wherever a declaration says the name.
   * A declaration does not know its place; its text can be found.
   */
  placesOf(name: string, declared?: unknown): readonly string[] {
    const lines = this.linesOf(name);
    const exporting = this.all.filter(({ exports }) => declared !== undefined && exports.includes(declared));
    const places = exporting.flatMap((module) => lines.get(module)!);
    return places.length > 0 ? places : [...lines.values()].flat();
  }

  /** Looked for once: what is said of many of one name asks as often. */
  private linesOf(name: string): ReadonlyMap<Module, readonly string[]> {
    const known = this.lines.get(name) ?? new Map(this.all.map((module) => [module, linesOf(module, name)]));
    this.lines.set(name, known);
    return known;
  }
}

const isModule = /\.[cm]?[jt]sx?(?:[?#]|$)/;

async function read(url: string): Promise<Module> {
  const path = sourceOf(fileURLToPath(url));
  const text = readFileSync(path, "utf8");
  try {
    // It has been loaded: this asks for what is there.
    return { path, text, exports: Object.values((await import(url)) as object) };
  } catch {
    // What it threw has been said of the entry.
    return { path, text, exports: [] };
  }
}

/** Of a module that was built of one source: that one, as far as it is there. */
function sourceOf(path: string): string {
  try {
    const { sources } = JSON.parse(readFileSync(`${path}.map`, "utf8")) as { readonly sources: readonly string[] };
    const source = resolve(dirname(path), sources[0]!);
    return sources.length === 1 && existsSync(source) ? source : path;
  } catch {
    return path;
  }
}

function linesOf({ path, text }: Module, name: string): string[] {
  const quoted = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const declares = new RegExp(
    `\\b(?:lifespan|lifespanTask|task|workflow|createWorker|defineState|page)\\s*(?:<[^()]*>)?\\(\\s*["'\`]${quoted}["'\`]`,
    "g",
  );
  return Array.from(text.matchAll(declares), ({ index }) => {
    return `${shownPath(path)}:${text.slice(0, index).split("\n").length}`;
  });
}
