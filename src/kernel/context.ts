import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { ChildOptions, ChildTask, TaskContext } from "./task.ts";
import type { Limited } from "./alarms.ts";
import type { Storage } from "./lifespan.ts";
import type { Surroundings } from "./component.ts";
import { kernelError } from "./catalogue.ts";
import { sleep } from "./alarms.ts";

/** What a setup or a task body acts through: the component or the task that it belongs to. */
export interface ContextOwner {
  readonly name: string;
  readonly values: object;
  readonly around: Surroundings;
  readonly signal: AbortSignal;
  /** Whose limit `extend` moves. */
  readonly limited: Limited;
  /** Where it waits now, for reports. */
  waiting: string | undefined;
  /** Since when, on the clock's scale. */
  waitingSince: number;
  provide(storage: Storage<unknown>, value: unknown): void;
  spawn(name: string, body: (ctx: never) => unknown, options: ChildOptions | undefined): ChildTask<unknown>;
  started(value: unknown): void;
}

/**
 * The `ctx` of setups and tasks. Everything is a getter, so that a setup which touches little pays little and
 * destructuring works: what is taken out stays bound to its owner.
 */
export class Context implements TaskContext<object> {
  protected readonly owner: ContextOwner;

  constructor(owner: ContextOwner) {
    this.owner = owner;
  }

  get name(): string {
    return this.owner.name;
  }
  get lifespan(): never {
    return this.owner.values as never;
  }
  get signal(): AbortSignal {
    return this.owner.signal;
  }
  get draining(): AbortSignal {
    return this.owner.around.drainer.signal;
  }
  get clock(): Clock {
    return this.owner.around.world.clock;
  }
  get log(): Log {
    const { owner } = this;
    return (level, message, fields) => owner.around.world.log(level, message, { in: owner.name, ...fields });
  }
  get sleep(): (ms: number) => Promise<void> {
    const { owner, clock } = this;
    return async (ms) => {
      owner.waiting = `sleep(${ms})`;
      owner.waitingSince = clock.now();
      try {
        await sleep(clock, ms, owner.signal);
      } finally {
        owner.waiting = undefined;
      }
    };
  }
  get provide(): <T>(storage: Storage<T>, value: T) => void {
    return (storage, value) => {
      if (typeof storage?.run === "function") return this.owner.provide(storage, value);
      const message = `"${this.owner.name}" provided a value in what has no run(): expected an AsyncLocalStorage.`;
      throw kernelError("INVALID_DECLARATION", message);
    };
  }
  get extend(): (ms: number, why: string) => boolean {
    return (ms, why) => extend(this.owner, ms, why);
  }
  get spawn(): <V = void>(name: string, body: (ctx: never) => unknown, options?: ChildOptions) => ChildTask<V> {
    return (name, body, options) => this.owner.spawn(name, body, options) as ChildTask<never>;
  }
  get started(): (value?: unknown) => void {
    return (value) => this.owner.started(value);
  }
}

/** Moves the limit in force, but not past the moment by which everything must be over. */
function extend({ name, limited, around }: ContextOwner, ms: number, why: string): boolean {
  const { limit } = limited;
  const granted = limit !== undefined && limit.due + ms <= around.latest();
  if (granted) around.alarms.move(limit, limit.due + ms);
  around.emit("lifespan.extended", { name, ms, why, granted });
  return granted;
}

/** A value that `ctx.provide` was given. */
export interface Provided {
  readonly storage: Storage<unknown>;
  readonly value: unknown;
}

export const nothingProvided: readonly Provided[] = [];

/** Runs `fn` under every provided value. Costs nothing where nothing was provided. */
export function inside<R>(provided: readonly Provided[], fn: () => R): R {
  if (provided.length === 0) return fn();
  return provided.reduceRight<() => R>(
    (inner, { storage, value }) =>
      () =>
        storage.run(value, inner),
    fn,
  )();
}
