import type { Address } from "../http/server.ts";
import type { GenerationState } from "../kernel/generation.ts";

/** The app as its own code sees it: handlers, tasks, and the generator given to createApp. */
export interface AppHandle {
  readonly name: string;
  readonly state: GenerationState;
  /** Where it listens; undefined before it does, and in process. */
  readonly address: Address | undefined;
  /** Runs work that goes on after what began it, and is awaited at stop. @throws LivespanError TASK_CALLED_LATE */
  own(name: string, work: (signal: AbortSignal) => unknown): void;
}
