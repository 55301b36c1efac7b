import type { Outcome } from "../command.ts";
import { none, type Tally } from "./tally.ts";

/** One check of the gate; it counts as one test. */
export interface Step {
  readonly name: string;
  /** Passes with code 0; otherwise its output says what is wrong. */
  run(signal: AbortSignal): Promise<Outcome>;
  /** What comes after it makes no sense without it. */
  readonly essential?: true;
}

/** Runs steps in order. False when an essential one failed: what followed it was then skipped, and counted as such. */
export async function runSteps(steps: readonly Step[], tally: Tally, signal: AbortSignal): Promise<boolean> {
  for (const [index, step] of steps.entries()) {
    const passed = await runStep(step, tally, signal);
    if (passed || step.essential === undefined) continue;
    for (const { name } of steps.slice(index + 1)) skip(name, step.name, tally);
    return false;
  }
  return true;
}

export function skip(name: string, because: string, tally: Tally): void {
  tally.end(name, { ...none, skipped: 1 }, 0, `not run: ${because} failed`);
}

async function runStep(step: Step, tally: Tally, signal: AbortSignal): Promise<boolean> {
  const started = performance.now();
  tally.begin(step.name);
  const { code, output } = await step.run(signal).catch((error: unknown) => {
    signal.throwIfAborted();
    return { code: 1, output: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  });
  const counts = code === 0 ? { ...none, passed: 1 } : { ...none, failed: 1 };
  tally.end(step.name, counts, performance.now() - started);
  if (code !== 0) tally.say(`${output.trimEnd()}\n`);
  return code === 0;
}
