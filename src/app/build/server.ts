import { basename, join, relative } from "node:path";
import type { InlineConfig, Rolldown } from "vite";
import type { BuiltFile } from "./vite.ts";
import type { BundleOptions } from "../pages/bundler.ts";
import { appError } from "../errors.ts";
import { builtName, type Places } from "./place.ts";
import { checks, fileOf, loadVite, loggerOf, ownError, refusalText, sourcesOf } from "./vite.ts";
import { located, threadEnding } from "./located.ts";
import { packages, placeSources } from "./packages.ts";
import { unreadable } from "./syntax.ts";

/** An app's own modules, built for Node; nothing of them has been written anywhere. */
export interface ServerBundle {
  /** Among the files: what the entry was built to. */
  readonly entry: string;
  /** Names are paths from where they are to be written. */
  readonly files: readonly BuiltFile[];
  /** The files that it was made from, packages left out. */
  readonly sources: readonly string[];
}

/** @param to where it is going to be written: what it imports is found from there. @throws LivespanError SERVER_BUILD, BUILD_PEER */
export async function bundleServer(
  entry: string,
  to: string,
  { root, config, log }: Pick<BundleOptions, "root" | "config" | "log">,
): Promise<ServerBundle> {
  const vite = await loadVite();
  const places = { root, to };
  const sources = new Set<string>();
  const threads = new Set<string>();
  try {
    const builder = await vite.createBuilder({
      ...configOf(entry, places),
      root,
      ...(config !== undefined && { configFile: config === false ? false : join(root, config) }),
      customLogger: loggerOf(log),
      plugins: [packages(places), located(places, threads), sourcesOf(sources)],
    });
    const { configFile, configFileDependencies } = builder.config;
    if (configFile !== undefined) for (const path of [configFile, ...configFileDependencies]) sources.add(path);
    const output = await builder.build(builder.environments["ssr"]!);
    if (Array.isArray(output) || !("output" in output)) throw new Error("Vite made no single output");
    const files = output.output.map((file) => fileOf(placed(file, places)));
    await assertReadable(files);
    return {
      entry: builtName(entry, places),
      files: [...files, ...Array.from(threads, (thread) => starterOf(thread, places))],
      sources: [...sources],
    };
  } catch (error) {
    const own = ownError(error);
    // Rolldown puts a code of its own in the place of an error's.
    if (own !== undefined) throw Object.assign(own, { code: "SERVER_BUILD" });
    throw appError("SERVER_BUILD", `${relative(process.cwd(), entry)} could not be built: ${refusalText(error)}`, {
      cause: error,
    });
  }
}

/** Lowered to what the oldest Node that is supported reads. */
const target = "node22.18";

/**
 * One module for each source: with one file for all, classes and functions of the same name would be given others, and modules
 * would be evaluated before it was their turn.
 */
function configOf(entry: string, places: Places): InlineConfig {
  return {
    mode: "production",
    appType: "custom",
    publicDir: false,
    logLevel: "warn",
    // Of its own: that of the build leaves `await using` as it is.
    oxc: { target },
    environments: {
      ssr: {
        // Which packages stay outside is decided by Node's own rules, and so is what they are entered by.
        resolve: { noExternal: true, conditions: ["node", "module-sync"], mainFields: [] },
        build: {
          ssr: true,
          target,
          write: false,
          outDir: places.to,
          emitAssets: false,
          minify: false,
          sourcemap: true,
          reportCompressedSize: false,
          rolldownOptions: {
            input: { entry },
            checks,
            preserveEntrySignatures: "strict",
            // As Node has it: a module is loaded for what it does, even when nothing of it is used.
            treeshake: { moduleSideEffects: true },
            output: {
              preserveModules: true,
              preserveModulesRoot: places.root,
              // Tasks are called by the names of their functions.
              keepNames: true,
              entryFileNames: (chunk) => nameOf(chunk, places),
              chunkFileNames: (chunk) => nameOf(chunk, places),
            },
          },
        },
      },
    },
  };
}

function nameOf({ facadeModuleId, name }: Rolldown.PreRenderedChunk, places: Places): string {
  const id = facadeModuleId ?? undefined;
  return id === undefined || id.startsWith("\0") ? `${name}.mjs` : builtName(id.replace(/[?#].*$/, ""), places);
}

type Output = Rolldown.OutputChunk | Rolldown.OutputAsset;

/** With what was left where it is, and with its map's sources as seen from where it will lie. */
function placed(file: Output, places: Places): Output {
  if (file.type === "asset" || file.facadeModuleId === null) return file;
  return { ...file, code: placeSources(file.code, file.facadeModuleId, places) };
}

/** A thread does not take over how errors are shown: it is told before anything of it is loaded. */
function starterOf(thread: string, places: Places): BuiltFile {
  const module = JSON.stringify(`./${encodeURIComponent(basename(builtName(thread, places)))}`);
  const code = `process.setSourceMapsEnabled(true);\nawait import(${module});\n`;
  return { name: builtName(thread, places, threadEnding), bytes: Buffer.from(code) };
}

async function assertReadable(files: readonly BuiltFile[]): Promise<void> {
  const modules = files.filter(({ name }) => name.endsWith(".mjs"));
  const wrong = await unreadable(modules.map(({ name, bytes }) => [name, Buffer.from(bytes).toString()] as const));
  if (wrong.length === 0) return;
  throw appError(
    "SERVER_BUILD",
    `what was built cannot be read by Node ${process.versions.node}:\n${wrong.join("\n")}\n`,
  );
}
