import { join } from "node:path";
import type { InlineConfig, Plugin, Rolldown, ViteBuilder } from "vite";
import type { BuiltFile } from "../build/vite.ts";
import type { Log } from "../../kernel/log.ts";
import type { PageLinks } from "./source.ts";
import {
  assertFile,
  assertReact,
  buildError,
  entryPrefix,
  nameOf,
  ownForPages,
  type PageEntry,
  renderer,
  sharedPackages,
  starter,
} from "./entries.ts";
import { checks, fileOf, loadVite, loggerOf, sourcesOf } from "../build/vite.ts";
import { guard } from "./guard.ts";

export interface BundleOptions {
  readonly root: string;
  readonly base: string;
  readonly config: string | false | undefined;
  readonly mode: "production" | "development";
  readonly log: Log;
}

/** What was built; nothing of it has been written anywhere. */
export interface Bundle {
  readonly pages: ReadonlyMap<string, { readonly links: PageLinks; readonly server: string }>;
  /** For browsers. */
  readonly client: readonly BuiltFile[];
  /** For Node: modules that export `render`. */
  readonly server: readonly BuiltFile[];
  /** The files that it was made from, packages left out. */
  readonly sources: readonly string[];
}

/** What pages need of Vite. @throws LivespanError PAGE_BUILD, PAGE_GUARD, PAGE_PEER, BUILD_PEER */
export async function bundle(pages: readonly PageEntry[], options: BundleOptions): Promise<Bundle> {
  pages.forEach(assertFile);
  const vite = await loadPeers(options.root);
  const names = namesOf(pages);
  const sources = new Set<string>();
  const restore = settleMode(options.mode);
  try {
    const builder = await vite.createBuilder(configOf(names, options, sources));
    const { configFile, configFileDependencies } = builder.config;
    if (configFile !== undefined) for (const path of [configFile, ...configFileDependencies]) sources.add(path);
    const client = await built(builder, "client");
    const server = await built(builder, "ssr");
    return {
      pages: new Map(Array.from(names, ([name, { id }]) => [id, pageOf(name, client, server, options.base)])),
      client: client.map(fileOf),
      server: server.map(fileOf),
      sources: [...sources],
    };
  } catch (error) {
    throw buildError(error, pages);
  } finally {
    restore();
  }
}

/** @throws LivespanError PAGE_PEER or BUILD_PEER when pages cannot be built for want of a package. */
export async function loadPeers(root: string): Promise<typeof import("vite")> {
  assertReact(root);
  return await loadVite();
}

/** Vite says to all of the process that it is in production when nobody has said anything. The returned function ends this. */
function settleMode(mode: BundleOptions["mode"]): () => void {
  const said = process.env["NODE_ENV"];
  process.env["NODE_ENV"] = said ?? mode;
  return () => {
    if (said === undefined) delete process.env["NODE_ENV"];
  };
}

/** Each page by a name that can be a file's. */
function namesOf(pages: readonly PageEntry[]): Map<string, PageEntry> {
  const names = new Map<string, PageEntry>();
  for (const page of pages.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const wanted = nameOf(page);
    let name = wanted;
    for (let n = 2; names.has(name); n++) name = `${wanted}-${n}`;
    names.set(name, page);
  }
  return names;
}

