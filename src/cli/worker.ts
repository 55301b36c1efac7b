import type { Engine } from "../work/engine.ts";
import type { Entry } from "./entry.ts";
import type { Verb } from "./command.ts";
import { envFlags, useEnvFile } from "./env-file.ts";
import { App } from "../app/app.ts";
import { chooseEntry, sayBuilt } from "./built.ts";
import { cliError } from "./errors.ts";
import { countFlag, entryOf, parseFlags, usageOf, type Flag } from "./flags.ts";
import { didYouMean } from "../kernel/nearest.ts";
import { leaveOnSignal, processFlags, processOptionsFrom } from "./process.ts";
import { loadModule } from "./entry.ts";
import { runWorker } from "../host/run-worker.ts";
import { WorkerDeclaration } from "../work/worker.ts";

const flags = {
  name: { value: "worker", summary: "which one, where the file has several" },
  slots: { value: "number", summary: "jobs at the same time, in place of the worker's own" },
  ...processFlags,
  ...envFlags,
  help: { summary: "this text" },
} as const satisfies Record<string, Flag>;

const summary = [
  "Runs a worker that a file exports, or that its app has, in production mode unless NODE_ENV says otherwise.",
  "Without a file, in production, it runs that of what livespan build has built, if it has.",
].join("\n");

export const worker: Verb = {
  summary,
  usage: usageOf("worker", summary, flags),
  async run(args) {
    const { words, flags: given } = parseFlags("worker", flags, args);
    if (given.help === true) {
      process.stdout.write(this.usage);
      return 0;
    }
    useEnvFile(given);
    const slots = countFlag("slots", given.slots);
    const options = { ...processOptionsFrom(given), ...(slots !== undefined && { slots }) };
    process.env["NODE_ENV"] ??= "production";
    const unload = leaveOnSignal();
    const entry = await chooseEntry(entryOf("worker", words));
    const { worker: chosen, engine } = await loadWorker(entry, given.name);
    sayBuilt(entry, options);
    const ended = runWorker(chosen, { ...options, ...(engine !== undefined && { engine }) });
    unload();
    return ended;
  },
};

interface Chosen {
  readonly worker: WorkerDeclaration;
  /** The app's. */
  readonly engine: Engine | undefined;
}

/** @throws LivespanError ENTRY_UNREADABLE, ENTRY_NO_WORKER */
async function loadWorker(entry: Entry, name: string | undefined): Promise<Chosen> {
  const module = await loadModule(entry);
  const found = new Map<string, Chosen>();
  for (const exported of Object.values(module)) {
    if (exported instanceof WorkerDeclaration) found.set(exported.name, { worker: exported, engine: undefined });
  }
  // After the others: a worker that an app has uses that app's engine.
  for (const exported of Object.values(module)) {
    if (!(exported instanceof App)) continue;
    const { workers = [], engine } = exported.settings;
    for (const each of workers) found.set(each.name, { worker: each, engine });
  }
  return choose(entry.shown, found, name);
}

function choose(shown: string, found: ReadonlyMap<string, Chosen>, name: string | undefined): Chosen {
  const names = [...found.keys()];
  if (names.length === 0) throw cliError("ENTRY_NO_WORKER", `${shown} exports no worker, and no app that has one.`);
  const all = names.map((each) => `"${each}"`).join(", ");
  if (name !== undefined && !found.has(name)) {
    throw cliError("ENTRY_NO_WORKER", `${shown} has no worker "${name}".${didYouMean(name, names)} It has ${all}.`);
  }
  const chosen = found.get(name ?? names[0]!)!;
  if (name === undefined && names.length > 1) {
    throw cliError("ENTRY_NO_WORKER", `${shown} has several workers: ${all}.`, {
      remedy: `Say which: --name ${names[0]!}`,
    });
  }
  return chosen;
}
