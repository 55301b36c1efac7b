import type { Calendar } from "./world.ts";
import type { Task } from "./task.ts";
import { kernelError } from "./catalogue.ts";

/** Waits for a task's next tick. "missed" says that ticks went by which could not run, false that the task was aborted. */
export type Pace = () => Promise<"due" | "missed" | false>;

/** The longest sleep between two looks at a wall clock that may jump, in milliseconds. */
const longestLook = 60_000;
/** A wall clock that goes back by no more than this does not run a cron tick again, in milliseconds. */
const smallJumpBack = 300_000;
/** A cron tick that is noticed later than this was missed, in milliseconds. */
const missedAfter = 60_000;

/** @throws LivespanError INVALID_DECLARATION for an expression without a calendar, or a period that is none. */
export function paceOf(task: Task): Pace {
  const { every, pace = "fixed-rate", jitter = 0, immediately = false } = task.spec.options;
  const { world } = task.around;
  const spread = (): number => (jitter > 0 ? Math.floor(world.random() * jitter) : 0);
  if (typeof every === "string") {
    if (world.calendar !== undefined) return startingAtOnce(immediately, cron(task, world.calendar, every, spread));
    throw kernelError(
      "INVALID_DECLARATION",
      `task "${task.name}": "${every}" needs a calendar, and this world has none.`,
    );
  }
  if (typeof every !== "number" || !(every > 0)) {
    throw kernelError("INVALID_DECLARATION", `task "${task.name}": every must be a positive number of milliseconds.`);
  }
  const paced = pace === "fixed-delay" ? fixedDelay(task, every, spread) : fixedRate(task, every, spread);
  return startingAtOnce(immediately, paced);
}

function startingAtOnce(immediately: boolean, pace: Pace): Pace {
  let first = immediately;
  return async () => {
    if (!first) return pace();
    first = false;
    return "due";
  };
}

function fixedDelay(task: Task, every: number, spread: () => number): Pace {
  return async () => (await waitQuietly(task, every + spread())) && "due";
}

function fixedRate(task: Task, every: number, spread: () => number): Pace {
  const { clock } = task.around.world;
  let due = clock.now();
  return async () => {
    due += every;
    const behind = clock.now() - due;
    // The loop was blocked, or the machine slept: what went by is missed, and the grid is kept.
    if (behind >= every) {
      due += Math.floor(behind / every) * every;
      return "missed";
    }
    return (await waitQuietly(task, Math.max(0, -behind) + spread())) && "due";
  };
}

function cron(task: Task, calendar: Calendar, expression: string, spread: () => number): Pace {
  const { clock } = task.around.world;
  let last = -Infinity;
  return async () => {
    const jitter = spread();
    for (;;) {
      const wall = clock.wall();
      // A small jump back does not run a tick again; after a large one the clock is believed, or nothing would run for long.
      const due = calendar.next(expression, last > wall && last - wall <= smallJumpBack ? last : wall);
      const arrived = await waitForWall(task, due === undefined ? Infinity : due + jitter);
      if (arrived === "jumped") continue;
      last = due ?? last;
      return arrived;
    }
  };
}

/** In short steps, since the wall clock may be set while it waits. */
async function waitForWall(task: Task, due: number): Promise<"due" | "missed" | "jumped" | false> {
  const { clock } = task.around.world;
  for (;;) {
    const before = clock.wall();
    const left = due - before;
    if (left <= 0) return -left > missedAfter ? "missed" : "due";
    if (!(await waitQuietly(task, Math.min(left, longestLook)))) return false;
    if (clock.wall() < before) return "jumped";
  }
}

/** Waits without saying so in the task's state while one of its runs goes on. */
function waitQuietly(task: Task, ms: number): Promise<boolean> {
  return task.wait(ms, task.attempts.size > 0 ? task.state : "waiting");
}