function configOf(names: ReadonlyMap<string, PageEntry>, options: BundleOptions, sources: Set<string>): InlineConfig {
  const { root, base, config, mode, log } = options;
  const input = Object.fromEntries(Array.from(names.keys(), (name) => [name, entryPrefix + name]));
  const output = (extension: string) => {
    const name = `[name]-[hash].${extension}`;
    return { entryFileNames: name, chunkFileNames: name };
  };
  return {
    root,
    base,
    mode,
    ...(config !== undefined && { configFile: config === false ? false : join(root, config) }),
    appType: "custom",
    // What lies in such a folder would be served as it is, the guard passed by.
    publicDir: false,
    logLevel: "warn",
    customLogger: loggerOf(log),
    resolve: { dedupe: ["react", "react-dom"] },
    oxc: { jsx: { runtime: "automatic" } },
    plugins: [entries(names), sourcesOf(sources), guard()],
    build: {
      write: false,
      assetsDir: "",
      // A policy need not allow data: addresses, and both sides write the same ones.
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      sourcemap: mode === "development",
    },
    environments: {
      client: {
        build: {
          assetsInlineLimit: 0,
          // Here as well: a configuration that asks for maps of browsers' files would have whole sources sent to them.
          sourcemap: mode === "development",
          modulePreload: { polyfill: false },
          rolldownOptions: { input, output: output("js"), checks },
        },
      },
      ssr: {
        resolve: { noExternal: true },
        // As the browser's part has it.
        define: { "process.env.NODE_ENV": JSON.stringify(process.env["NODE_ENV"]) },
        build: {
          ssr: true,
          emitAssets: false,
          minify: false,
          // Modules, whatever the package around them says. One page is one file, which can be gone once it is loaded.
          rolldownOptions: { input, output: { ...output("mjs"), codeSplitting: names.size > 1 }, checks },
        },
      },
    },
  };
}

/** The first module of each page: in the browser it starts the page, in Node it renders it. */
function entries(names: ReadonlyMap<string, PageEntry>): Plugin {
  return {
    name: "livespan:entries",
    enforce: "pre",
    resolveId: {
      order: "pre",
      handler(source) {
        if (source.startsWith(entryPrefix)) return `\0${source}`;
        const forServer = this.environment.config.consumer === "server";
        if (forServer && sharedPackages.test(source)) return { id: source, external: true };
        return ownForPages(source) ?? null;
      },
    },
    load: {
      order: "pre",
      handler(id) {
        const page = id.startsWith(`\0${entryPrefix}`) ? names.get(id.slice(entryPrefix.length + 1)) : undefined;
        if (page === undefined) return null;
        return this.environment.config.consumer === "server" ? renderer(page) : starter(page);
      },
    },
  };
}

async function built(builder: ViteBuilder, name: "client" | "ssr"): Promise<Rolldown.RolldownOutput["output"]> {
  const output = await builder.build(builder.environments[name]!);
  if (Array.isArray(output) || !("output" in output)) throw new Error(`Vite made no single output for ${name}`);
  return output.output;
}

type Output = readonly (Rolldown.OutputChunk | Rolldown.OutputAsset)[];

function pageOf(name: string, client: Output, server: Output, base: string) {
  const chunks = new Map(client.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file]] : [])));
  const entry = entryOf(name, client);
  const reached = (filesOf: (chunk: Rolldown.OutputChunk) => readonly string[]): Rolldown.OutputChunk[] => {
    const found = new Set([entry]);
    // A set may grow while it is walked.
    for (const chunk of found) for (const file of filesOf(chunk)) if (chunks.has(file)) found.add(chunks.get(file)!);
    return [...found];
  };
  const loaded = reached(({ imports }) => imports);
  // What comes on demand is rendered here all the same.
  const rendered = reached(({ imports, dynamicImports }) => [...imports, ...dynamicImports]);
  // What is imported comes first, what comes on demand last: later styles go over earlier ones.
  const ordered = [...loaded.toReversed(), ...rendered.toReversed()];
  const styles = new Set(ordered.flatMap((chunk) => [...(chunk.viteMetadata?.importedCss ?? [])]));
  const links: PageLinks = {
    script: base + entry.fileName,
    styles: Array.from(styles, (file) => base + file),
    preloads: loaded.slice(1).map((chunk) => base + chunk.fileName),
  };
  return { links, server: entryOf(name, server).fileName };
}

function entryOf(name: string, output: Output): Rolldown.OutputChunk {
  const found = output.find((file) => file.type === "chunk" && file.isEntry && file.name === name);
  if (found?.type === "chunk") return found;
  throw new Error(`Vite made no entry "${name}"`);
}
