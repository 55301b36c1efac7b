import { relative } from "node:path";
import type { App } from "../app/app.ts";
import type { Verb } from "./command.ts";
import { appFrom, entryPath } from "./entry.ts";
import { cliError } from "./errors.ts";
import { useDevelopmentEnv } from "./env-file.ts";
import { entryOf, parseFlags, portFlag, usageOf, type Flag } from "./flags.ts";
import { processFlags, processOptionsFrom } from "./process.ts";

const flags = {
  port: { value: "number", summary: "0 takes a free one; PORT, or 3000" },
  host: { value: "address", summary: "0.0.0.0 for every address of the machine; HOST, or 127.0.0.1" },
  "hang-limit": { value: "seconds", summary: "ends code that holds the event loop for longer; 5, 0 for never" },
  ...processFlags,
  env: { value: "file", summary: "variables of the environment, in place of those of .env" },
  help: { summary: "this text" },
} as const satisfies Record<string, Flag>;

const summary = "Runs an app while it is being written: every save is served at once, and no request is lost.";

export const dev: Verb = {
  summary,
  usage: usageOf("dev", summary, flags),
  async run(args) {
    const { words, flags: given } = parseFlags("dev", flags, args);
    if (given.help === true) {
      process.stdout.write(this.usage);
      return 0;
    }
    process.env["NODE_ENV"] ??= "development";
    const env = useDevelopmentEnv(given);
    const { host } = given;
    const port = portFlag("port", given.port);
    const entry = entryPath(entryOf("dev", words));
    const shown = relative(process.cwd(), entry) || entry;
    const { develop } = await import("../host/dev/develop.ts");
    const life = await develop({
      entry,
      appFrom: (module): App<unknown> => appFrom(module, shown),
      env,
      hangLimit: hangLimitOf(given["hang-limit"]),
      serve: { ...processOptionsFrom(given), ...(port !== undefined && { port }), ...(host !== undefined && { host }) },
    });
    return life.ended;
  },
};

/** Milliseconds. @throws LivespanError UNKNOWN_FLAG */
function hangLimitOf(text: string | undefined): number {
  const seconds = Number(text ?? 5);
  if (text !== "" && seconds >= 0 && seconds <= 86_400) return seconds * 1_000;
  throw cliError("UNKNOWN_FLAG", `--hang-limit: expected seconds, from 0 to 86,400, got "${text}".`);
}
