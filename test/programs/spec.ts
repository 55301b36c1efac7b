import type { Budgets } from "livespan";

/** What an app of these tests consists of. Every part prints `name+` when it is up and `name-` when it is down. */
export interface Spec {
  readonly name?: string;
  readonly lifespans?: Readonly<Record<string, LifespanSpec>>;
  readonly tasks?: Readonly<Record<string, TaskSpec>>;
  readonly budgets?: Partial<Budgets>;
}

export interface LifespanSpec {
  readonly needs?: readonly string[];
  /** hang: until it is aborted. deaf: for ever. block: the loop, for 400 ms. stray: rejects a promise that nobody awaits. */
  readonly up?: "throw" | "hang" | "deaf" | "block" | "stray";
  /** hang: for ever. circle: throws an object that holds itself. leak: leaves a timer behind. slow: takes 100 ms. late: strays when all is over. */
  readonly down?: "throw" | "circle" | "hang" | "leak" | "slow" | "stray" | "late";
  /** Healthy until the file of this path exists. */
  readonly sickWhen?: string;
  readonly optional?: boolean;
  readonly last?: boolean;
  readonly stopTimeout?: number;
}

/** loop: until it is aborted. throw: after its first turn. deaf: for ever. block: as loop, after 400 ms of the loop. */
export type TaskSpec = "loop" | "throw" | "deaf" | "block";
