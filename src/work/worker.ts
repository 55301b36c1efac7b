import type { Engine } from "./engine.ts";
import type { Lifespan } from "../kernel/lifespan.ts";
import type { Root } from "../kernel/graph.ts";
import type { Runnable } from "./task.ts";
import { assertCount, assertUnits } from "./options.ts";
import { assertName, assertOptions, declarationOf } from "../kernel/lifespan.ts";
import { TaskDeclaration } from "./task.ts";
import { workError } from "./errors.ts";
import { wrong } from "./wrong.ts";
import { WorkflowDeclaration } from "./workflow.ts";

export interface WorkerOptions {
  /** Workflows, and tasks by themselves, that it runs. A workflow's task by itself leaves the others to other workers. */
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

const optionNames = ["workflows", "slots", "capacity", "engine", "recycleAfter", "payloadLimit"];

/**
 * A declared worker, read: what it runs, and what that needs. Opens nothing.
 *
 * @throws LivespanError INVALID_TASK, DUPLICATE_TASK_NAME, UNKNOWN_OPTION, INVALID_DECLARATION, UNKNOWN_LIFESPAN
 */
export class WorkerDeclaration {
  readonly name: string;
  readonly options: WorkerOptions;
  readonly slots: number;
  readonly workflows: readonly WorkflowDeclaration[];
  /** All tasks, those of workflows included. */
  readonly tasks: readonly TaskDeclaration[];
  /** How much there is, by the name of the lifespan. */
  readonly capacity: ReadonlyMap<string, number>;
  /** What each task needs, for the graph. */
  readonly roots: readonly Root[];

  constructor(name: string, options: WorkerOptions) {
    assertName("worker", name);
    const owner = `worker "${name}"`;
    if (Array.isArray(options)) throw wrong(owner, "options such as { workflows: [task] }", options);
    assertOptions(owner, options, optionNames);
    const { workflows, slots = 100, capacity = [], engine, recycleAfter, payloadLimit } = options;
    assertCount(`${owner}: slots`, slots);
    if (recycleAfter !== undefined) assertCount(`${owner}: recycleAfter`, recycleAfter);
    if (payloadLimit !== undefined) assertCount(`${owner}: payloadLimit`, payloadLimit);
    if (engine !== undefined && !isEngine(engine)) throw wrong(`${owner}: engine`, "an engine", engine);
    this.name = name;
    this.options = options;
    this.slots = slots;
    const read = readRunnables(owner, workflows);
    this.workflows = read.filter((each) => each instanceof WorkflowDeclaration);
    this.tasks = [...new Set(read.flatMap((each) => (each instanceof WorkflowDeclaration ? each.tasks : each)))];
    assertNames(owner, [...this.workflows, ...this.tasks]);
    this.capacity = readCapacity(owner, capacity);
    for (const task of this.tasks) assertRoom(owner, task, this);
    for (const each of this.capacity.keys()) assertUsed(owner, each, this.tasks);
    for (const each of this.workflows) each.readBy(owner);
    this.roots = this.tasks.map((task) => ({ owner: `task "${task.name}"`, needs: task.needs }));
  }
}

function isEngine(candidate: unknown): boolean {
  return typeof candidate === "object" && candidate !== null && "station" in candidate;
}

function readRunnables(owner: string, listed: unknown): (WorkflowDeclaration | TaskDeclaration)[] {
  if (!Array.isArray(listed) || listed.length === 0) {
    throw wrong(`${owner}: workflows`, "a list of workflows and tasks, one at least", listed);
  }
  return [...new Set<unknown>(listed)].map((each, at) => {
    if (each instanceof TaskDeclaration) return each;
    if (!(each instanceof WorkflowDeclaration)) throw wrong(`${owner}: workflows[${at}]`, "a workflow or a task", each);
    if (each.tasks.length > 0) return each;
    throw workError("INVALID_TASK", `${owner}: the workflow "${each.name}" has no tasks.`, {
      remedy: "Declare them first: import the module that does before the worker is declared.",
    });
  });
}

/** Runs are kept by name, so one name is one declaration, of a workflow or of a task. */
function assertNames(owner: string, declared: readonly (WorkflowDeclaration | TaskDeclaration)[]): void {
  const names = new Set<string>();
  for (const { name } of declared) {
    if (names.has(name)) throw workError("DUPLICATE_TASK_NAME", `${owner} has two different tasks named "${name}".`);
    names.add(name);
  }
}

function readCapacity(owner: string, capacity: unknown): ReadonlyMap<string, number> {
  const pairs = new Map<string, number>();
  if (!Array.isArray(capacity)) throw wrong(`${owner}: capacity`, "a list of [lifespan, units]", capacity);
  for (const [at, pair] of (capacity as unknown[]).entries()) {
    const what = `${owner}: capacity[${at}]`;
    if (!Array.isArray(pair)) throw wrong(what, "[lifespan, units]", pair);
    const { name } = declarationOf(pair[0], `capacity[${at}]`, owner);
    if (pairs.has(name)) throw workError("INVALID_TASK", `${what}: the capacity of "${name}" is given twice.`);
    pairs.set(name, assertUnits(what, pair[1]));
  }
  return pairs;
}

/** A job that never fits would wait for ever. */
function assertRoom(owner: string, task: TaskDeclaration, { slots, capacity }: WorkerDeclaration): void {
  const { slots: cost = 1 } = task.options;
  if (cost > slots) {
    throw workError("INVALID_TASK", `${owner} has ${slots} slots, but one job of "${task.name}" takes ${cost}.`, {
      remedy: "Raise the worker's slots, or lower the task's.",
    });
  }
  for (const [lifespan, units] of task.uses) {
    const there = capacity.get(lifespan) ?? Infinity;
    if (units <= there) continue;
    const message = `${owner} has ${there} of "${lifespan}", but one job of "${task.name}" uses ${units}.`;
    throw workError("INVALID_TASK", message, { remedy: "Raise the worker's capacity, or lower the task's use." });
  }
}

/** A limit that limits nothing was meant for something. */
function assertUsed(owner: string, lifespan: string, tasks: readonly TaskDeclaration[]): void {
  if (tasks.some(({ uses }) => uses.has(lifespan))) return;
  throw workError("INVALID_TASK", `${owner} has a capacity for "${lifespan}", which none of its tasks uses.`, {
    remedy: "Say in each task how much one job takes: uses: { pool: 1 }.",
  });
}
