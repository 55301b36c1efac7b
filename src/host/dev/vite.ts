import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readFile } from "node:fs/promises";
import type { CustomPayload, DevEnvironment, EnvironmentModuleNode, Plugin, ViteDevServer } from "vite";
import type { EvaluatedModuleNode, ModuleRunner } from "vite/module-runner";
import type { Code, CodeEvents } from "./code.ts";
import type { Log } from "../../kernel/log.ts";
import manifest from "../../../package.json" with { type: "json" };
import { type LoadedModule, type LoadedModules, printOf } from "./own-code.ts";
import { hostError } from "../errors.ts";
import { loggerOf } from "../../app/build/vite.ts";
import { ownFolder } from "../../app/pages/guard.ts";
import { messageOf } from "../../kernel/errors.ts";

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
  const [vite, { ModuleRunner: Runner, ESModulesEvaluator, createNodeImportMeta }] = await loadVite();
  const code = new ViteCode(options, vite.parseSync, (environment) => {
    return new Runner(
      {
        transport: { invoke: (payload) => answer(environment, (payload as CustomPayload).data) },
        hmr: false,
        createImportMeta: createNodeImportMeta,
        sourcemapInterceptor: "prepareStackTrace",
      },
      new ESModulesEvaluator(),
    );
  });
  const { root, config, log } = options;
  await vite.createServer({
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

/** The names under which programs import this package. However a program's folder would find it, it gets this very copy. */
const ownNames = Object.keys(manifest.exports).map((path) => path.replace(/^\./, "livespan"));

const own = createRequire(join(ownFolder, "package.json"));

async function loadVite(): Promise<[typeof import("vite"), typeof import("vite/module-runner")]> {
  try {
    return await Promise.all([import("vite"), import("vite/module-runner")]);
  } catch (cause) {
    throw hostError(
      "DEV_PEER",
      `livespan dev loads programs by vite, which could not be loaded: ${messageOf(cause)}.`,
      {
        cause,
      },
    );
  }
}

type Invocation = { readonly name: string; readonly data: readonly unknown[] };

/** What the module runner asks of the server. What fails is thrown as it is: sent, an error would lose its class. */
async function answer(environment: () => DevEnvironment, { name, data }: Invocation): Promise<{ result: unknown }> {
  if (name === "getBuiltins") return { result: environment().config.resolve.builtins.map(builtin) };
  const [url, ...rest] = data as Parameters<DevEnvironment["fetchModule"]>;
  if (ownNames.includes(url)) return { result: { externalize: pathToFileURL(own.resolve(url)).href, type: "module" } };
  return { result: await environment().fetchModule(url, ...rest) };
}

function builtin(name: string | RegExp): object {
  if (typeof name === "string") return { type: "string", value: name };
  return { type: "RegExp", source: name.source, flags: name.flags };
}

export class ViteCode implements Code {
  readonly plugin: Plugin;
  private readonly options: ViteOptions;
  private readonly runnerOf: (environment: () => DevEnvironment) => ModuleRunner;
  private readonly modules: LoadedModules;
  private server: ViteDevServer | undefined;
  private runner: ModuleRunner | undefined;
  /** Of each file of the program, the content that was last loaded. */
  private readonly contents = new Map<string, string>();

  constructor(
    options: ViteOptions,
    parseSync: typeof import("vite").parseSync,
    runnerOf: (environment: () => DevEnvironment) => ModuleRunner,
  ) {
    this.options = options;
    this.modules = this.modulesOf(parseSync);
    this.runnerOf = runnerOf;
    this.plugin = this.pluginOf();
  }

  async load(): Promise<Readonly<Record<string, unknown>>> {
    this.runner ??= this.runnerOf(() => this.server!.environments.ssr);
    const { runner } = this;
    try {
      return await runner.import<Record<string, unknown>>(this.options.entry);
    } catch (error) {
      // A module that has failed, or one that it imports, would give the same error for ever.
      await Promise.all(Array.from(runner.evaluatedModules.idToModuleMap.values(), (module) => forget(runner, module)));
      throw error;
    }
  }

  async reload(): Promise<Readonly<Record<string, unknown>>> {
    this.runner?.clearCache();
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
      all: () => Array.from(this.runner?.evaluatedModules.idToModuleMap.values() ?? [], of),
      named: (url) => {
        const module = this.runner?.evaluatedModules.getModuleByUrl(url);
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
    const found = this.runner?.evaluatedModules.getModulesByFile(file) ?? new Set();
    if (modules.length === 0 && found.size === 0) return;
    if (type === "update" && !(await this.isNews(file))) return;
    for (const module of found) this.invalidate(module);
    this.options.events.changed([file]);
  }

  /** Whether what a file holds is not what was loaded. */
  private async isNews(file: string): Promise<boolean> {
    const before = this.contents.get(file);
    if (before === undefined) return true;
    const now = await readFile(file, "utf8").catch(() => undefined);
    return now === undefined || digest(now) !== before;
  }

  /** The module and all that import it. */
  private invalidate(module: EvaluatedModuleNode): void {
    const { evaluatedModules } = this.runner!;
    const stale = new Set([module]);
    // A set may grow while it is walked; imports may go in circles.
    for (const each of stale) {
      for (const id of each.importers) {
        const importer = evaluatedModules.getModuleById(id);
        if (importer !== undefined) stale.add(importer);
      }
    }
    for (const each of stale) evaluatedModules.invalidateModule(each);
  }
}

async function forget({ evaluatedModules }: ModuleRunner, module: EvaluatedModuleNode): Promise<void> {
  await module.promise?.catch(() => evaluatedModules.invalidateModule(module));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
