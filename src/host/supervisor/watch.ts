import type { Log } from "../../kernel/log.ts";
import type { WorkerProcess } from "./worker-process.ts";
import { formatMs } from "../../app/tree.ts";
import { systemClock } from "../../app/world.ts";

/** How often workers say that they live, and are looked at, for a limit of so many milliseconds. */
export function beatEveryOf(limit: number): number {
  return Math.min(1_000, limit / 4);
}

/**
 * Kills workers that have been silent for longer than `limit`: their event loop stands still. Not one that is being debugged,
 * and none for a silence in which this process itself stood still. The returned function ends it.
 */
export function watchWorkers(workers: ReadonlySet<WorkerProcess>, limit: number, log: Log): () => void {
  let lookedAt = systemClock.now();
  const look = (): void => {
    const now = systemClock.now();
    const stood = now - lookedAt > limit / 2;
    lookedAt = now;
    for (const worker of workers) {
      if (stood) worker.heardAt = now;
      const silent = now - worker.heardAt;
      // What loads, starts or stops may block for as long as that may take.
      if (silent <= limit || worker.state !== "ready" || worker.debugged) continue;
      log("error", `${worker.name} is blocked: nothing was heard of it for ${formatMs(silent)}`);
      worker.kill(`did not turn its event loop for ${formatMs(silent)}`);
    }
  };
  const timer = setInterval(look, beatEveryOf(limit));
  return () => clearInterval(timer);
}
