import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { CustomPayload, DevEnvironment } from "vite";
import type { EvaluatedModuleNode, EvaluatedModules, ModuleEvaluator, ModuleRunner } from "vite/module-runner";
import manifest from "../../../../package.json" with { type: "json" };
import { hostError } from "../../errors.ts";
import { ModuleGraph } from "./graph.ts";
import { assertExports, sourceError } from "../faults/source-error.ts";
import { linesBefore, runAsFile } from "./script.ts";
import { inTurn } from "../process/module-turn.ts";
import { messageOf } from "../../../kernel/errors.ts";
import { ownFolder } from "../../../app/pages/guard.ts";

/** What is installed of Vite. */
export interface Vite {
  readonly server: typeof import("vite");
  readonly runner: typeof import("vite/module-runner");
}

/** @throws LivespanError DEV_PEER */
export async function loadVite(): Promise<Vite> {
  try {
    const [server, runner] = await Promise.all([import("vite"), import("vite/module-runner")]);
    return { server, runner };
  } catch (cause) {
    const said = `livespan dev loads programs by vite, which could not be loaded: ${messageOf(cause)}.`;
    throw hostError("DEV_PEER", said, { cause });
  }
}

/** The names under which programs import this package. However a program's folder would find it, it gets this very copy. */
export const ownNames = Object.keys(manifest.exports).map((path) => path.replace(/^\./, "livespan"));

const own = createRequire(join(ownFolder, "package.json"));

/** Whom a runner asks for modules. */
export interface Asked {
  readonly environment: () => DevEnvironment;
  /** Names of this package that are not run, but loaded as Node does: this very copy. */
  readonly loaded: readonly string[];
  /** Where Node is to import a file from, by itself: CommonJS. Undefined for modules. */
  native?(file: string): Promise<string | undefined>;
  /** Is told of what a module, by its path, has asked for in vain. */
  missing?(specifier: string, importer: string): void;
}

type Invocation = { readonly name: string; readonly data: readonly unknown[] };
type Fetch = Parameters<DevEnvironment["fetchModule"]>;
type Evaluator = InstanceType<Vite["runner"]["ESModulesEvaluator"]>;

/** Runs the modules of one of Vite's environments, in this process. */
export class Runner {
  readonly graph: ModuleGraph;
  private readonly asked: Asked;
  private readonly runner: ModuleRunner;
  private changes = 0;

  constructor({ runner: { ModuleRunner, ESModulesEvaluator, createNodeImportMeta } }: Vite, asked: Asked) {
    this.asked = asked;
    this.runner = new ModuleRunner(
      {
        transport: { invoke: (payload) => this.answer((payload as CustomPayload).data) },
        hmr: false,
        createImportMeta: createNodeImportMeta,
        sourcemapInterceptor: "prepareStackTrace",
      },
      this.evaluatorOf(new ESModulesEvaluator()),
    );
    this.graph = new ModuleGraph(this.runner.evaluatedModules);
  }

  get modules(): EvaluatedModules {
    return this.runner.evaluatedModules;
  }

  /** Runs what has changed since, and what imports that. Whatever fails runs again the next time. */
  async import<T>(url: string): Promise<T> {
    try {
      return await this.runner.import<T>(url);
    } catch (error) {
      readStacks(error);
      await this.graph.dropFailed();
      throw error;
    }
  }

  /** Files have changed: modules, and all that import them, are to run again. */
  drop(modules: Iterable<EvaluatedModuleNode>): void {
    this.changes++;
    this.graph.drop(modules);
  }

  /** A file's modules and all that import them are to run again. */
  invalidate(file: string): void {
    this.drop(this.graph.byFile(file));
  }

  clear(): void {
    this.changes++;
    this.graph.clear();
  }

  close(): Promise<void> {
    return this.runner.close();
  }

