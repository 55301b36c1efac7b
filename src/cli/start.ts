import type { ServeOptions } from "../host/serve.ts";
import type { Verb } from "./command.ts";
import { chooseEntry, sayBuilt } from "./built.ts";
import { envFlags, useEnvFile } from "./env-file.ts";
import { loadApp } from "./entry.ts";
import { entryOf, parseFlags, portFlag, usageOf, type Flag } from "./flags.ts";
import { serveUnder } from "../host/serve.ts";
import { leaveOnSignal, processFlags, processOptionsFrom } from "./process.ts";
import { crewFrom, joinSupervisor, supervise, workersFlags } from "./workers.ts";

const flags = {
  port: { value: "number", summary: "0 takes a free one; PORT, or 3000" },
  host: { value: "address", summary: "0.0.0.0 for every address of the machine; HOST, or 127.0.0.1" },
  ...workersFlags,
  ...processFlags,
  ...envFlags,
  help: { summary: "this text" },
} as const satisfies Record<string, Flag>;

const summary = [
  "Runs the app that a file exports as its default, in production mode unless NODE_ENV says otherwise.",
  "Without a file, in production, it runs what livespan build has built, if it has.",
].join("\n");

export const start: Verb = {
  summary,
  usage: usageOf("start", summary, flags),
  async run(args) {
    const { words, flags: given } = parseFlags("start", flags, args);
    if (given.help === true) {
      process.stdout.write(this.usage);
      return 0;
    }
    const env = useEnvFile(given);
    process.env["NODE_ENV"] ??= "production";
    const options = optionsFrom(given);
    const crew = crewFrom(given);
    const parent = await joinSupervisor();
    const unload = leaveOnSignal(parent?.signals);
    const word = entryOf("start", words);
    const entry = await chooseEntry(word);
    if (crew !== undefined && parent === undefined) {
      unload();
      sayBuilt(entry, options);
      // Chosen once: what comes later is not to run sources because a build has been taken away meanwhile.
      const chosen = word === undefined ? [entry.built?.out ?? entry.path] : [];
      return supervise({ args: ["start", ...args, ...chosen], without: env.names }, crew, options);
    }
    const app = await loadApp(entry);
    // A supervisor has said it for all of its workers.
    if (parent === undefined) sayBuilt(entry, options, app.settings.log);
    const served = serveUnder(parent, app, parent?.optionsFrom(options) ?? options);
    unload();
    return served.ended;
  },
};

function optionsFrom(given: ReturnType<typeof parseFlags<typeof flags>>["flags"]): ServeOptions {
  const { host } = given;
  const port = portFlag("port", given.port);
  return { ...processOptionsFrom(given), ...(port !== undefined && { port }), ...(host !== undefined && { host }) };
}
