import type { Alarm, Alarms } from "./alarms.ts";
import type { ContextOwner, Provided } from "./context.ts";
import type { Emit } from "./events.ts";
import type { LifespanDeclaration, Storage } from "./lifespan.ts";
import type { ChildOptions, ChildTask } from "./task.ts";
import type { World } from "./world.ts";
import { Aborter } from "./aborter.ts";
import { Children } from "./children.ts";
import { kernelError, Stopping } from "./catalogue.ts";
import { combine } from "./errors.ts";
import { Context, inside, nothingProvided } from "./context.ts";
import { SetupRun } from "./setup.ts";

/** What every component of one generation shares. */
export interface Surroundings {
  readonly world: World;
  readonly alarms: Alarms;
  readonly emit: Emit;
  readonly drainer: Aborter;
  /** Runs a function in the asynchronous context that start() was called in. */
  readonly captured: <R>(fn: () => R) => R;
  /** Everything that any lifespan has provided so far: what tasks and handlers run under. */
  provided(): readonly Provided[];
  /** The moment past which no limit is extended. */
  latest(): number;
  /** A child of a lifespan has failed for good. */
  escalate(task: string, error: unknown): void;
}

export type ComponentState = "idle" | "starting" | "up" | "skipped" | "failed" | "stopping" | "down" | "abandoned";

/** One lifespan in one running graph. */
export class Component implements ContextOwner {
  readonly name: string;
  readonly declaration: LifespanDeclaration;
  readonly needs: Component[] = [];
  readonly dependents: Component[] = [];
  values: object = {};
  /** Keys under which `needs` appear in `values`, in the same order. */
  readonly keys: string[] = [];
  state: ComponentState = "idle";
  value: unknown;
  error: unknown;
  waiting: string | undefined;
  waitingSince = 0;
  last: boolean;
  startedAt = 0;
  upMs: number | undefined;
  /** How many of its needs have yet to yield. */
  waitsFor = 0;
  limit: Alarm | undefined;
  around!: Surroundings;
  /** True once the setup has yielded, returned or thrown. */
  settled = false;
  /** Settles when what yielded after it was given up has been closed. */
  late: Promise<void> | undefined;
  readonly limited = this;
  private run!: SetupRun;
  private readonly aborter = new Aborter();
  private inherited: readonly Provided[] = nothingProvided;
  private own: Provided[] | undefined;
  childGroup: Children | undefined;

  constructor(declaration: LifespanDeclaration, name: string) {
    this.declaration = declaration;
    this.name = name;
    this.last = declaration.options.last === true;
  }

  get optional(): boolean {
    return this.declaration.options.optional === true;
  }
  get signal(): AbortSignal {
    return this.aborter.signal;
  }
  /** What it provided, and what those it needs did. */
  get provided(): readonly Provided[] {
    return this.own === undefined ? this.inherited : [...this.inherited, ...this.own];
  }

  /**
   * Runs the setup to its yield, then calls `yielded` with its value, or `failed` with what it threw. `fail` calls `failed`
   * before that.
   */
  up(around: Surroundings, yielded: (value: unknown) => void, failed: (error: unknown) => void): void {
    this.around = around;
    this.run = new SetupRun("lifespan", this.name);
    this.state = "starting";
    this.inherited = inheritedBy(this.needs);
    this.fail = failed;
    // Not by assignment: a key may be __proto__.
    if (this.needs.length > 0)
      this.values = Object.fromEntries(this.needs.map(({ value }, i) => [this.keys[i], value]));
    this.yielded = this.setUp().then(
      (value) => {
        this.settled = true;
        yielded(value);
        return true;
      },
      (error: unknown) => {
        this.settled = true;
        this.error = error;
        failed(error);
        return false;
      },
    );
  }

  /** Fails a start from outside: a stray rejection, or a child that failed before it had started. */
  fail: (error: unknown) => void = ignored;

  /** Whether the setup came to its yield in the end, also after it was given up. */
  yielded: Promise<boolean> = notYet;

  private setUp(): Promise<unknown> {
    const setup = (): Promise<unknown> => this.run.up(this.declaration.setup(new Context(this)));
    try {
      return this.around.world.scope.own(this, () => inside(this.inherited, setup));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Ends its children, then runs the code after the yield, if it came to it, under all that it and its needs provided. */
  async down(): Promise<void> {
    const errors = (await this.childGroup?.stop(new Stopping(`lifespan "${this.name}" is stopping`))) ?? [];
    const { captured, world } = this.around;
    try {
      await captured(() => world.scope.own(this, () => inside(this.provided, () => this.run.down())));
    } catch (error) {
      errors.push(error);
    }
    if (errors.length > 0) throw combine(errors, `lifespan "${this.name}" and its children failed`);
  }

  abort(reason: unknown): void {
    this.aborter.abort(reason);
    this.childGroup?.abort(reason);
  }

  provide(storage: Storage<unknown>, value: unknown): void {
    if (this.state === "up")
      throw kernelError("PROVIDED_LATE", `lifespan "${this.name}" provided a value after its yield.`);
    (this.own ??= []).push({ storage, value });
  }

  spawn(name: string, body: (ctx: never) => unknown, options: ChildOptions | undefined): ChildTask<unknown> {
    if (this.state !== "starting" && this.state !== "up") {
      throw kernelError("TASK_CALLED_LATE", `lifespan "${this.name}" spawned "${name}" while ${this.state}.`);
    }
    this.childGroup ??= new Children({
      parent: this.name,
      values: this.values,
      around: this.around,
      provided: () => this.provided,
      failed: (child, error, { restart }) => {
        if (this.state === "starting") this.fail(error);
        else if (restart !== "temporary") this.around.escalate(child, error);
      },
      failsAtOnce: () => this.state === "starting",
    });
    return this.childGroup.spawn(name, body, options ?? {});
  }

  /** A lifespan says that it has started by its yield; only tasks call this. */
  started(): void {}
}

const notYet = Promise.resolve(false);
function ignored(): void {}

function inheritedBy(needs: readonly Component[]): readonly Provided[] {
  const all = new Set<Provided>();
  for (const need of needs) {
    const provided = need.provided;
    if (provided.length > 0) for (const each of provided) all.add(each);
  }
  return all.size === 0 ? nothingProvided : [...all];
}
