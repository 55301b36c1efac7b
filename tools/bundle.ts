import { rolldown } from "rolldown";
import { join } from "node:path";
import { root } from "./command.ts";

/** Files that are imported from outside by their place: the package's entries, and what finds its assets beside itself. */
const entries = [
  "app/index",
  "kernel/index",
  "http/index",
  "http/docs",
  "live/index",
  "host/index",
  "testing/index",
  "cli/main",
];

/** One chunk for each part that is loaded as a whole; what is loaded on demand is in none of them. */
const chunks = [
  { name: "kernel", test: /src\/kernel\// },
  { name: "declare", test: /src\/app\/|src\/http\/(routes|route|path|front|schema|errors|problem)\.ts$/ },
  { name: "compile", test: /src\/http\/(?!index|servers|openapi|docs|components|operation)\w/ },
  { name: "serve", test: /src\/(host\/(?!index)|http\/servers\/)/ },
];

/**
 * Writes the package's JavaScript as few files: a module costs Node a fraction of a millisecond to load, and there are more
 * than a hundred. What is loaded on demand stays in files of its own.
 */
export async function bundle(to: string): Promise<void> {
  const input = Object.fromEntries(entries.map((entry) => [entry, join(root, `src/${entry}.ts`)]));
  const build = await rolldown({
    input,
    platform: "node",
    external: [/^node:/, /^[a-z@]/],
    // A host needs at once what an app loads on demand.
    checks: { ineffectiveDynamicImport: false },
  });
  await build.write({
    dir: to,
    format: "esm",
    sourcemap: true,
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
    codeSplitting: { groups: chunks },
  });
  await build.close();
}