  /** What the module runner asks for. What fails is thrown: sent, an error would lose its class. */
  private async answer({ name, data }: Invocation): Promise<{ result: unknown }> {
    const { environment, loaded } = this.asked;
    if (name === "getBuiltins") return { result: environment().config.resolve.builtins.map(builtin) };
    const [url, importer, options] = data as Fetch;
    if (loaded.includes(url)) return { result: { externalize: pathToFileURL(own.resolve(url)).href, type: "module" } };
    // What has run and is still there is not stale, whatever Vite has forgotten: its importers would get two of it.
    if (options?.cached === true) return { result: { cache: true } };
    return { result: await this.fetch(url, importer, options) };
  }

  private async fetch(...[url, importer, options]: Fetch): Promise<unknown> {
    const { changes } = this;
    try {
      await this.assertFound(url, importer);
      const native = await this.nativeOf(url, importer);
      if (native !== undefined) return { externalize: native, type: "commonjs" };
      const result = await this.asked.environment().fetchModule(url, importer, options);
      return changes === this.changes ? result : await this.fetch(url, importer, options);
    } catch (error) {
      if (importer !== undefined) this.asked.missing?.(url, importer);
      throw sourceError(error, url, importer, this.root);
    }
  }

  /** Vite would look for what an import asks in vain from the root, and remember for ever what it has not found. */
  private async assertFound(url: string, importer: string | undefined): Promise<void> {
    const isPath = /^[./](?!@)/.test(url);
    if (!isPath || (url.startsWith("/") && (await this.resolves(url)))) return;
    const from = importer === undefined ? "" : `, imported from ${importer}`;
    throw Object.assign(new Error(`Cannot find module "${url}"${from}`), { code: "ERR_MODULE_NOT_FOUND" });
  }

  private async resolves(url: string): Promise<boolean> {
    const { moduleGraph, pluginContainer } = this.asked.environment();
    return (await moduleGraph.getModuleByUrl(url)) !== undefined || (await pluginContainer.resolveId(url)) !== null;
  }

  private async nativeOf(url: string, importer: string | undefined): Promise<string | undefined> {
    // The entry is a path, and is known to Vite only once it has been fetched.
    const file = importer === undefined ? url : (await this.asked.environment().moduleGraph.getModuleByUrl(url))?.file;
    return typeof file === "string" ? this.asked.native?.(file) : undefined;
  }

  private get root(): string {
    return this.asked.environment().config.root;
  }

  /**
   * Runs modules, but lets those that have been taken out meanwhile begin nothing more, and refuses an import of what is not
   * exported, as Node does.
   */
  private evaluatorOf(evaluator: Evaluator): ModuleEvaluator {
    return {
      startOffset: linesBefore,
      runExternalModule: (file) => evaluator.runExternalModule(file),
      runInlinedModule: (context, code, module) => {
        const { __vite_ssr_import__: request } = context;
        const guarded: typeof request = async (...args) => {
          if (!this.graph.has(module)) throw new Error(`${module.file} has changed while it was loaded`);
          const [specifier, metadata] = args;
          const found: object = await request(...args);
          assertExports(found, metadata?.importedNames ?? [], { specifier, importer: module.file, root: this.root });
          return found;
        };
        const run = (): Promise<void> => runAsFile(module.id, code, { ...context, __vite_ssr_import__: guarded });
        return inTurn({ isModule: true, isThere: () => this.graph.has(module) }, run);
      },
    };
  }
}

/** How far causes are followed: they may go in a circle. */
const deepest = 8;

/** A stack is written when it is first looked at, and needs the source maps of modules that are about to be taken out. */
function readStacks(error: unknown, depth = 0): void {
  if (error instanceof Error && error.stack !== undefined && depth < deepest) readStacks(error.cause, depth + 1);
}

function builtin(name: string | RegExp): object {
  if (typeof name === "string") return { type: "string", value: name };
  return { type: "RegExp", source: name.source, flags: name.flags };
}
