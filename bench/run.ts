import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import type { Benchmark } from "./harness/benchmark.ts";
import { build } from "../tools/build.ts";
import { findPeers } from "./harness/peers.ts";
import { table } from "./harness/table.ts";
import { boot } from "./boot.ts";
import { broadcast } from "./live/broadcast.ts";
import { bytesSent } from "./live/bytes.ts";
import { clientSize } from "./live/size.ts";
import { cycle } from "./live/cycle.ts";
import { drain } from "./drain.ts";
import { drops } from "./live/drops.ts";
import { event } from "./live/event.ts";
import { exit } from "./exit.ts";
import { graph } from "./graph.ts";
import { hang } from "./hang.ts";
import { http } from "./http.ts";
import { idle } from "./live/idle.ts";
import { importing } from "./import.ts";
import { launch } from "./launch.ts";
import { redis } from "./live/redis.ts";
import { reloadHundred } from "./reload/hundred.ts";
import { reloadLoad } from "./reload/load.ts";
import { reloadTime } from "./reload/time.ts";
import { reloadTour } from "./reload/tour.ts";
import { rolling } from "./rolling.ts";
import { state } from "./state.ts";
import { supervision } from "./supervision.ts";
import { workEmbedded } from "./work/embedded.ts";
import { workHatchet } from "./work/hatchet.ts";
import { workIdle } from "./work/idle.ts";
import { workPostgres } from "./work/postgres.ts";

const benchmarks: readonly Benchmark[] = [
  boot,
  graph,
  importing,
  launch,
  exit,
  state,
  http,
  drain,
  hang,
  supervision,
  rolling,
  cycle,
  event,
  redis,
  idle,
  bytesSent,
  broadcast,
  drops,
  clientSize,
  workEmbedded,
  workPostgres,
  workIdle,
  workHatchet,
  reloadTime,
  reloadLoad,
  reloadHundred,
  reloadTour,
];

/** What a name on the command line stands for. */
const groups: Readonly<Record<string, (benchmark: Benchmark) => boolean>> = {
  all: () => true,
  live: ({ name }) => name.startsWith("live-"),
  work: ({ name }) => name.startsWith("work-"),
  reload: ({ name }) => name.startsWith("reload-"),
};

const usage = `npm run bench -- <name ...> [--rounds <n>] [--quick]

${benchmarks.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join("\n")}
  ${"live, work, reload".padEnd(14)} all that begin with it
  ${"all".padEnd(14)} one after the other`;

/** 0 where every goal was met, 1 where not or where something failed, 64 for a wrong call; quick runs judge nothing. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: "boolean", default: false }, rounds: { type: "string" } },
  });
  const chosen = choose(positionals);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (chosen === undefined) return 64;
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) {
    console.error(`--rounds is how often each side runs: expected a whole number from 1, got "${values.rounds}".`);
    return 64;
  }
  const { code, output } = await build();
  if (code !== 0) {
    console.error(`The package could not be built, so there is nothing to measure.\n${output}`);
    return 1;
  }
  console.log(`Node ${process.versions.node}, ${availableParallelism()} cores, ${process.platform} ${process.arch}`);
  console.log(`npm run bench -- ${process.argv.slice(2).join(" ")}\n`);
  let good = true;
  for (const benchmark of chosen) good = (await run(benchmark, values.quick, rounds)) && good;
  return good ? 0 : 1;
}

function choose(names: readonly string[]): readonly Benchmark[] | undefined {
  const isMeant = (name: string) => groups[name] ?? ((benchmark: Benchmark) => benchmark.name === name);
  const unknown = names.filter((name) => !benchmarks.some(isMeant(name)));
  if (names.length === 0 || unknown.length > 0) {
    console.error(unknown.length > 0 ? `No benchmark is called ${unknown.join(", ")}.\n\n${usage}` : usage);
    return undefined;
  }
  return benchmarks.filter((benchmark) => names.some((name) => isMeant(name)(benchmark)));
}

async function run(benchmark: Benchmark, quick: boolean, wanted: number | undefined): Promise<boolean> {
  const rounds = wanted ?? (quick ? 1 : (benchmark.rounds ?? 7));
  const peers = await findPeers(benchmark.needs, !quick);
  console.log(`${benchmark.name}: ${benchmark.about}`);
  const started = performance.now();
  try {
    const measured = await benchmark.run({ rounds, quick, peers });
    const rows = quick ? measured.map((row) => ({ ...row, met: undefined })) : measured;
    console.log(
      `${rounds} ${rounds === 1 ? "round" : "rounds"}, ${Math.round((performance.now() - started) / 1_000)} s\n\n${table(rows)}\n`,
    );
    return rows.every(({ met }) => met !== false);
  } catch (error) {
    console.error(error);
    return false;
  }
}

process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));
process.exitCode = await main();
