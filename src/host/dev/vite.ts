import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { EnvironmentModuleNode, Plugin, ViteDevServer } from "vite";
import type { EvaluatedModuleNode } from "vite/module-runner";
import type { Code, CodeEvents } from "./code.ts";
import type { Log } from "../../kernel/log.ts";
import { type LoadedModule, type LoadedModules, printOf } from "./own-code.ts";
import { loadVite, ownNames, Runner, type Vite } from "./runner.ts";
import { loggerOf } from "../../app/build/vite.ts";

export interface ViteOptions {
  /** The file that is imported: a path. */
  readonly entry: string;
  /** The folder that is watched, and whose packages are found. */
  readonly root: string;
  /** A Vite configuration from the root; false for none. The root's `vite.config` unless said. */
  readonly config?: string | false | undefined;
  readonly events: CodeEvents;
  readonly log: Log;
}

/** Under this everything lies that browsers ask of Vite: no path of an app's. */
const devBase = "/@dev/";

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
  const { root, config, log } = options;
  await vite.server.createServer({
    root,
    ...(config !== undefined && { configFile: config }),
    base: devBase,
    appType: "custom",
    customLogger: loggerOf(log),
    clearScreen: false,
    oxc: { target },
    server: { middlewareMode: true, ws: false, watch: { ignored: ["**/.livespan/**"] } },
    environments: { ssr: { resolve: { external: ownNames } } },
    plugins: [code.plugin],
  });
  return code;
}

export class ViteCode implements Code {
  readonly plugin: Plugin;
  private readonly options: ViteOptions;
  private readonly vite: Vite;
  private readonly modules: LoadedModules;
  private server: ViteDevServer | undefined;
  private runner: Runner | undefined;
  /** Of each file of the program, the content that was last loaded. */
  private readonly contents = new Map<string, string>();

  constructor(options: ViteOptions, vite: Vite) {
    this.options = options;
    this.vite = vite;
    this.modules = this.modulesOf(vite.server.parseSync);
    this.plugin = this.pluginOf();
  }

  async load(): Promise<Readonly<Record<string, unknown>>> {
    this.runner ??= new Runner(this.vite, { environment: () => this.server!.environments.ssr, loaded: ownNames });
    return this.runner.import(this.options.entry);
  }

  async reload(): Promise<Readonly<Record<string, unknown>>> {
    this.runner?.clear();
    return this.load();
  }

  print(lifespan: string): string | undefined {
    return printOf(lifespan, this.modules);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runner?.close();
    await this.server?.close();
  }

  private modulesOf(parseSync: typeof import("vite").parseSync): LoadedModules {
    const of = ({ meta, exports }: EvaluatedModuleNode): LoadedModule => ({
      exports,
      code: meta !== undefined && "code" in meta ? meta.code : undefined,
    });
    return {
      all: () => Array.from(this.runner?.modules.idToModuleMap.values() ?? [], of),
      named: (url) => {
        const module = this.runner?.modules.getModuleByUrl(url);
        return module && of(module);
      },
      parse: (code) => parseSync("module.mjs", code).program,
    };
  }

  private pluginOf(): Plugin {
    const { contents } = this;
    const changed = this.changed.bind(this);
    return {
      name: "livespan:dev",
      enforce: "pre",
      // Called again when Vite starts itself anew, for a configuration that has changed.
      configureServer: (server) => {
        const isAgain = this.server !== undefined;
        this.server = server;
        if (!isAgain) return;
        this.runner = undefined;
        this.options.events.changed([server.config.configFile ?? server.config.root]);
      },
      transform: {
        order: "pre",
        handler(code, id) {
          if (this.environment.name === "ssr") contents.set(id, digest(code));
        },
      },
      hotUpdate: {
        order: "pre",
        async handler({ type, file, modules }) {
          if (this.environment.name !== "ssr") return;
          await changed(type, file, modules);
          return [];
        },
      },
    };
  }

  private async changed(
    type: "create" | "update" | "delete",
    file: string,
    modules: readonly EnvironmentModuleNode[],
  ): Promise<void> {
    const isKnown = this.runner?.modules.getModulesByFile(file) !== undefined;
    if (modules.length === 0 && !isKnown) return;
    if (type === "update" && !(await this.isNews(file))) return;
    this.runner?.invalidate(file);
    this.options.events.changed([file]);
  }

  /** Whether what a file holds is not what was loaded. */
  private async isNews(file: string): Promise<boolean> {
    const before = this.contents.get(file);
    if (before === undefined) return true;
    const now = await readFile(file, "utf8").catch(() => undefined);
    return now === undefined || digest(now) !== before;
  }
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
