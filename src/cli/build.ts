import { relative, resolve } from "node:path";
import type { Verb } from "./command.ts";
import type { Written } from "../app/pages/manifest.ts";
import { entriesOf } from "../app/pages/pages.ts";
import { loadApp } from "./entry.ts";
import { nodeWorld } from "../app/world.ts";
import { pagesSettings } from "../app/pages/settings.ts";
import { entryOf, parseFlags, usageOf, type Flag } from "./flags.ts";
import { prepare } from "../app/run.ts";
import { textLog } from "../app/log.ts";
import { writeBundle } from "../app/pages/manifest.ts";

const flags = {
  out: { value: "folder", summary: "where it is written; the app's pages.out, or .livespan" },
  help: { summary: "this text" },
} as const satisfies Record<string, Flag>;

const summary = "Builds an app's pages for production. Starts nothing.";

export const build: Verb = {
  summary,
  usage: usageOf("build", summary, flags),
  async run(args) {
    const { words, flags: given } = parseFlags("build", flags, args);
    if (given.help === true) {
      process.stdout.write(this.usage);
      return 0;
    }
    // What is built here is read in production only.
    process.env["NODE_ENV"] = "production";
    const app = await loadApp(entryOf("build", words));
    const log = textLog("warn");
    const { assembly } = await prepare(app, { world: nodeWorld({ log }), inspects: true });
    const settings = pagesSettings(app.settings.pages);
    const { root, base, config } = settings;
    const entries = entriesOf(assembly.pages, root);
    if (entries.length === 0) {
      process.stdout.write(`${app.name} has no pages, so there is nothing to build\n`);
      return 0;
    }
    const out = given.out === undefined ? settings.out : resolve(given.out);
    const { bundle } = await import("../app/pages/bundler.ts");
    const made = await bundle(entries, { root, base, config, mode: "production", log });
    const written = await writeBundle(made, out, base);
    process.stdout.write(`${textOf(written, entries.length, relative(process.cwd(), out) || ".")}\n`);
    if (out !== settings.out)
      process.stdout.write(`livespan start reads it with createApp({ pages: { out: "${given.out}" } })\n`);
    return 0;
  },
};

/** Every file with its size, and what of it goes over the wire. */
function textOf(written: readonly Written[], pages: number, out: string): string {
  const width = Math.max(...written.map(({ name }) => name.length));
  const lines = written
    .filter(({ name }) => !name.endsWith(".map"))
    .map(({ name, size, sent }) => `  ${name.padEnd(width)} ${kilobytes(size)} ${kilobytes(sent)} compressed`);
  return [`${pages} ${pages === 1 ? "page" : "pages"} in ${out}`, ...lines].join("\n");
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(1).padStart(8)} kB`;
}
