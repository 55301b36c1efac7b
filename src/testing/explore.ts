import type { App } from "../app/app.ts";
import type { Clock } from "../kernel/clock.ts";
import type { TestApp } from "./test-app.ts";
import { assertOptions } from "../kernel/lifespan.ts";
import { manualClock } from "./clock.ts";
import { messageOf } from "../kernel/errors.ts";
import { RunningApp } from "./test-app.ts";
import { Steps } from "./steps.ts";
import { testingError } from "./errors.ts";

export interface ExploreOptions {
  /** How many runs at most. 500 unless said. Where there are more schedules than that, half of the runs are drawn at random. */
  readonly runs?: number;
  /** Of the schedules that are drawn. Printed when one fails. A new one each time unless said. */
  readonly seed?: number;
  /** How many steps a race may take to come to rest. 1,000 unless said. */
  readonly steps?: number;
  /** Runs one schedule only, as a failure has printed it: "0.2.1". */
  readonly schedule?: string;
}

/** What was tried. */
export interface Exploration {
  readonly runs: number;
  /** Every schedule was tried. */
  readonly exhaustive: boolean;
  readonly seed: number;
}

/** An app in one run of a scenario. */
export interface Explored<L> extends TestApp<L, Clock> {
  /**
   * Runs all actors at once, and settles when they have settled and no event and no background task runs any more. Each time that more
   * than one of them could go on (an event arrives, a block is entered, a sleep ends) the schedule decides which does.
   * Rejects with what an actor throws.
   */
  race(...actors: readonly (() => unknown)[]): Promise<void>;
}

/**
 * Runs a scenario under every order in which its events and background tasks could go on, or under as many as `runs`
 * allows; its clock is a manual one. A schedule that fails is made as plain as it can be and printed.
 *
 * @throws LivespanError RACE_FOUND, whose cause is what the scenario threw
 */
export async function explore<L>(
  app: App<L>,
  scenario: (t: Explored<L>) => Promise<unknown>,
  options: ExploreOptions = {},
): Promise<Exploration> {
  assertOptions("explore()", options, ["runs", "seed", "steps", "schedule"]);
  const { runs = 500, steps = 1_000, schedule, seed = Math.floor(Math.random() * 2 ** 31) } = options;
  const attempt = (choices: Chooser): Promise<Outcome> => runOnce(app, scenario, choices, steps);
  if (schedule !== undefined) {
    const outcome = await attempt(following(numbersOf(schedule)));
    if (outcome.error !== undefined) throw found(outcome, 1, seed);
    return { runs: 1, exhaustive: false, seed };
  }
  const random = randomFrom(seed);
  let next: number[] | undefined = [];
  let count = 0;
  for (; count < runs && next !== undefined; count++) {
    const isDrawn = count >= runs / 2;
    const outcome = await attempt(isDrawn ? (_, of) => Math.floor(random() * of) : following(next));
    if (outcome.error !== undefined) throw found(await plainest(outcome, attempt), count + 1, seed);
    if (!isDrawn) next = successor(outcome.choices);
  }
  return { runs: count, exhaustive: next === undefined, seed };
}

type Chooser = (position: number, of: number) => number;

interface Outcome {
  readonly choices: Steps["choices"];
  readonly taken: readonly string[];
  readonly error: { readonly thrown: unknown } | undefined;
}

async function runOnce<L>(
  app: App<L>,
  scenario: (t: Explored<L>) => Promise<unknown>,
  choose: Chooser,
  limit: number,
): Promise<Outcome> {
  const time = manualClock();
  const steps = new Steps(time, choose);
  const t = new ExploredApp(app, steps, limit);
  const outcome = (error: Outcome["error"]): Outcome => ({ choices: steps.choices, taken: steps.taken, error });
  try {
    await t.start({ interleave: steps.pass, pageClock: time });
    await scenario(t);
    await time.until(t.stop());
    return outcome(undefined);
  } catch (thrown) {
    await time.until(t.stop({ force: true })).catch(() => {});
    return outcome({ thrown });
  }
}

class ExploredApp<L> extends RunningApp<L, Clock> implements Explored<L> {
  private readonly steps: Steps;
  private readonly limit: number;

  constructor(app: App<L>, steps: Steps, limit: number) {
    super(app, { clock: steps.clock, leaks: false });
    this.steps = steps;
    this.limit = limit;
  }

  async race(...actors: readonly (() => unknown)[]): Promise<void> {
    let left = actors.length;
    let all: Promise<unknown> = Promise.resolve();
    const actor = async (act: () => unknown, index: number): Promise<void> => {
      await this.steps.pass(`actor ${index + 1} starts`);
      try {
        await act();
      } finally {
        left--;
      }
    };
    const start = (): void => {
      all = Promise.all(actors.map(actor));
      // It is awaited below; an actor that fails does not end the others.
      all.catch(() => {});
    };
    await this.steps.run(start, () => left === 0 && this.isAtRest, this.limit);
    await all;
  }
}

/** Follows what is said, and takes the first of what could go on after that. */
function following(choices: readonly number[]): Chooser {
  return (position, of) => Math.min(choices[position] ?? 0, of - 1);
}

/** The next schedule in the order of all of them; undefined after the last. */
function successor(choices: Steps["choices"]): number[] | undefined {
  const last = choices.findLastIndex(({ taken, of }) => taken + 1 < of);
  if (last === -1) return undefined;
  return choices.slice(0, last + 1).map(({ taken }, index) => (index === last ? taken + 1 : taken));
}

/** Takes as many choices back as the failure lets. */
async function plainest(failed: Outcome, attempt: (choices: Chooser) => Promise<Outcome>): Promise<Outcome> {
  let best = failed;
  for (let i = 0; i < best.choices.length; i++) {
    const taken = best.choices.map((choice) => choice.taken);
    if (taken[i] === 0) continue;
    for (const less of [taken.with(i, 0), taken.toSpliced(i, 1)]) {
      const outcome = await attempt(following(less));
      if (outcome.error === undefined || weightOf(outcome) >= weightOf(best)) continue;
      best = outcome;
      break;
    }
  }
  return best;
}

/** How far a schedule is from taking things as they come. */
function weightOf({ choices }: Outcome): number {
  return choices.reduce((sum, { taken }) => sum + taken, 0) * 1_000 + choices.length;
}

function found({ choices, taken, error }: Outcome, runs: number, seed: number): Error {
  const schedule = choices
    .map((choice) => choice.taken)
    .join(".")
    .replace(/(\.0)+$/, "");
  const lines = taken.map((label, index) => `  ${index + 1}. ${label}`);
  const message = `a schedule fails (found in run ${runs}, seed ${seed}): ${messageOf(error?.thrown)}\n${lines.join("\n")}\n`;
  const remedy = `Run it again with { schedule: ${JSON.stringify(schedule)} }.`;
  return testingError("RACE_FOUND", message, { remedy, cause: error?.thrown });
}

function numbersOf(schedule: string): number[] {
  return schedule === "" ? [] : schedule.split(".").map(Number);
}

/** A small generator of its own, so that a seed gives the same draws on every Node. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
