import { glob } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { run, type EventData } from "node:test";
import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";
import { root } from "../command.ts";
import { none, type Counts, type Tally } from "./tally.ts";

/** A test may take two minutes and a file eight: beyond it something hangs, or a file left a handle open. */
const testLimit = 120_000;
const fileLimit = 480_000;

/** The files that match `patterns`, the house's own rules first; with filters, only those whose path holds one. */
export async function findTests(patterns: readonly string[], filters: readonly string[]): Promise<string[]> {
  const wanted: string[] = [];
  for await (const found of glob(patterns, { cwd: root })) {
    const file = found.replaceAll("\\", "/");
    if (filters.length === 0 || filters.some((filter) => file.includes(filter))) wanted.push(file);
  }
  const house = (file: string) => (file.startsWith("test/house/") ? 0 : 1);
  return wanted.toSorted((a, b) => house(a) - house(b) || a.localeCompare(b, "en"));
}

/** Runs each file in its own process, as many at once as there are cores, with one line for each. */
export async function runTests(files: readonly string[], tally: Tally, signal: AbortSignal): Promise<void> {
  const queue = files.values();
  const workers = Array.from({ length: availableParallelism() }, async () => {
    for (const file of queue) await runFile(file, tally, signal);
  });
  await Promise.all(workers);
}

async function runFile(file: string, tally: Tally, stop: AbortSignal): Promise<void> {
  stop.throwIfAborted();
  const started = performance.now();
  tally.begin(file);
  const limit = AbortSignal.timeout(fileLimit);
  const { counts, failures, output } = await readRun(file, AbortSignal.any([stop, limit]));
  stop.throwIfAborted();
  tally.end(file, counts, performance.now() - started, detailOf(counts));
  if (counts.failed === 0) return;
  if (limit.aborted) failures.push(`stopped after ${fileLimit / 1000} s: a test hangs or left a handle open\n`);
  tally.say([...failures, output === "" ? "" : `what ${file} printed:\n${output}`].join("\n"));
}

async function readRun(file: string, signal: AbortSignal) {
  const execArgv = ["--enable-source-maps"];
  const options = { files: [join(root, file)], cwd: root, execArgv, timeout: testLimit, concurrency: 1, signal };
  const events: AsyncIterable<TestEvent> = run(options);
  const failures: string[] = [];
  let counts = none;
  let output = "";
  for await (const { type, data } of events) {
    if (type === "test:stdout" || type === "test:stderr") output += data.message;
    // What has no file are the totals; the rest tells of errors outside of any test.
    if (type === "test:diagnostic" && data.file !== undefined) output += `${data.message}\n`;
    if (type === "test:fail" && !isSuiteOfFailures(data)) failures.push(failureText(data));
    // The last summary is the one of the whole run, which also counts a file that could not be loaded.
    if (type === "test:summary") counts = countsOf(data);
  }
  return { counts, failures, output };
}

function isSuiteOfFailures({ details }: EventData.TestFail): boolean {
  return "failureType" in details.error && details.error.failureType === "subtestsFailed";
}

function failureText({ name, file, line, details }: EventData.TestFail): string {
  const { error } = details;
  const ended = String("exitCode" in error ? error.exitCode : error.cause);
  if (name === file) return `✗ ${relative(root, file)} ended with ${ended}\n`;
  const place = file === undefined ? "" : ` (${relative(root, file)}:${line ?? "?"})`;
  return `✗ ${name}${place}\n${inspect(error.cause ?? error)}\n`;
}

/** A suite whose hook fails is no test, and only `success` tells of it. */
function countsOf({ counts, success }: EventData.TestSummary): Counts {
  const skipped = counts.skipped + counts.todo;
  const failed = counts.tests - counts.passed - skipped;
  return { passed: counts.passed, failed: success ? failed : Math.max(failed, 1), skipped };
}

function detailOf({ passed, failed, skipped }: Counts): string {
  const failures = failed > 0 ? `, ${failed} failed` : "";
  return `${passed} passed${failures}${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
