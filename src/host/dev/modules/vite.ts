import { isAbsolute, join } from "node:path";
import type { DevEnvironment, EnvironmentModuleNode, Plugin, ViteDevServer } from "vite";
import type { EvaluatedModuleNode } from "vite/module-runner";
import type { Clock } from "../../../kernel/clock.ts";
import type { Code, CodeEvents } from "./code.ts";
import type { EnvFiles } from "../../env-files.ts";
import type { Log } from "../../../kernel/log.ts";
import { type LoadedModule, type LoadedModules, printOf } from "./own-code.ts";
import { loadVite, ownNames, Runner, type Vite } from "./runner.ts";
import { CommonJs } from "./common-js.ts";
import { Contents } from "./contents.ts";
import { DevPages } from "../pages/dev-pages.ts";
import { LinkedPackages } from "./linked.ts";
import { isNewConfig, isSetting } from "./setting.ts";
import { MissingImports } from "./missing.ts";
import type { ModuleGraph } from "./graph.ts";

export interface ViteOptions {
  /** The file that is imported: a path. */
  readonly entry: string;
  /** The folder that is watched, and whose packages are found. */
  readonly root: string;
  /** What is in the environment when the program runs. */
  readonly env: EnvFiles;
  readonly events: CodeEvents;
  readonly log: Log;
  readonly clock: Clock;
}

/** What Node 22.18 does not run as it is, `await using` above all, is lowered. Vite reads this at the top level only. */
const target = "node22";

/**
 * A program's modules by way of a Vite dev server: all that the dev loop knows of Vite.
 *
 * @throws LivespanError DEV_PEER
 */
export async function viteCode(options: ViteOptions): Promise<ViteCode> {
  const vite = await loadVite();
  const code = new ViteCode(options, vite);
  const environments = { ssr: { resolve: { external: ownNames } } };
  await code.pages.open({ oxc: { target }, environments, plugins: [code.plugin] });
  return code;
}

export class ViteCode implements Code {
  readonly plugin: Plugin;
  /** The same Vite server gives the program's pages. */
  readonly pages: DevPages;
  private readonly options: ViteOptions;
  private readonly runner: Runner;
  private readonly graph: ModuleGraph;
  private readonly modules: LoadedModules;
  private server: ViteDevServer | undefined;
  private linked: LinkedPackages | undefined;
  private isRestarted = false;
  /** The file for which Vite has started itself anew, or will. */
  private setting: string | undefined;
  private readonly contents: Contents;
  private readonly missing: MissingImports;
  private readonly commonJs: CommonJs;

  constructor(options: ViteOptions, vite: Vite) {
    const { clock } = options;
    this.options = options;
    this.pages = new DevPages(vite, options);
    this.contents = new Contents({ clock, changed: (file) => this.server!.watcher.emit("change", file) });
    this.missing = new MissingImports({ clock, installed: () => this.look("node_modules") });
    this.commonJs = new CommonJs({
      isModule: (file, text) => vite.server.parseSync(file, text).module.hasModuleSyntax,
      loaded: (file, text) => {
        this.linked?.has(file);
        this.contents.loaded(file, text);
      },
    });
    this.plugin = this.pluginOf();
    this.runner = new Runner(vite, {
      environment: () => this.environment,
      loaded: ownNames,
      native: (file) => this.commonJs.urlOf(file),
      missing: (specifier, importer) => this.missing.add(specifier, importer),
    });
    this.graph = this.runner.graph;
    this.modules = this.modulesOf(vite.server.parseSync);
  }

  async load(): Promise<Readonly<Record<string, unknown>>> {
    // What the watcher tells of may be half written.
    this.options.env.read();
    const isLast = this.graph.begin();
    try {
      const module = await this.runner.import<Record<string, unknown>>(this.options.entry);
      if (isLast()) this.graph.finish();
      return module;
    } catch (error) {
      if (isLast()) this.graph.giveUp();
      throw error;
    }
  }

  async reload(): Promise<Readonly<Record<string, unknown>>> {
    this.commonJs.clear();
    this.runner.clear();
    return this.load();
  }

  print(lifespan: string): string | undefined {
    return printOf(lifespan, this.modules);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.missing[Symbol.dispose]();
    this.contents[Symbol.dispose]();
    await this.runner.close();
    await this.pages.close();
  }

  private get environment(): DevEnvironment {
    return this.server!.environments.ssr;
  }

  private modulesOf(parseSync: typeof import("vite").parseSync): LoadedModules {
    const of = ({ meta, exports }: EvaluatedModuleNode): LoadedModule => ({
      exports,
      code: meta !== undefined && "code" in meta ? meta.code : undefined,
    });
    return {
      all: () => Array.from(this.runner.modules.idToModuleMap.values(), of),
      named: (url) => {
        const module = this.runner.modules.getModuleByUrl(url);
        return module && of(module);
      },
      parse: (code) => parseSync("module.mjs", code).program,
    };
  }

