import type { OpenClient } from "../app/work/client.ts";
import type { RunFilter, RunInfo, RunState } from "../work/run.ts";
import type { Verb } from "./command.ts";
import { envFlags, useEnvFile } from "./env-file.ts";
import { chooseEngine } from "../work/engines/choose.ts";
import { cliError } from "./errors.ts";
import { countFlag, parseFlags, usageOf, type Flag } from "./flags.ts";
import { createClient } from "../app/work/client.ts";
import { didYouMean } from "../kernel/nearest.ts";
import { lackingWorker } from "./runs-waits.ts";
import { logLine, printRun, printRuns, printWorkers } from "./runs-text.ts";

const flags = {
  task: { value: "name", summary: "of this task or workflow" },
  state: { value: "state", summary: "in this state, such as failed; several by commas" },
  limit: { value: "number", summary: "at most so many; 20 unless said, when listed" },
  reason: { value: "text", summary: "why, for cancel" },
  json: { summary: "print as JSON" },
  ...envFlags,
  help: { summary: "this text" },
} as const satisfies Record<string, Flag>;

const summary = [
  "Looks at runs, where the app keeps them: DATABASE_URL, HATCHET_CLIENT_TOKEN, or .livespan/ of this folder.",
  "  livespan runs                     lists them, newest first",
  "  livespan runs show <id>           says all of one, with its steps",
  "  livespan runs log <id>            says what its body has logged, and logs until it has settled",
  "  livespan runs workers             lists who takes them, and what of",
  "  livespan runs cancel <id> …       cancels these, or all that --task and --state name",
  "  livespan runs replay <id> …       runs them again",
].join("\n");

type Flags = ReturnType<typeof parseFlags<typeof flags>>["flags"];

interface Given extends Flags {
  /** Of the engine, for people. */
  readonly where: string;
}

export const runs: Verb = {
  summary: "Looks at runs: lists, shows, cancels and replays them.",
  usage: usageOf("runs", summary, flags, "[show | log | workers | cancel | replay] [id …]"),
  async run(args) {
    const { words, flags: given } = parseFlags("runs", flags, args);
    if (given.help === true) {
      process.stdout.write(this.usage);
      return 0;
    }
    useEnvFile(given);
    const [name = "list", ...ids] = words;
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (action === undefined) {
      throw cliError("UNKNOWN_FLAG", unknown(name));
    }
    const filter = filterFrom(given, ids);
    const engine = await chooseEngine(process.env);
    // What matters of it comes as an error, in one line.
    await using client = createClient({ engine, log: () => {} });
    process.stdout.write(await action(client, filter, { ...given, where: engine.where }));
    return 0;
  },
};

function unknown(name: string): string {
  const known = Object.keys(actions);
  const near = didYouMean(name, known);
  return `livespan runs has no "${name}".${near === "" ? ` Expected one of: ${known.join(", ")}.` : near}`;
}

/** What each word does; gives what is printed. */
const actions: Readonly<Record<string, (client: OpenClient, filter: RunFilter, given: Given) => Promise<string>>> = {
  async list(client, filter, { json, where }) {
    const found = await client.list({ ...filter, limit: filter.limit ?? 20 });
    if (json === true) return jsonOf(found);
    return found.length === 0 ? `no such runs: ${where}\n` : printRuns(found, await lackingWorker(client, found));
  },
  async show(client, filter, { json }) {
    const run = await theRun(client, "show", filter);
    const steps = await stepsOf(client, run);
    return json === true
      ? jsonOf({ ...run, steps })
      : printRun(run, steps, await lackingWorker(client, [run, ...steps]));
  },
  async log(client, filter, { json }) {
    const { id } = await theRun(client, "log", filter);
    for await (const line of client.handle(id).logs())
      process.stdout.write(json === true ? jsonOf(line) : logLine(line));
    return "";
  },
  async workers(client, _, { json, where }) {
    const found = await client.workers();
    if (json === true) return jsonOf(found);
    return found.length === 0 ? `no workers: ${where}\n` : printWorkers(found);
  },
  async cancel(client, filter, { reason }) {
    assertChosen("cancel", filter);
    return `cancelled ${counted(await client.cancel(filter, reason))}\n`;
  },
  async replay(client, filter) {
    assertChosen("replay", filter);
    return `replayed ${counted(await client.replay(filter))}\n`;
  },
};

async function theRun(client: OpenClient, action: string, { ids = [] }: RunFilter): Promise<RunInfo> {
  const [id, ...more] = ids;
  if (id === undefined) throw cliError("UNKNOWN_FLAG", `livespan runs ${action}: which run? Its id is missing.`);
  if (more.length > 0) throw cliError("UNKNOWN_FLAG", `livespan runs ${action} takes one id, got ${ids.length}.`);
  const run = await client.get(id);
  if (run === undefined) throw cliError("RUN_NOT_FOUND", `there is no run ${id}.`);
  return run;
}

function counted(count: number): string {
  return count === 1 ? "1 run" : `${count} runs`;
}

function jsonOf(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** In the order in which they were declared. */
async function stepsOf(client: OpenClient, { id }: RunInfo): Promise<readonly RunInfo[]> {
  return (await client.list({ workflowRunId: id, limit: 1_000 })).toReversed();
}

/** Nobody means all runs there are. */
function assertChosen(action: string, { ids, tasks, states }: RunFilter): void {
  if (ids !== undefined || tasks !== undefined || states !== undefined) return;
  throw cliError("UNKNOWN_FLAG", `livespan runs ${action}: which runs? Give ids, --task or --state.`);
}

function filterFrom(given: Flags, ids: readonly string[]): RunFilter {
  const limit = countFlag("limit", given.limit);
  return {
    // A step that is named is meant.
    ...(ids.length > 0 && { ids, steps: true }),
    ...(given.task !== undefined && { tasks: [given.task] }),
    // The client refuses what is none.
    ...(given.state !== undefined && { states: given.state.split(",") as RunState[] }),
    ...(limit !== undefined && { limit }),
  };
}
