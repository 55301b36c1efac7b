export { isAbortOf, kernelErrors, Stopping } from "./catalogue.ts";
export { combine, errorsOf, LivespanError, messageOf } from "./errors.ts";
export type { Catalogue, ErrorDetail, ErrorEntry } from "./errors.ts";
export { budgetsFrom } from "./budgets.ts";
export type { Budgets } from "./budgets.ts";
export type { Clock } from "./clock.ts";
export type { BackoffOptions, Intensity } from "./backoff.ts";
export type { EventCatalogue, EventListener, LifespanEvent } from "./events.ts";
export { Generation } from "./generation.ts";
export type { GenerationState, Plan, StopRequest, TaskEntry } from "./generation.ts";
export { Graph } from "./graph.ts";
export type { Overrides, Replacement, Root } from "./graph.ts";
export type { Intake, Leftover } from "./intake.ts";
export { assertName, assertOptions, lifespan } from "./lifespan.ts";
export type {
  Lifespan,
  LifespanContext,
  LifespanOptions,
  Needs,
  Published,
  Setup,
  Storage,
  Values,
} from "./lifespan.ts";
export type { Log, LogLevel } from "./log.ts";
export { didYouMean, nearest } from "./nearest.ts";
export type { StopCause, StopEntry, StopReport } from "./report.ts";
export type { ChildOptions, ChildTask, TaskContext, TaskOptions, TaskPolicy, TaskState } from "./task.ts";
export type { Calendar, Scope, Unhandled, World } from "./world.ts";
