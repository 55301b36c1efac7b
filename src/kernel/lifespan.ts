import type { Clock } from "./clock.ts";
import type { ChildOptions, ChildTask, TaskContext } from "./task.ts";
import type { Log } from "./log.ts";
import { kernelError } from "./catalogue.ts";
import { didYouMean } from "./nearest.ts";

declare const value: unique symbol;

/** What a program opens once and closes once; `V` is what everyone who needs it receives. */
export interface Lifespan<out V> {
  readonly name: string;
  /** Exists for the compiler only. */
  readonly [value]: V;
}

/** Other lifespans, by the key under which they appear on `ctx.lifespan`. */
export type Needs = Readonly<Record<string, Lifespan<unknown>>>;

/** The values of what is needed, by key. */
export type Values<N> = { readonly [K in keyof N]: N[K] extends Lifespan<infer V> ? V : never };

/** What a setup may return: a generator that yields exactly once, or something that knows how to close itself. */
export type Setup =
  | AsyncGenerator<unknown, void, void>
  | Generator<unknown, void, void>
  | AsyncDisposable
  | PromiseLike<AsyncDisposable>;

/** The value that a setup publishes. Something that is a generator is read as one, though newer Nodes make it disposable. */
export type Published<R> =
  R extends AsyncGenerator<infer V, void, void>
    ? V
    : R extends Generator<infer V, void, void>
      ? Awaited<V>
      : Awaited<R>;

/** An `AsyncLocalStorage`, or anything that runs a function under a value. */
export interface Storage<T> {
  run<R>(value: T, fn: () => R): R;
}

export interface LifespanContext<N> {
  /** The lifespan's (or task's) own name. */
  readonly name: string;
  /** The values of `needs`. */
  readonly lifespan: Values<N>;
  /** Hard abort: stop now. In a lifespan it fires when its start is given up, or its stop has passed its limit. */
  readonly signal: AbortSignal;
  /** Soft abort: the program was asked to stop. Finish the current unit, take no more. */
  readonly draining: AbortSignal;
  readonly log: Log;
  readonly clock: Clock;
  /** Settles after `ms` milliseconds; rejects with `signal.reason` when `signal` fires first. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Sets `storage` to `value` for this lifespan's teardown, all that needs it, every task and every handler. */
  readonly provide: <T>(storage: Storage<T>, value: T) => void;
  /** Asks for `ms` more than the limit in force; granted (true) inside the total deadline only, and recorded. */
  readonly extend: (ms: number, why: string) => boolean;
  /** Starts a child task that cannot outlive its parent. */
  readonly spawn: <V = void>(
    name: string,
    body: (ctx: TaskContext<N>) => unknown,
    options?: ChildOptions,
  ) => ChildTask<V>;
}

export interface LifespanOptions<N extends Needs, V = unknown> {
  readonly needs?: N;
  /** Milliseconds from the call of the setup to its yield. 30,000 unless said. */
  readonly startTimeout?: number;
  /** Milliseconds for the code after the yield. 5,000 unless said. */
  readonly stopTimeout?: number;
  /** Asked by the readiness probe and before a task that needs it restarts: false or a throw is unhealthy. */
  readonly health?: (value: V, signal: AbortSignal) => unknown;
  /** A failed start leaves `undefined` and a degraded program instead of ending it. */
  readonly optional?: boolean;
  /** Goes down after everything that is not `last`: telemetry, logs. */
  readonly last?: boolean;
  /** In `livespan dev`, stays up while other code changes, and what it needs with it. Elsewhere it says nothing. */
  readonly keepOnReload?: boolean;
}

const optionNames = ["needs", "startTimeout", "stopTimeout", "health", "optional", "last", "keepOnReload"];

/** A declaration as the graph reads it. */
export class LifespanDeclaration<V = unknown> implements Lifespan<V> {
  declare readonly [value]: V;
  readonly name: string;
  readonly options: LifespanOptions<Needs, never>;
  readonly setup: (ctx: LifespanContext<never>) => unknown;
  /** It starts after what it needs, and also when that is optional and did not come up. */
  readonly tolerant: boolean;

