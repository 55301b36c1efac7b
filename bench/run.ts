import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import type { Benchmark } from "./harness/benchmark.ts";
import { findPeers } from "./harness/peers.ts";
import { table } from "./harness/table.ts";
import { http } from "./http.ts";

const benchmarks: readonly Benchmark[] = [http];

const usage = `npm run bench -- <name ...> [--rounds <n>] [--quick]

${benchmarks.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join("\n")}
  ${"all".padEnd(12)} one after the other`;

/** Zero where every goal was met; a quick run judges nothing. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: "boolean", default: false }, rounds: { type: "string" } },
  });
  const chosen = choose(positionals);
  if (chosen === undefined) return 64;
  console.log(`Node ${process.versions.node}, ${availableParallelism()} cores, ${process.platform} ${process.arch}`);
  console.log(`npm run bench -- ${process.argv.slice(2).join(" ")}\n`);
  let missed = 0;
  for (const benchmark of chosen) missed += await run(benchmark, values.quick, values.rounds);
  return missed > 0 && !values.quick ? 1 : 0;
}

function choose(names: readonly string[]): readonly Benchmark[] | undefined {
  const unknown = names.filter((name) => name !== "all" && benchmarks.every((benchmark) => benchmark.name !== name));
  if (names.length === 0 || unknown.length > 0) {
    console.error(unknown.length > 0 ? `No benchmark is called ${unknown.join(", ")}.\n\n${usage}` : usage);
    return undefined;
  }
  return names.includes("all") ? benchmarks : benchmarks.filter(({ name }) => names.includes(name));
}

async function run(benchmark: Benchmark, quick: boolean, wanted: string | undefined): Promise<number> {
  const rounds = Number(wanted ?? (quick ? 2 : (benchmark.rounds ?? 7)));
  const peers = await findPeers(benchmark.needs, !quick);
  const started = performance.now();
  const rows = await benchmark.run({ rounds, quick, peers });
  console.log(`${benchmark.name}: ${benchmark.about}`);
  console.log(`${rounds} rounds, ${Math.round((performance.now() - started) / 1_000)} s\n\n${table(rows)}\n`);
  return rows.filter(({ met }) => met === false).length;
}

process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));
process.exitCode = await main();
