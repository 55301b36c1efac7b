import { rolldown, type InputOptions, type OutputOptions } from "rolldown";
import { join } from "node:path";
import { root } from "./command.ts";

/** Files that are imported from outside by their place: the package's entries, and what finds its assets beside itself. */
const entries = [
  "app/index",
  "app/pages/guard",
  "app/redis",
  "app/postgres",
  "app/hatchet",
  "app/work/index",
  "kernel/index",
  "http/index",
  "http/docs",
  "live/index",
  "live/server/stores/redis/scripts",
  "work/engines/embedded/spawn",
  "work/engines/embedded/thread",
  "host/index",
  "host/dev/hangs/hang-thread",
  "testing/index",
  "cli/main",
];

/** What a page loads, and what makes its HTML: they share the context that the hooks read. */
const pageEntries = ["live/client/index", "live/react/index", "live/react/server"];

/** One chunk for each part that is loaded as a whole; what is loaded on demand is in none of them. */
const chunks = [
  { name: "kernel", test: /src\/kernel\// },
  {
    name: "declare",
    test: /src\/app\/(?!build\/|pages\/|estate|live|redis|postgres|hatchet|work\/|leases\/(redis|postgres|locks))|src\/http\/(routes|route|path|front|schema|errors|problem)\.ts$/,
  },
  { name: "live", test: /src\/live\/(?!client|react|index|server\/stores\/redis)/ },
  // What the thread of the embedded engine loads as well.
  { name: "ledger", test: /src\/work\/(errors\.ts|engines\/(sql\/|embedded\/(failure|folder)))/ },
  { name: "work", test: /src\/(work\/(?!engines\/(embedded|postgres|hatchet))|app\/work\/(?!index))/ },
  { name: "compile", test: /src\/http\/(?!index|servers|openapi|docs|components|operation)\w/ },
  // What the thread that watches the loop loads as well.
  { name: "hang", test: /src\/host\/dev\/hangs\/hang-(beats|inspector)/ },
  { name: "serve", test: /src\/(host\/(?!index|dev\/|supervisor\/)|http\/servers\/)/ },
  // After what it shares with production, which is not to load it.
  { name: "dev", test: /src\/host\/dev\/(?!hangs\/hang-(?:beats|inspector|thread))/ },
];

/**
 * Writes the package's JavaScript as few files: a module costs Node a fraction of a millisecond to load, and there are more
 * than a hundred. What is loaded on demand stays in files of its own, and what a page loads shares none with the server.
 */
export async function bundle(to: string): Promise<void> {
  // A host needs at once what an app loads on demand.
  const checks = { ineffectiveDynamicImport: false };
  await write(to, { input: inputs(entries), platform: "node", checks }, { codeSplitting: { groups: chunks } });
  await write(to, { input: inputs(pageEntries), platform: "browser" }, { chunkFileNames: "chunks/page-[hash].js" });
}

function inputs(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, join(root, `src/${name}.ts`)]));
}

async function write(to: string, input: InputOptions, output: OutputOptions): Promise<void> {
  // What `await using` becomes is brought in by the bundler itself.
  const external = [/^node:/, /^(?!@oxc-project\/)[a-z@]/];
  const build = await rolldown({ ...input, external, transform: { target: "node22.18" } });
  await build.write({
    dir: to,
    format: "esm",
    sourcemap: true,
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
    ...output,
  });
  await build.close();
}