  constructor(
    name: string,
    options: LifespanOptions<Needs, never>,
    setup: (ctx: LifespanContext<never>) => unknown,
    tolerant = false,
  ) {
    this.name = name;
    this.options = options;
    this.setup = setup;
    this.tolerant = tolerant;
  }
}

/**
 * Declares a lifespan; runs and opens nothing. The setup's code before its `yield` runs before the first request, the
 * yielded value is what others receive, and the code after it runs once all that could use the value has ended.
 *
 * @throws LivespanError INVALID_DECLARATION when the name is empty, the setup is not a function or an option is unknown.
 */
export function lifespan<R extends Setup>(name: string, setup: (ctx: LifespanContext<{}>) => R): Lifespan<Published<R>>;
export function lifespan<R extends Setup, N extends Needs = {}>(
  name: string,
  options: LifespanOptions<N, NoInfer<Published<R>>> & { readonly optional: true },
  setup: (ctx: LifespanContext<N>) => R,
): Lifespan<Published<R> | undefined>;
export function lifespan<R extends Setup, N extends Needs = {}>(
  name: string,
  options: LifespanOptions<N, NoInfer<Published<R>>> & { readonly optional?: false },
  setup: (ctx: LifespanContext<N>) => R,
): Lifespan<Published<R>>;
export function lifespan(name: string, second: unknown, third?: unknown): Lifespan<unknown> {
  const [options, setup] = third === undefined ? [{}, second] : [second, third];
  assertName("lifespan", name);
  assertOptions(`lifespan "${name}"`, options, optionNames);
  const { startTimeout, stopTimeout, health } = options as LifespanOptions<Needs>;
  if (startTimeout !== undefined) assertMs(`lifespan "${name}": startTimeout`, startTimeout);
  if (stopTimeout !== undefined) assertMs(`lifespan "${name}": stopTimeout`, stopTimeout);
  if (health !== undefined) assertFunction(name, "health check", health);
  assertFunction(name, "setup", setup);
  return new LifespanDeclaration(name, options, setup as (ctx: LifespanContext<never>) => unknown);
}

/** The declaration behind a public `Lifespan`; anything else in a record of needs is a mistake, named by its key. */
export function declarationOf(candidate: unknown, key: string, owner: string): LifespanDeclaration {
  if (candidate instanceof LifespanDeclaration) return candidate;
  const got = candidate === undefined ? "undefined" : typeof candidate;
  throw kernelError("UNKNOWN_LIFESPAN", `${owner} needs "${key}", but that is not a lifespan: got ${got}.`);
}

export function assertName(what: string, name: unknown): asserts name is string {
  if (typeof name === "string" && name !== "") return;
  throw kernelError(
    "INVALID_DECLARATION",
    `a ${what} needs a name: expected a non-empty string, got ${JSON.stringify(name)}.`,
  );
}

/** @throws LivespanError INVALID_DECLARATION unless `ms` is a duration. */
function assertFunction(name: string, what: string, candidate: unknown): void {
  if (typeof candidate === "function") return;
  const message = `lifespan "${name}" has no ${what}: expected a function, got ${typeof candidate}.`;
  throw kernelError("INVALID_DECLARATION", message);
}

export function assertMs(what: string, ms: unknown): void {
  if (typeof ms === "number" && ms >= 0) return;
  throw kernelError(
    "INVALID_DECLARATION",
    `${what}: expected milliseconds, got ${typeof ms === "number" ? ms : JSON.stringify(ms)}.`,
  );
}

export function assertOptions(owner: string, options: unknown, known: readonly string[]): asserts options is object {
  if (typeof options !== "object" || options === null) {
    throw kernelError("INVALID_DECLARATION", `${owner}: expected an object of options, got ${typeof options}.`);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw kernelError(
      "UNKNOWN_OPTION",
      `${owner} has no option "${name}".${didYouMean(name, known)} Expected one of: ${known.join(", ")}.`,
    );
  }
}
