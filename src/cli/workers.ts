import { availableParallelism } from "node:os";
import type { Flag } from "./flags.ts";
import type { ServeOptions } from "../host/serve.ts";
import type { WorkerCommand } from "../host/supervisor/worker-process.ts";
import { cliError } from "./errors.ts";
import { settingsOf } from "../host/settings.ts";

/** Options of a command that may run as several processes. */
export const workersFlags = {
  workers: { value: "number", summary: "so many processes on one port, or auto: as many as there are cores" },
  "worker-timeout": { value: "seconds", summary: "a worker whose event loop stands still for longer is replaced; 30" },
} as const satisfies Record<string, Flag>;

interface GivenWorkers {
  readonly workers?: string;
  readonly "worker-timeout"?: string;
}

/** What a supervisor is asked for; undefined without --workers. @throws LivespanError UNKNOWN_FLAG for a value that does not fit. */
export function crewFrom(given: GivenWorkers): { readonly workers: number; readonly timeout: number } | undefined {
  const { workers, "worker-timeout": timeout } = given;
  if (workers === undefined && timeout !== undefined) {
    throw cliError("UNKNOWN_FLAG", "--worker-timeout is said of workers: it needs --workers.");
  }
  if (workers === undefined) return undefined;
  const count = workers === "auto" ? availableParallelism() : Number(workers);
  if (!Number.isInteger(count) || count < 1) {
    throw cliError("UNKNOWN_FLAG", `--workers: expected a whole number from 1, or auto, got "${workers}".`);
  }
  return { workers: count, timeout: secondsFrom(timeout ?? "30") * 1_000 };
}

/** Runs a command again, as so many workers. Settles with the exit code. */
export async function supervise(
  command: Pick<WorkerCommand, "args" | "without">,
  crew: { readonly workers: number; readonly timeout: number },
  options: ServeOptions,
): Promise<number> {
  const { Supervisor } = await import("../host/supervisor/supervisor.ts");
  const started = { file: process.argv[1]!, ...command };
  return new Supervisor({ ...crew, command: started, settings: settingsOf(options) }).run();
}

/** In a process that a supervisor has started: the channel to it. */
export async function joinSupervisor() {
  if (process.env["LIVESPAN_WORKER"] === undefined) return undefined;
  const { Supervised } = await import("../host/supervisor/supervised.ts");
  return Supervised.join();
}

function secondsFrom(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && seconds > 0 && seconds <= 86_400) return seconds;
  throw cliError("UNKNOWN_FLAG", `--worker-timeout: expected seconds, more than 0 and up to 86400, got "${text}".`);
}
