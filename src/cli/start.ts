import type { ServeOptions } from "../host/serve.ts";
import type { Verb } from "./command.ts";
import { loadApp } from "./entry.ts";
import { parseFlags, portFlag, usageOf, type Flag } from "./flags.ts";
import { serve } from "../host/serve.ts";
import { cliError } from "./errors.ts";
import { exitCodes } from "../host/exit-code.ts";
import { stopSignals } from "../host/signals.ts";

const flags = {
  port: { value: "number", summary: "0 takes a free one; PORT, or 3000" },
  host: { value: "address", summary: "0.0.0.0 for every address of the machine; HOST, or 127.0.0.1" },
  "health-port": { value: "number", summary: "a port of their own for /livez, /readyz and /startupz" },
  log: { value: "form", summary: "text or json; LIVESPAN_LOG, or text" },
  report: { value: "file", summary: "where the shutdown report is written as JSON" },
  tree: { summary: "print the tree of lifespans with their times once ready" },
  help: { summary: "this text" },
} as const satisfies Record<string, Flag>;

const summary = "Runs the app that a file exports as its default, in production mode unless NODE_ENV says otherwise.";

export const start: Verb = {
  summary,
  usage: usageOf("start", summary, flags),
  async run(args) {
    const { entry, flags: given } = parseFlags("start", flags, args);
    if (given.help === true) {
      process.stdout.write(this.usage);
      return 0;
    }
    process.env["NODE_ENV"] ??= "production";
    const options = optionsFrom(given);
    const unload = leaveOnSignal();
    const app = await loadApp(entry);
    const served = serve(app, options);
    unload();
    return served.ended;
  },
};

/**
 * While the program is loaded a signal ends it: nothing has been opened yet. Without a listener the first process of a
 * container would not even hear it. The returned function ends this.
 */
function leaveOnSignal(): () => void {
  const leave = (): never => process.exit(exitCodes.clean);
  for (const signal of stopSignals) process.on(signal, leave);
  return () => {
    for (const signal of stopSignals) process.off(signal, leave);
  };
}

function optionsFrom(given: ReturnType<typeof parseFlags<typeof flags>>["flags"]): ServeOptions {
  const { log, host, report, tree } = given;
  if (log !== undefined && log !== "text" && log !== "json") {
    throw cliError("UNKNOWN_FLAG", `--log: expected text or json, got "${log}".`);
  }
  const port = portFlag("port", given.port);
  const healthPort = portFlag("health-port", given["health-port"]);
  return {
    ...(port !== undefined && { port }),
    ...(host !== undefined && { host }),
    ...(healthPort !== undefined && { health: { port: healthPort } }),
    ...(log !== undefined && { log }),
    ...(report !== undefined && { reportFile: report }),
    ...(tree === true && { tree: true }),
  };
}
