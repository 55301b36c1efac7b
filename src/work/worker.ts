import type { Engine } from "./engine.ts";
import type { Lifespan, Needs } from "../kernel/lifespan.ts";
import type { Runnable } from "./task.ts";
import type { TaskDeclaration } from "./task.ts";
import type { WorkflowDeclaration } from "./workflow.ts";

export interface WorkerOptions {
  /** Workflows, and tasks by themselves, that it runs. */
  readonly workflows: readonly Runnable<never, unknown>[];
  /** Jobs at the same time. 100 unless said. */
  readonly slots?: number;
  /** How much of a lifespan there is for its jobs: 10 connections of a pool. What a task takes is its `uses`. */
  readonly capacity?: readonly (readonly [lifespan: Lifespan<unknown>, units: number])[];
  /** In place of the one that the environment says. One that an app runs has the app's. */
  readonly engine?: Engine;
  /** Stops by itself, with code 0, after this many jobs: for what leaks. Never unless said. */
  readonly recycleAfter?: number;
  /** The largest output of a task, in characters of JSON. 1,048,576 unless said. */
  readonly payloadLimit?: number;
}

/** A declared worker, read: what it runs, and what that needs. Opens nothing. */
export interface WorkerDeclaration {
  readonly name: string;
  readonly options: WorkerOptions;
  readonly slots: number;
  readonly workflows: readonly WorkflowDeclaration[];
  /** All tasks, those of workflows included. */
  readonly tasks: readonly TaskDeclaration[];
  /** What each task needs, for the graph. */
  readonly roots: readonly { readonly owner: string; readonly needs: Needs }[];
}
