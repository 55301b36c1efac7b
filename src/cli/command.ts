import { exitCodes } from "../host/exit-code.ts";
import { didYouMean } from "../kernel/nearest.ts";
import { LivespanError, messageOf } from "../kernel/errors.ts";
import { cliError } from "./errors.ts";
import { tolerateClosedOutput } from "../host/stdio.ts";

/** A verb of the command line. Settles with the exit code. */
export interface Verb {
  readonly summary: string;
  readonly usage: string;
  run(args: readonly string[]): Promise<number>;
}

/** Loaded when they are asked for: `livespan --help` loads none of them. */
const verbs: Readonly<Record<string, { readonly summary: string; load(): Promise<Verb> }>> = {
  dev: { summary: "run an app while it is being written", load: async () => (await import("./dev.ts")).dev },
  start: { summary: "run an app as a production process", load: async () => (await import("./start.ts")).start },
  build: { summary: "build an app and its pages for production", load: async () => (await import("./build.ts")).build },
  check: { summary: "check an app without starting it", load: async () => (await import("./check.ts")).check },
  worker: {
    summary: "run a worker of an app as a process of its own",
    load: async () => (await import("./worker.ts")).worker,
  },
  runs: {
    summary: "list, show, cancel and replay runs",
    load: async () => (await import("./runs.ts")).runs,
  },
  graph: {
    summary: "print an app's tree of lifespans and tasks",
    load: async () => (await import("./graph.ts")).graph,
  },
};

/** Verbs that load an app and do not run it. */
const onlyLoad: ReadonlySet<string> = new Set(["build", "check", "graph"]);

/** Verbs whose output is beside what they are for: they go on without. */
const serves: ReadonlySet<string> = new Set(["dev", "start", "worker"]);

/** Nothing is wrong with what was asked for: it could not be had, or made. */
const failures: ReadonlySet<string> = new Set(
  "RUN_NOT_FOUND ENGINE_DOWN BUILD_UNWRITTEN SERVER_BUILD PAGE_BUILD PAGE_GUARD".split(" "),
);

/** Runs the command line; settles with the exit code. Whatever is wrong with it is said in a line or two. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  // `livespan check | head` is no failure.
  tolerateClosedOutput(name !== undefined && serves.has(name) ? undefined : leaveForLost);
  try {
    if (name === undefined || name === "--help" || name === "-h" || name === "help") return help();
    if (name === "--version" || name === "-v") return await version();
    const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
    if (verb === undefined) {
      const near = didYouMean(name, [...Object.keys(verbs), "--help", "--version"]);
      throw cliError("UNKNOWN_COMMAND", `livespan has no command "${name}".${near}`);
    }
    const code = await (await verb.load()).run(rest);
    return onlyLoad.has(name) ? await leave(code) : code;
  } catch (error) {
    const text = error instanceof LivespanError ? `${shownMessage(error)} [${error.code}]` : messageOf(error);
    process.stderr.write(`livespan: ${text}\n`);
    const isFailure = error instanceof LivespanError && failures.has(error.code);
    return await leave(isFailure ? exitCodes.startFailed : exitCodes.invalidConfiguration);
  }
}

/** What ends with a drawing has the remedy on a line of its own. */
function shownMessage({ message, remedy }: LivespanError): string {
  return message.replace(`\n ${remedy}`, () => `\n${remedy}`);
}

/** What was asked for is the output itself. */
function leaveForLost({ message }: Error): never {
  process.stderr.write(`livespan: the output could not be written: ${message}\n`);
  process.exit(exitCodes.startFailed);
}

/** What an app's modules have left open when they were loaded, a timer or a connection, would keep the process for ever. */
async function leave(code: number): Promise<never> {
  for (const output of [process.stdout, process.stderr])
    await new Promise<void>((resolve) => output.write("", () => resolve()));
  process.exit(code);
}

function help(): number {
  const lines = Object.entries(verbs).map(([name, { summary }]) => `  livespan ${name.padEnd(8)} ${summary}`);
  process.stdout.write(`${["usage:", ...lines, "", "livespan <command> --help says more."].join("\n")}\n`);
  return exitCodes.clean;
}

async function version(): Promise<number> {
  const { default: manifest } = await import("../../package.json", { with: { type: "json" } });
  process.stdout.write(`${manifest.version}\n`);
  return exitCodes.clean;
}
