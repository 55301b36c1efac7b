import { setImmediate as turn } from "node:timers/promises";
import type { EvaluatedModuleNode, EvaluatedModules } from "vite/module-runner";

/**
 * The modules of a program that have run. What is stale is taken out, and not made anew in its place: code of it that still
 * runs then has its own, and whatever is imported next begins from nothing.
 */
export class ModuleGraph {
  private readonly modules: EvaluatedModules;
  /** What had run when the load that goes on began. */
  private before: ReadonlySet<EvaluatedModuleNode> | undefined;
  /** Whether the last load has come to its end, and well. */
  private whole = false;

  constructor(modules: EvaluatedModules) {
    this.modules = modules;
  }

  get isWhole(): boolean {
    return this.whole;
  }

  /** Whether the last load has come to its end, and not well. */
  get hasFailed(): boolean {
    return !this.whole && this.before === undefined;
  }

  /** Begins a load, and gives up one that goes on. The returned function says whether it is the last that was begun. */
  begin(): () => boolean {
    this.giveUp();
    this.whole = false;
    const before = new Set(this.modules.idToModuleMap.values());
    this.before = before;
    return () => this.before === before;
  }

  finish(): void {
    this.whole = true;
    this.before = undefined;
  }

  /** Takes out what an unfinished load has begun: it may have declared one half of something. */
  giveUp(): void {
    const { before } = this;
    this.before = undefined;
    if (before !== undefined)
      this.drop(Array.from(this.modules.idToModuleMap.values()).filter((each) => !before.has(each)));
  }

  /** Takes out everything. */
  clear(): void {
    this.modules.clear();
    this.before = undefined;
  }

  has(module: Readonly<EvaluatedModuleNode>): boolean {
    return this.modules.getModuleById(module.id) === module;
  }

  byFile(file: string): readonly EvaluatedModuleNode[] {
    return [...(this.modules.getModulesByFile(file) ?? [])];
  }

  byId(id: string): EvaluatedModuleNode | undefined {
    return this.modules.getModuleById(id);
  }

  /** Whether a module that is still there has imported it. */
  isImported(module: EvaluatedModuleNode): boolean {
    return Array.from(module.importers, (id) => this.byId(id)).some((importer) => importer?.imports.has(module.id));
  }

  /** Takes out modules, and all that import them. */
  drop(modules: Iterable<EvaluatedModuleNode>): void {
    const stale = new Set(modules);
    // A set may grow while it is walked; imports may go in circles.
    for (const each of stale) {
      for (const id of each.importers) {
        const importer = this.byId(id);
        if (importer !== undefined) stale.add(importer);
      }
    }
    const { idToModuleMap, fileToModulesMap, urlToIdModuleMap } = this.modules;
    for (const each of stale) {
      idToModuleMap.delete(each.id);
      fileToModulesMap.get(each.file)?.delete(each);
    }
    for (const [url, module] of urlToIdModuleMap) if (stale.has(module)) urlToIdModuleMap.delete(url);
  }

  /** Takes out what has failed: whoever imports it next would get the same error for ever. What still runs has not. */
  async dropFailed(): Promise<void> {
    const notYet = turn(false);
    const look = async (module: EvaluatedModuleNode): Promise<EvaluatedModuleNode[]> => {
      const failed = module.promise?.then(
        () => false,
        () => true,
      );
      return (await Promise.race([failed ?? notYet, notYet])) ? [module] : [];
    };
    const failed = await Promise.all(Array.from(this.modules.idToModuleMap.values(), look));
    this.drop(failed.flat());
  }
}
