import type { Attempt } from "./attempt.ts";
import type { Periodic, Task } from "./task.ts";
import { paceOf } from "./pace.ts";
import { Stopping } from "./catalogue.ts";

/**
 * Runs a task's body at each tick until the task is aborted. Failures count towards the task's intensity; the schedule is
 * its back-off. A tick that is due after draining has fired does not run.
 */
export async function runPeriodically(task: Task): Promise<void> {
  const { onMissed = "skip" } = task.spec.options;
  const pace = paceOf(task);
  const overlap = new Overlap(task);
  for (;;) {
    const tick = await pace();
    if (tick === false || task.around.drainer.aborted) break;
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
    } while (this.queued && !this.task.around.drainer.aborted);
  }
}

function abortAll(attempts: ReadonlySet<Attempt>, name: string): void {
  for (const attempt of attempts) attempt.abort(new Stopping(`the next run of task "${name}" is due`));
}
