import type { Clock } from "../../kernel/clock.ts";
import type { Log } from "../../kernel/log.ts";
import type { WorkerProcess } from "./worker-process.ts";
import { formatMs } from "../../app/tree.ts";

/** What is looked at of a worker. */
export type Watched = Pick<WorkerProcess, "name" | "state" | "heardAt" | "debugged" | "kill">;

/** How often workers say that they live, and are looked at, for a limit of so many milliseconds. */
export function beatEveryOf(limit: number): number {
  return Math.min(1_000, limit / 4);
}

/**
 * Kills workers that have been silent for longer than `limit`: their event loop stands still. Not one that is being debugged,
 * and none for a silence in which this process itself stood still. The returned function ends it.
 */
export function watchWorkers(workers: Iterable<Watched>, limit: number, log: Log, clock: Clock): () => void {
  let lookedAt = clock.now();
  let cancel = (): void => {};
  const look = (): void => {
    const now = clock.now();
    const stood = now - lookedAt > limit / 2;
    lookedAt = now;
    for (const worker of workers) {
      if (stood) worker.heardAt = now;
      judge(worker, now - worker.heardAt);
    }
    cancel = clock.after(beatEveryOf(limit), look, true);
  };
  const judge = (worker: Watched, silentMs: number): void => {
    // What loads, starts or stops may block for as long as that may take.
    if (silentMs <= limit || worker.state !== "ready" || worker.debugged) return;
    log("error", `${worker.name} is blocked: nothing was heard of it for ${formatMs(silentMs)}`);
    worker.kill(`did not turn its event loop for ${formatMs(silentMs)}`);
  };
  look();
  return () => cancel();
}
