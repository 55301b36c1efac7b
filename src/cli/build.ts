import { envFlags, useEnvFile } from "./env-file.ts";
import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import type { App } from "../app/app.ts";
import type { Entry } from "./entry.ts";
import type { Verb } from "./command.ts";
import { BuildOutput } from "./build-output.ts";
import { bundleServer } from "../app/build/server.ts";
import { Draft } from "../app/build/draft.ts";
import { entriesOf } from "../app/pages/pages.ts";
import { entryOf, parseFlags, usageOf, type Flag } from "./flags.ts";
import { findEntry, loadApp } from "./entry.ts";
import { forcedCode } from "../host/exit-code.ts";
import { nodeWorld } from "../app/world.ts";
import { pagesSettings, type PagesSettings } from "../app/pages/settings.ts";
import { prepare } from "../app/run.ts";
import { stopSignals } from "../host/signals.ts";
import { textLog } from "../app/log.ts";

const flags = {
  out: { value: "folder", summary: "where it is written; the app's pages.out, or .livespan" },
  ...envFlags,
  help: { summary: "this text" },
} as const satisfies Record<string, Flag>;

const summary = "Builds an app and its pages for production, for livespan start to run. Starts nothing.";

const log = textLog("warn");

export const build: Verb = {
  summary,
  usage: usageOf("build", summary, flags),
  async run(args) {
    const { words, flags: given } = parseFlags("build", flags, args);
    if (given.help === true) {
      process.stdout.write(this.usage);
      return 0;
    }
    useEnvFile(given);
    // What is being written is removed at the end of the process, if that is told to end.
    for (const signal of stopSignals) process.once(signal, () => process.exit(forcedCode(signal)));
    // What is built here is read in production only.
    process.env["NODE_ENV"] = "production";
    // What is thrown while the app is loaded has its place in the sources.
    process.setSourceMapsEnabled(true);
    const found = findEntry(entryOf("build", words));
    // As the places of modules are: without links.
    const entry = { ...found, path: realpathSync(found.path) };
    const out = given.out === undefined ? undefined : resolve(given.out);
    using output = new BuildOutput();
    const used = await buildApp(entry, out, withOut(pagesSettings(), out), output);
    if (used !== undefined) await buildApp(entry, out, used, output);
    return 0;
  },
};

/** Where and how the app is built is said by the app: when it says something else than was taken for granted, that. */
async function buildApp(
  entry: Entry,
  out: string | undefined,
  settings: PagesSettings,
  output: BuildOutput,
): Promise<PagesSettings | undefined> {
  output.doing(`building ${entry.shown}`);
  await using draft = await Draft.begin(settings.out);
  const server = await bundleServer(entry.path, draft.modules, { ...settings, log });
  await draft.writeServer(server);
  const app = await loadApp({ ...entry, path: resolve(draft.modules, server.entry) });
  const own = pagesSettings(app.settings.pages);
  const wanted = withOut(own, out);
  if (!isSame(wanted, settings)) return wanted;
  output.server(entry, server, settings.out);
  const pages = await bundlePages(app, settings, output);
  if (pages !== undefined) output.pages(pages, await draft.writePages(pages), settings.out);
  await draft.finish(entry.path, settings.base, server, pages);
  output.howToStart(settings.out, own.out === settings.out || pages === undefined ? undefined : out);
  return undefined;
}

function withOut(settings: PagesSettings, out: string | undefined): PagesSettings {
  return out === undefined ? settings : { ...settings, out };
}

function isSame(a: PagesSettings, b: PagesSettings): boolean {
  return a.root === b.root && a.out === b.out && a.config === b.config && a.base === b.base;
}

/** Undefined for an app without pages. */
async function bundlePages(app: App<unknown>, settings: PagesSettings, output: BuildOutput) {
  const { assembly } = await prepare(app, { world: nodeWorld({ log }), inspects: true });
  const entries = entriesOf(assembly.pages, settings.root);
  if (entries.length === 0) return undefined;
  output.doing(`building ${entries.length} ${entries.length === 1 ? "page" : "pages"}`);
  const { bundle } = await import("../app/pages/bundler.ts");
  return await bundle(entries, { ...settings, mode: "production", log });
}
