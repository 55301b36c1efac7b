import type { AppHandle } from "./handle.ts";
import type { Needs } from "../kernel/lifespan.ts";
import type { TaskContext as KernelTaskContext, TaskOptions } from "../kernel/task.ts";
import type { SingletonContext } from "./singleton.ts";
import { appError } from "./errors.ts";
import { assertMs, assertName, assertOptions } from "../kernel/lifespan.ts";
import { checkCron } from "./calendar.ts";
import { didYouMean } from "../kernel/nearest.ts";
import { kernelError } from "../kernel/catalogue.ts";

/** What a lifespan task's body is given. */
export interface TaskContext<N = {}> extends KernelTaskContext<N> {
  readonly app: AppHandle;
}

export interface LifespanTaskOptions<N extends Needs> extends TaskOptions {
  readonly needs?: N;
  /**
   * Of all replicas that share the app's leases, one at a time runs it. When that one ends, or is lost, another takes over;
   * a periodic task stays with one replica as long as that lives, and the ticks of the others go by.
   */
  readonly singleton?: boolean;
}

/** A task for the app's lifetime, that takes `A`. */
export interface LifespanTask<in A> {
  readonly name: string;
  /** Exists for the compiler only. */
  readonly args: (args: A) => void;
  /** The task with its arguments, for `createApp({ tasks })`. */
  with(args: A): LifespanTask<void>;
}

const optionNames = [
  "needs",
  "singleton",
  "restart",
  "backoff",
  "intensity",
  "onExceeded",
  "stopTimeout",
  "every",
  "pace",
  "immediately",
  "overlap",
  "jitter",
  "onMissed",
];

/** Options that are one of a few words. */
const words = {
  restart: ["permanent", "transient", "temporary"],
  onExceeded: ["escalate", "degrade", "ignore"],
  pace: ["fixed-rate", "fixed-delay"],
  overlap: ["skip", "queue-one", "cancel-previous", "allow"],
  onMissed: ["skip", "run-once"],
} as const satisfies { readonly [K in keyof TaskOptions]?: readonly TaskOptions[K][] };

/** Options that are records; what is not a word in them is a number. */
const records = {
  backoff: ["base", "factor", "max", "jitter", "resetAfter"],
  intensity: ["restarts", "withinMs"],
} as const satisfies { readonly [K in keyof TaskOptions]?: readonly (keyof NonNullable<TaskOptions[K]>)[] };

type Body = (ctx: never, args: never) => unknown;

/** A declaration as an app reads it; bound to its arguments or not yet. */
export class TaskDeclaration implements LifespanTask<unknown> {
  declare readonly args: (args: unknown) => void;
  readonly name: string;
  readonly options: LifespanTaskOptions<Needs>;
  readonly body: Body;
  readonly bound: unknown;
  /** What it was declared as, whatever it is bound to. */
  readonly origin: TaskDeclaration;

  constructor(
    name: string,
    options: LifespanTaskOptions<Needs>,
    body: Body,
    bound?: unknown,
    origin?: TaskDeclaration,
  ) {
    this.name = name;
    this.options = options;
    this.body = body;
    this.bound = bound;
    this.origin = origin ?? this;
  }

  with(args: unknown): LifespanTask<void> {
    return new TaskDeclaration(this.name, this.options, this.body, args, this.origin);
  }
}

/**
 * Declares a task that runs as long as the app: an async function, a sync function, or a generator that yields once, which
 * start waits for and stop closes. Runs nothing.
 *
 * @throws LivespanError INVALID_DECLARATION, UNKNOWN_OPTION, INVALID_CRON or TASK_PACE.
 */
export function lifespanTask<A = void>(name: string, body: (ctx: TaskContext, args: A) => unknown): LifespanTask<A>;
export function lifespanTask<N extends Needs = {}, A = void>(
  name: string,
  options: LifespanTaskOptions<N> & { readonly singleton: true },
  body: (ctx: SingletonContext<N>, args: A) => unknown,
): LifespanTask<A>;
export function lifespanTask<N extends Needs = {}, A = void>(
  name: string,
  options: LifespanTaskOptions<N>,
  body: (ctx: TaskContext<N>, args: A) => unknown,
): LifespanTask<A>;
export function lifespanTask(name: string, second: unknown, third?: unknown): LifespanTask<never> {
  const [options, body] = third === undefined ? [{}, second] : [second, third];
  assertName("lifespan task", name);
  const owner = `lifespan task "${name}"`;
  assertOptions(owner, options, optionNames);
  assertValues(owner, options);
  return declareTask(name, options, body as Body);
}

function assertValues(owner: string, options: LifespanTaskOptions<Needs>): void {
  const { singleton = false } = options;
  if (typeof singleton !== "boolean") {
    const message = `${owner}: singleton: expected true or false, got ${JSON.stringify(singleton)}.`;
    throw kernelError("INVALID_DECLARATION", message);
  }
  for (const name of ["stopTimeout", "jitter"] as const) {
    if (options[name] !== undefined) assertMs(`${owner}: ${name}`, options[name]);
  }
  for (const name of ["backoff", "intensity"] as const) {
    if (options[name] !== undefined) assertRecord(`${owner}: ${name}`, options[name], records[name]);
  }
  for (const [name, known] of Object.entries(words)) {
    const word: string | undefined = options[name as keyof typeof words];
    if (word === undefined || (known as readonly string[]).includes(word)) continue;
    const near = didYouMean(word, known);
    throw kernelError(
      "INVALID_DECLARATION",
      `${owner}: ${name} is ${JSON.stringify(word)}.${near} Expected one of: ${known.join(", ")}.`,
    );
  }
}

function assertRecord(owner: string, record: object, known: readonly string[]): void {
  assertOptions(owner, record, known);
  for (const [name, value] of Object.entries(record)) {
    const fits = name === "jitter" ? value === "full" || value === "none" : typeof value === "number" && value >= 0;
    if (value === undefined || fits) continue;
    const expected = name === "jitter" ? '"full" or "none"' : "a number, 0 or more";
    const got = typeof value === "number" ? value : JSON.stringify(value);
    throw kernelError("INVALID_DECLARATION", `${owner}: ${name}: expected ${expected}, got ${got}.`);
  }
}

function declareTask(name: string, options: LifespanTaskOptions<Needs>, body: Body): TaskDeclaration {
  const owner = `lifespan task "${name}"`;
  const { every } = options;
  if (typeof body !== "function")
    throw appError("TASK_BODY", `${owner} has no body: expected a function, got ${typeof body}.`);
  if (typeof every === "string") checkCron(every, owner);
  if (typeof every === "number" && !(every > 0)) {
    throw appError("INVALID_CRON", `${owner}: every must be more than 0 ms, got ${every}.`);
  }
  if (every !== undefined && /Generator/.test(Object.prototype.toString.call(body))) {
    throw appError("TASK_PACE", `${owner} is a generator and has every: ${every}.`);
  }
  return new TaskDeclaration(name, options, body);
}

/** A declared task, or a plain function under its own name. */
export function taskFrom(candidate: unknown, position: number): TaskDeclaration {
  if (candidate instanceof TaskDeclaration) return candidate;
  if (typeof candidate === "function") return declareTask(candidate.name || `task-${position}`, {}, candidate as Body);
  throw appError(
    "TASK_BODY",
    `expected a lifespan task or a function, got ${candidate === null ? "null" : typeof candidate}.`,
  );
}
