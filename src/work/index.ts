export { task } from "./task.ts";
export type {
  Condition,
  ConcurrencyOptions,
  RunInput,
  Runnable,
  RunOutput,
  StepOptions,
  Task,
  TaskOptions,
} from "./task.ts";
export { workflow } from "./workflow.ts";
export type { Workflow, WorkflowOptions } from "./workflow.ts";
export type { WorkerOptions } from "./worker.ts";
export type { JobContext } from "./context.ts";
export type { Client, CronHandle, ReplayOptions, RunHandle, RunOptions, SettleOptions } from "./client.ts";
export type {
  Chunk,
  CronInfo,
  FinalState,
  ListFilter,
  LogLine,
  RunFailure,
  RunFilter,
  RunInfo,
  RunState,
  Settled,
  WorkerInfo,
} from "./run.ts";
export type {
  CronRequest,
  Engine,
  EngineWorld,
  Enqueued,
  Job,
  Outcome,
  RunRequest,
  Station,
  StationSpec,
  StepRequest,
  Transaction,
} from "./engine.ts";
export { JobAborted, NonRetryableError, RunError, workErrors } from "./errors.ts";
export type { AbortCause } from "./errors.ts";
export { embeddedEngine } from "./engines/embedded/index.ts";
export type { EmbeddedOptions } from "./engines/embedded/index.ts";
export { memoryEngine } from "./engines/memory.ts";
export type { QueueOptions } from "./engines/queue/engine.ts";
