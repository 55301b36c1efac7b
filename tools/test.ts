// The one gate: `npm test`, the same here and in CI. With paths it runs only the test files that match them.
import { mkdtempDisposable } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build.ts";
import { command, program } from "./command.ts";
import { packageSteps } from "./gate/package.ts";
import { runSteps, skip, type Step } from "./gate/step.ts";
import { findTests, runTests } from "./gate/suite.ts";
import { Tally } from "./gate/tally.ts";

const sourceSteps: readonly Step[] = [
  { name: "format (oxfmt)", run: (signal) => command(program("oxfmt", "--check"), { signal }) },
  { name: "lint (oxlint)", run: (signal) => command(program("oxlint"), { signal }) },
  { name: "types (tsc)", run: (signal) => command(program("tsc", "--noEmit", "-p", "tsconfig.json"), { signal }) },
];
const buildStep: Step = { name: "build", essential: true, run: build };
const testFiles = ["test/**/*.test.ts", "examples/**/*.test.ts"];

async function wholeGate(files: readonly string[], tally: Tally, signal: AbortSignal): Promise<void> {
  await using scratch = await mkdtempDisposable(join(tmpdir(), "livespan-gate-"));
  const checks = packageSteps(scratch.path);
  await runSteps(sourceSteps, tally, signal);
  if (await runSteps([buildStep], tally, signal)) {
    await runTests(files, tally, signal);
    await runSteps(checks, tally, signal);
  } else {
    for (const name of [...files, ...checks.map((check) => check.name)]) skip(name, buildStep.name, tally);
  }
}

async function someTests(files: readonly string[], tally: Tally, signal: AbortSignal): Promise<void> {
  if (await runSteps([buildStep], tally, signal)) await runTests(files, tally, signal);
}

/** Aborts on the first signal, so that what was started is stopped and what was written is removed. */
function stopped(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      process.exitCode = 128 + constants.signals[signal];
      stop.abort(new Error(`stopped by ${signal}`));
    });
  }
  return stop.signal;
}

async function main(list: boolean, filters: readonly string[]): Promise<void> {
  const files = await findTests(testFiles, filters);
  if (files.length === 0) throw new Error(`no test file matches ${filters.join(", ")}`);
  if (list) return printSteps(files, filters.length === 0);
  const tally = new Tally();
  const signal = stopped();
  const gate = filters.length > 0 ? someTests : wholeGate;
  await gate(files, tally, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    tally.say(String(signal.reason));
  });
  if (tally.failed) process.exitCode ??= 1;
  tally.say(tally.toString());
}

function printSteps(files: readonly string[], whole: boolean): void {
  const names = (steps: readonly Step[]) => steps.map((step) => step.name);
  const before = whole ? names(sourceSteps) : [];
  const after = whole ? names(packageSteps("")) : [];
  console.log([...before, buildStep.name, ...files, ...after].join("\n"));
}

try {
  const { values, positionals } = parseArgs({ options: { list: { type: "boolean" } }, allowPositionals: true });
  await main(values.list === true, positionals);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
