import type { ServeOptions } from "../host/serve.ts";
import type { Verb } from "./command.ts";
import { loadApp } from "./entry.ts";
import { parseFlags, portFlag, usageOf, type Flag } from "./flags.ts";
import { serve } from "../host/serve.ts";
import { cliError } from "./errors.ts";

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
    const app = await loadApp(entry);
    return serve(app, options).ended;
  },
};

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
