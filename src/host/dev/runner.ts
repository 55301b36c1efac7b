import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { CustomPayload, DevEnvironment } from "vite";
import type { EvaluatedModuleNode, EvaluatedModules, ModuleRunner } from "vite/module-runner";
import manifest from "../../../package.json" with { type: "json" };
import { hostError } from "../errors.ts";
import { messageOf } from "../../kernel/errors.ts";
import { ownFolder } from "../../app/pages/guard.ts";

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

/** Runs the modules of one of Vite's environments, in this process. */
export class Runner {
  private readonly runner: ModuleRunner;

  constructor({ runner: { ModuleRunner, ESModulesEvaluator, createNodeImportMeta } }: Vite, asked: Asked) {
    this.runner = new ModuleRunner(
      {
        transport: { invoke: (payload) => answer(asked, (payload as CustomPayload).data) },
        hmr: false,
        createImportMeta: createNodeImportMeta,
        sourcemapInterceptor: "prepareStackTrace",
      },
      new ESModulesEvaluator(),
    );
  }

  get modules(): EvaluatedModules {
    return this.runner.evaluatedModules;
  }

  /** Runs what has changed since, and what imports that. Whatever fails runs again the next time. */
  async import<T>(url: string): Promise<T> {
    try {
      return await this.runner.import<T>(url);
    } catch (error) {
      // A module that has failed, or one that it imports, would give the same error for ever.
      await Promise.all(Array.from(this.modules.idToModuleMap.values(), (module) => this.forget(module)));
      throw error;
    }
  }

  /** A file's modules and all that import them are to run again. */
  invalidate(file: string): void {
    const { modules } = this;
    const stale = new Set(modules.getModulesByFile(file));
    // A set may grow while it is walked; imports may go in circles.
    for (const each of stale) {
      for (const id of each.importers) {
        const importer = modules.getModuleById(id);
        if (importer !== undefined) stale.add(importer);
      }
    }
    for (const each of stale) modules.invalidateModule(each);
  }

  clear(): void {
    this.runner.clearCache();
  }

  close(): Promise<void> {
    return this.runner.close();
  }

  private async forget(module: EvaluatedModuleNode): Promise<void> {
    await module.promise?.catch(() => this.modules.invalidateModule(module));
  }
}

/** Whom a runner asks for modules. */
export interface Asked {
  readonly environment: () => DevEnvironment;
  /** Names of this package that are not run, but loaded as Node does: this very copy. */
  readonly loaded: readonly string[];
}

type Invocation = { readonly name: string; readonly data: readonly unknown[] };

/** What the module runner asks of the server. What fails is thrown as it is: sent, an error would lose its class. */
async function answer({ environment, loaded }: Asked, { name, data }: Invocation): Promise<{ result: unknown }> {
  if (name === "getBuiltins") return { result: environment().config.resolve.builtins.map(builtin) };
  const [url, ...rest] = data as Parameters<DevEnvironment["fetchModule"]>;
  if (loaded.includes(url)) return { result: { externalize: pathToFileURL(own.resolve(url)).href, type: "module" } };
  return { result: await environment().fetchModule(url, ...rest) };
}

function builtin(name: string | RegExp): object {
  if (typeof name === "string") return { type: "string", value: name };
  return { type: "RegExp", source: name.source, flags: name.flags };
}
