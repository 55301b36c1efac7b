import type { App } from "../app/app.ts";
import type { AppRun } from "../app/run.ts";
import type { Verb } from "./command.ts";
import { envFlags, useEnvFile } from "./env-file.ts";
import { appFrom, imported, unreadable, type Entry } from "./entry.ts";
import { chooseEntry } from "./built.ts";
import { checkPages, checkPeers, checkShared, engineOf } from "./check/environment.ts";
import { DeclaredCheck } from "./check/declared.ts";
import { entryOf, parseFlags, usageOf, type Flag } from "./flags.ts";
import { exitCodes } from "../host/exit-code.ts";
import { Modules } from "./check/modules.ts";
import { nodeWorld } from "../app/world.ts";
import { prepare } from "../app/run.ts";
import { printReport, type Report, summaryOf } from "./check/report.ts";
import { type Problem, problemFrom } from "./check/problem.ts";

const flags = {
  strict: { summary: "warnings fail it too, with code 1" },
  workers: { summary: "checks for several processes, as livespan start --workers" },
  json: { summary: "print it as JSON" },
  ...envFlags,
  help: { summary: "this text" },
} as const satisfies Record<string, Flag>;

const summary = [
  "Checks an app: its declarations, graphs and pages, its workers, and what it needs of the environment. Starts nothing.",
  "Checks what livespan start would run: in production without a file, what was built.",
  "Ends with 0, with 78 for errors, and under --strict with 1 for warnings.",
].join("\n");

export const check: Verb = {
  summary,
  usage: usageOf("check", summary, flags),
  async run(args) {
    const { words, flags: given } = parseFlags("check", flags, args);
    if (given.help === true) {
      process.stdout.write(this.usage);
      return 0;
    }
    useEnvFile(given);
    const report = await checkEntry(entryOf("check", words), given.workers === true);
    process.stdout.write(given.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : printReport(report));
    const levels = new Set(report.problems.map(({ level }) => level));
    if (levels.has("error")) return exitCodes.invalidConfiguration;
    return given.strict === true && levels.has("warning") ? exitCodes.startFailed : exitCodes.clean;
  },
};

async function checkEntry(word: string | undefined, several: boolean): Promise<Report> {
  try {
    const entry = await chooseEntry(word);
    const { modules, loaded } = await Modules.during(() => load(entry));
    return await checkApp(await loaded, modules, entry, several);
  } catch (error) {
    // There is no app that more could be said of.
    return { problems: [problemFrom(error)] };
  }
}

async function load(entry: Entry): Promise<App<unknown>> {
  const { shown } = entry;
  let module: Record<string, unknown>;
  try {
    module = await imported(entry);
  } catch (error) {
    throw unreadable(error, shown);
  }
  return appFrom(module, shown);
}

async function checkApp(app: App<unknown>, modules: Modules, { shown }: Entry, several: boolean): Promise<Report> {
  const declared = new DeclaredCheck(app, modules);
  await declared.checkWorkers();
  const { problems, assembly } = declared;
  problems.push(...(await checkPages(app, declared)));
  const chosen = await engineOf(app, declared).catch((error: unknown) => void problems.push(problemFrom(error)));
  problems.push(...checkPeers(app, chosen?.engine, (assembly?.pages.length ?? 0) > 0));
  const run = await prepared(app, problems);
  problems.push(...checkShared(app, declared, chosen?.engine, run, several));
  return { app: summaryOf(app, shown, declared, chosen), problems: distinct(problems) };
}

/** What starting it would be refused for, unless that is known: a graph says its first problem only. */
async function prepared(app: App<unknown>, problems: Problem[]): Promise<AppRun | undefined> {
  try {
    return await prepare(app, { world: nodeWorld({ log: () => {} }), inspects: true });
  } catch (error) {
    const problem = problemFrom(error);
    if (!problems.some(({ level, code }) => level === "error" && code === problem.code)) problems.push(problem);
    return undefined;
  }
}

/** Errors first, by place. What several graphs share is in each of them. */
function distinct(problems: readonly Problem[]): readonly Problem[] {
  const known = new Map(problems.map((problem) => [problem.code + problem.message, problem]));
  const order = ({ level, places }: Problem): string => `${level} ${places[0] ?? ""}`;
  return [...known.values()].toSorted((a, b) => order(a).localeCompare(order(b), "en", { numeric: true }));
}
