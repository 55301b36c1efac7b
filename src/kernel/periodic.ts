import type { Attempt } from "./attempt.ts";
import type { Calendar } from "./world.ts";
import type { Periodic, Task } from "./task.ts";
import { kernelError, Stopping } from "./catalogue.ts";

/** The longest sleep between two looks at a wall clock that may jump, in milliseconds. */
const longestLook = 60_000;
/** A wall clock that goes back by no more than this does not run a cron tick again, in milliseconds. */
const smallJumpBack = 300_000;
/** A cron tick that is noticed later than this was missed, in milliseconds. */
const missedAfter = 60_000;

/** When the next tick is due. One for each periodic task. */
interface Pace {
  /** Waits for the next tick; "missed" says that ticks went by which could not run, false that the task was aborted. */
  next(): Promise<"due" | "missed" | false>;
}

/**
 * Runs a task's body at each tick until the task is aborted. Failures count towards the task's intensity; the schedule is
 * its back-off. A tick that is due after draining has fired does not run.
 */
export async function runPeriodically(task: Task): Promise<void> {
  const { onMissed = "skip" } = task.spec.options;
  const pace = paceOf(task);
  const overlap = new Overlap(task);
  for (;;) {
    const tick = await pace.next();
    if (tick === false || task.around.draining.aborted) break;
    if (tick === "missed" && onMissed === "skip") skip(task, "missed");
    else await overlap.tick();
    if (overlap.givenUp) break;
  }
  await overlap.settled();
  if (!overlap.givenUp) task.finish("stopped");
}

function skip(task: Task, why: "overlap" | "missed"): void {
  task.around.emit("task.skipped", { name: task.name, why, skips: ++task.skips });
}

/** What a tick does while runs before it go on. */
class Overlap {
  givenUp = false;
  private readonly task: Task;
  private readonly policy: NonNullable<Periodic["overlap"]>;
  private readonly awaitsRuns: boolean;
  private readonly runs = new Set<Promise<void>>();
  private queued = false;

  constructor(task: Task) {
    this.task = task;
    this.policy = task.spec.options.overlap ?? "skip";
    this.awaitsRuns = task.spec.options.pace === "fixed-delay";
  }

  async tick(): Promise<void> {
    const busy = this.runs.size > 0;
    if (busy && this.policy !== "allow") {
      // What is cancelled is awaited, so the next run is queued behind it: never two at once.
      if (this.policy === "cancel-previous") abortAll(this.task.attempts, this.task.name);
      if (this.policy === "skip" || this.queued) return skip(this.task, "overlap");
      this.queued = true;
      return;
    }
    const run = this.run();
    this.runs.add(run);
    void run.finally(() => this.runs.delete(run));
    if (this.awaitsRuns) await run;
  }

  async settled(): Promise<void> {
    await Promise.all(this.runs);
  }

  private async run(): Promise<void> {
    do {
      this.queued = false;
      const failure = await this.task.attempt();
      if (this.task.signal.aborted) return;
      if (failure !== undefined && !(await this.task.survives(failure))) {
        this.givenUp = true;
        this.task.abort(new Stopping(`task "${this.task.name}" was given up`, failure.error));
        return;
      }
      if (this.task.attempts.size === 0) this.task.state = "waiting";
    } while (this.queued && !this.task.around.draining.aborted);
  }
}

function abortAll(attempts: ReadonlySet<Attempt>, name: string): void {
  for (const attempt of attempts) attempt.abort(new Stopping(`the next run of task "${name}" is due`));
}

function paceOf(task: Task): Pace {
  const { every, pace = "fixed-rate", jitter = 0 } = task.spec.options;
  const { world } = task.around;
  const spread = (): number => (jitter > 0 ? Math.floor(world.random() * jitter) : 0);
  if (typeof every === "string") {
    if (world.calendar !== undefined) return new CronPace(task, world.calendar, every, spread);
    throw kernelError("INVALID_DECLARATION", `task "${task.name}": "${every}" needs a calendar, and this world has none.`);
  }
  if (typeof every !== "number" || !(every > 0)) {
    throw kernelError("INVALID_DECLARATION", `task "${task.name}": every must be a positive number of milliseconds.`);
  }
  return pace === "fixed-delay" ? new DelayPace(task, every, spread) : new RatePace(task, every, spread);
}

class DelayPace implements Pace {
  private readonly task: Task;
  private readonly every: number;
  private readonly spread: () => number;

  constructor(task: Task, every: number, spread: () => number) {
    this.task = task;
    this.every = every;
    this.spread = spread;
  }

  async next(): Promise<"due" | false> {
    return (await this.task.wait(this.every + this.spread(), "waiting")) && "due";
  }
}

class RatePace implements Pace {
  private readonly task: Task;
  private readonly every: number;
  private readonly spread: () => number;
  private due: number;

  constructor(task: Task, every: number, spread: () => number) {
    this.task = task;
    this.every = every;
    this.spread = spread;
    this.due = task.around.world.clock.now();
  }

  async next(): Promise<"due" | "missed" | false> {
    const { clock } = this.task.around.world;
    this.due += this.every;
    const behind = clock.now() - this.due;
    // The loop was blocked, or the machine slept: what went by is missed, and the grid is kept.
    if (behind >= this.every) {
      this.due += Math.floor(behind / this.every) * this.every;
      return "missed";
    }
    const waitMs = Math.max(0, -behind) + this.spread();
    return (await waitQuietly(this.task, waitMs)) && "due";
  }
}

class CronPace implements Pace {
  private readonly task: Task;
  private readonly calendar: Calendar;
  private readonly expression: string;
  private readonly spread: () => number;
  /** The tick that was last due, on the wall clock. */
  private last = -Infinity;

  constructor(task: Task, calendar: Calendar, expression: string, spread: () => number) {
    this.task = task;
    this.calendar = calendar;
    this.expression = expression;
    this.spread = spread;
  }

  async next(): Promise<"due" | "missed" | false> {
    const { clock } = this.task.around.world;
    const jitter = this.spread();
    for (;;) {
      const wall = clock.wall();
      // A small jump back does not run a tick again; after a large one the clock is believed, or nothing would run for long.
      const after = this.last > wall && this.last - wall <= smallJumpBack ? this.last : wall;
      const due = this.calendar.next(this.expression, after);
      if (due === undefined) return waitQuietly(this.task, Infinity) as Promise<false>;
      const arrived = await this.waitFor(due, jitter);
      if (arrived !== "jumped") return arrived;
    }
  }

  private async waitFor(due: number, jitter: number): Promise<"due" | "missed" | "jumped" | false> {
    const { clock } = this.task.around.world;
    for (;;) {
      const before = clock.wall();
      const left = due + jitter - before;
      if (left <= 0) {
        this.last = due;
        return -left > missedAfter ? "missed" : "due";
      }
      if (!(await waitQuietly(this.task, Math.min(left, longestLook)))) return false;
      if (clock.wall() < before) return "jumped";
    }
  }
}

/** Waits without saying so in the task's state while one of its runs goes on. */
function waitQuietly(task: Task, ms: number): Promise<boolean> {
  return task.wait(ms, task.attempts.size > 0 ? task.state : "waiting");
}
