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
import { serviceSteps } from "./services.ts";
import { Tally } from "./gate/tally.ts";

const formatStep: Step = { name: "format (oxfmt)", run: (signal) => command(program("oxfmt", "--check"), { signal }) };
const buildStep: Step = { name: "build", essential: true, run: build };
// Tests, tools and examples import the published names, so their types are those of the build.
const typedSteps: readonly Step[] = [
  { name: "lint (oxlint)", run: (signal) => command(program("oxlint"), { signal }) },
  { name: "types (tsc)", run: (signal) => command(program("tsc", "--noEmit", "-p", "tsconfig.json"), { signal }) },
  {
    name: "types of what runs in a page (tsc)",
    run: (signal) => command(program("tsc", "--noEmit", "-p", "tsconfig.client.json"), { signal }),
  },
  {
    name: "types of pages (tsc)",
    run: (signal) => command(program("tsc", "--noEmit", "-p", "tsconfig.pages.json"), { signal }),
  },
];
const testFiles = ["test/**/*.test.ts", "examples/**/*.test.ts"];

async function wholeGate(files: readonly string[], tally: Tally, signal: AbortSignal): Promise<void> {
  await using scratch = await mkdtempDisposable(join(tmpdir(), "livespan-gate-"));
  const checks = packageSteps(scratch.path);
  if (await runSteps([formatStep, buildStep], tally, signal)) {
    await runSteps(typedSteps, tally, signal);
    await serveTests(files, tally, signal);
    await runSteps(checks, tally, signal);
  } else {
    for (const name of [...namesOf(typedSteps), ...files, ...namesOf(checks)]) skip(name, buildStep.name, tally);
  }
}

async function someTests(files: readonly string[], tally: Tally, signal: AbortSignal): Promise<void> {
  if (await runSteps([buildStep], tally, signal)) await serveTests(files, tally, signal);
}

/** Runs test files with the services that they need around them; these go down on a signal as well. */
async function serveTests(files: readonly string[], tally: Tally, signal: AbortSignal): Promise<void> {
  await using stack = new AsyncDisposableStack();
  await runSteps(await serviceSteps(files, tally, stack), tally, signal);
  await runTests(files, tally, signal);
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
  const before = whole ? [formatStep, buildStep, ...typedSteps] : [buildStep];
  const after = whole ? packageSteps("") : [];
  console.log([...namesOf(before), ...files, ...namesOf(after)].join("\n"));
}

function namesOf(steps: readonly Step[]): string[] {
  return steps.map((step) => step.name);
}

try {
  const { values, positionals } = parseArgs({ options: { list: { type: "boolean" } }, allowPositionals: true });
  await main(values.list === true, positionals);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