  private pluginOf(): Plugin {
    const { contents, missing } = this;
    const { env } = this.options;
    const changed = this.changed.bind(this);
    const linked = (): LinkedPackages => this.linked!;
    return {
      name: "livespan:dev",
      enforce: "pre",
      // Called again when Vite starts itself anew, for a configuration that has changed.
      configureServer: (server) => {
        this.isRestarted = this.server !== undefined;
        this.server = server;
        this.linked = new LinkedPackages(server.config.root, (path) => server.watcher.add(path));
        // One that was named may lie elsewhere. A missing one of the folder itself would keep what comes into that from us.
        server.watcher.add(env.files.filter((file) => !file.startsWith(join(server.config.root, "/"))));
        for (const event of ["add", "change", "unlink"] as const) {
          server.watcher.on(event, (file) => {
            if (event !== "unlink") contents.noticed(file);
            if (env.includes(file)) this.readEnv();
            if (isSetting(file, server)) this.setting = file;
            // Vite knows of those that were there when it started.
            if (event === "add" && isNewConfig(file, server)) void server.restart();
          });
        }
        // Where there are many files the program may be loaded long before each of them is watched.
        server.watcher.once("ready", () => void contents.compare());
      },
      buildStart: () => this.restarted(),
      resolveId: {
        order: "pre",
        async handler(specifier, importer, options) {
          if (this.environment.name !== "ssr" || importer === undefined) return undefined;
          const found = await this.resolve(specifier, importer, { ...options, skipSelf: true });
          if (found === null) missing.add(specifier, fileOf(importer));
          return found;
        },
      },
      transform: {
        order: "pre",
        handler(code, id) {
          if (this.environment.name !== "ssr") return;
          contents.loaded(id, code);
          missing.forget(fileOf(id));
          if (isAbsolute(id)) linked().has(fileOf(id));
        },
      },
      hotUpdate: {
        // Last, to be told what others find affected: those that import by a pattern, of a new file.
        order: "post",
        async handler({ type, file, modules }) {
          if (this.environment.name !== "ssr") return;
          await changed(type, file, modules);
          return [];
        },
      },
    };
  }

  /** Before Vite starts itself anew for such a file, and takes what it is to show from the environment. */
  private readEnv(): void {
    try {
      this.options.env.read();
    } catch {
      // The load that follows says it.
    }
  }

  private restarted(): void {
    if (!this.isRestarted) return;
    this.isRestarted = false;
    const { configFile, root } = this.server!.config;
    this.runAll(this.setting ?? configFile ?? root);
    this.setting = undefined;
  }

  private runAll(file: string): void {
    this.contents.clear();
    this.commonJs.clear();
    this.runner.clear();
    this.tell([file]);
  }

  private async changed(type: Change, file: string, modules: readonly EnvironmentModuleNode[]): Promise<void> {
    if (file.endsWith("/tsconfig.json") || this.options.env.includes(file)) return this.runAll(file);
    if (this.isRequired(file, modules)) return (await this.contents.isNews(file)) ? this.runAll(file) : undefined;
    if (type === "create" || file.endsWith("/package.json")) await this.look(file);
    if (type !== "update") this.forget(modules);
    else if (!(await this.contents.isNews(file))) return;
    // Not before: a load that goes on may have run it meanwhile.
    const nodes = this.affected(file, modules);
    if (nodes.length + modules.length === 0) return;
    const isLoaded = nodes.some((node) => this.isInUse(node, modules));
    this.contents.forget(file);
    this.runner.drop(nodes);
    // What has never run is found as it is when it is asked for; but a load that fails may fail for it.
    if (isLoaded || (modules.length > 0 && !this.graph.isWhole)) this.tell([file]);
  }

  /** Which of what Node has loaded by itself asked for it is not known. Of a load that fails Node keeps nothing. */
  private isRequired(file: string, modules: readonly EnvironmentModuleNode[]): boolean {
    const isUnknown = modules.length === 0 && !file.endsWith("/package.json");
    const mayBe = isUnknown && this.graph.hasFailed && /\.(?:js|cjs|cts|json)$/.test(file);
    return mayBe || this.commonJs.isRequired(file);
  }

  private tell(files: readonly string[]): void {
    this.options.events.changed(files);
  }

  /** What has run of a file, or has come of it: Vite knows of files that its plugins have read. */
  private affected(file: string, modules: readonly EnvironmentModuleNode[]): readonly EvaluatedModuleNode[] {
    const others = modules.filter((module) => module.type === "asset" || module.file !== file);
    const ids = others.flatMap((module) => [module.id, ...Array.from(module.importers, ({ id }) => id)]);
    const found = ids.map((id) => (id === null ? undefined : this.graph.byId(id)));
    return [...this.graph.byFile(file), ...found.filter((node) => node !== undefined)];
  }

  /** Code that nothing imports any more may change as it likes. */
  private isInUse(node: EvaluatedModuleNode, modules: readonly EnvironmentModuleNode[]): boolean {
    const isImported = modules.some((module) => module.id === node.id && module.importers.size > 0);
    return isImported || node.file !== modules[0]?.file || node.importers.size === 0 || this.graph.isImported(node);
  }

  /** That a file has come or gone changes how the imports of it resolve. */
  private forget(modules: readonly EnvironmentModuleNode[]): void {
    const { moduleGraph } = this.environment;
    for (const module of modules) {
      for (const each of [module, ...module.importers]) moduleGraph.invalidateModule(each);
    }
  }

  private async isThere(specifier: string, importer: string): Promise<boolean> {
    const { environment } = this;
    if ((await environment.pluginContainer.resolveId(specifier, importer)) !== null) return true;
    if (/^[./]/.test(specifier)) return false;
    // That a package was not there is remembered; here it is not.
    return environment.fetchModule(specifier, importer).then(
      () => true,
      () => false,
    );
  }

  /** Looks whether something is there now that was asked for in vain. */
  private async look(cause: string): Promise<void> {
    const { moduleGraph } = this.environment;
    const files = await this.missing.found((specifier, importer) => this.isThere(specifier, importer));
    for (const file of files) {
      this.missing.forget(file);
      this.forget([...(moduleGraph.getModulesByFile(file) ?? [])]);
      this.runner.drop(this.graph.byFile(file));
    }
    if (files.length > 0) this.tell([cause]);
  }
}

type Change = "create" | "update" | "delete";

function fileOf(id: string): string {
  return id.replace(/[?#].*$/, "");
}
