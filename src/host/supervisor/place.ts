import type { WorkerProcess } from "./worker-process.ts";
import { Backoff, RestartWindow } from "../../kernel/backoff.ts";
import { systemClock } from "../../app/world.ts";

/** As a lifespan task has it unless it says otherwise. */
const intensity = { restarts: 3, withinMs: 60_000 };

/** The place of one worker: its number stays when one worker follows another. */
export class Place {
  readonly number: number;
  worker: WorkerProcess;
  /** Becomes ready beside `worker`, to follow it. */
  next: WorkerProcess | undefined;
  /** Settles when the replacement that is going on has been made, or has failed. */
  rolled: Promise<boolean> | undefined;
  /** Nobody follows who is in it. */
  isGivenUp = false;
  private readonly window = new RestartWindow(intensity);
  private readonly backoff = new Backoff({}, Math.random);
  private endWait: (() => void) | undefined;

  constructor(number: number, worker: WorkerProcess) {
    this.number = number;
    this.worker = worker;
  }

  /** Counts a worker that ended unasked. Gives the milliseconds until its successor, or undefined when it was one too many. */
  restart(): number | undefined {
    const now = systemClock.now();
    return this.window.exceeds(now) ? undefined : this.backoff.next(now - this.worker.startedAt);
  }

  /** Waits, unless the place is given up. */
  async wait(ms: number): Promise<void> {
    if (this.isGivenUp) return;
    await new Promise<void>((resolve) => {
      const cancel = systemClock.after(ms, resolve);
      this.endWait = () => {
        cancel();
        resolve();
      };
    });
  }

  giveUp(signal: NodeJS.Signals, force: boolean): void {
    this.isGivenUp = true;
    this.endWait?.();
    this.worker.stop(signal, force);
    this.next?.stop(signal, force);
  }
}

/** What a place is given up for when its workers end too often. */
export function exceededText({ number }: Place): string {
  return `worker ${number} ended more than ${intensity.restarts} times within ${intensity.withinMs / 1_000} s`;
}
