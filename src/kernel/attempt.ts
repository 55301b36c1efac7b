import type { ContextOwner, Provided } from "./context.ts";
import type { Limited } from "./alarms.ts";
import type { Surroundings } from "./component.ts";
import type { Storage } from "./lifespan.ts";
import type { ChildOptions, ChildTask, Task } from "./task.ts";
import { Aborter } from "./aborter.ts";
import { Children } from "./children.ts";
import { combine } from "./errors.ts";
import { Context, inside } from "./context.ts";
import { isAbortOf, kernelError, Stopping } from "./catalogue.ts";
import { SetupRun } from "./setup.ts";

/** One run of a task's body: its signal, its children, its errors. */
export class Attempt implements ContextOwner {
  readonly number: number;
  waiting: string | undefined;
  waitingSince = 0;
  private readonly task: Task;
  private readonly aborter = new Aborter();
  private readonly own: Provided[] = [];
  private readonly errors: unknown[] = [];
  private readonly children: Children;
  private over = false;

  constructor(task: Task, number: number) {
    this.task = task;
    this.number = number;
    this.children = new Children({
      parent: task.name,
      values: task.spec.values,
      around: task.around,
      provided: () => this.provided,
      failsAtOnce: () => false,
      failed: (child, error) => {
        this.errors.push(error);
        this.abort(new Stopping(`task "${child}" failed, so its parent is stopped`, error));
      },
    });
  }

  get name(): string {
    return this.task.name;
  }
  get values(): object {
    return this.task.spec.values;
  }
  get around(): Surroundings {
    return this.task.around;
  }
  get limited(): Limited {
    return this.task;
  }
  get signal(): AbortSignal {
    return this.aborter.signal;
  }
  private get provided(): readonly Provided[] {
    return [...this.task.spec.provided(), ...this.own];
  }

  /** Settles when the body and its children have ended; undefined unless something failed. */
  async run(): Promise<{ readonly error: unknown } | undefined> {
    if (this.task.signal.aborted) this.abort(this.task.signal.reason);
    const { captured, world } = this.around;
    try {
      await captured(() => world.scope.own(this.task, () => inside(this.provided, () => this.body())));
    } catch (error) {
      // A body may end by the softer signal as well: that the program drains is no failure of its.
      const { drainer } = this.around;
      if (!isAbortOf(error, this.signal) && !(drainer.aborted && error === drainer.signal.reason))
        this.errors.push(error);
    }
    this.over = true;
    this.errors.push(...(await this.children.stop(new Stopping(`task "${this.name}" has ended`))));
    if (this.errors.length === 0) return undefined;
    return { error: combine(this.errors, `task "${this.name}" and its children failed`) };
  }

  /** Its children too: a body that awaits one would never end otherwise. */
  abort(reason: unknown): void {
    this.aborter.abort(reason);
    this.children.abort(reason);
  }

  started(value: unknown): void {
    this.task.started(value);
  }

  provide(storage: Storage<unknown>, value: unknown): void {
    this.own.push({ storage, value });
  }

  spawn(name: string, body: (ctx: never) => unknown, options: ChildOptions | undefined): ChildTask<unknown> {
    if (this.over) throw kernelError("TASK_CALLED_LATE", `task "${this.name}" spawned "${name}" after it had ended.`);
    return this.children.spawn(name, body, { restart: "temporary", ...options });
  }

  private async body(): Promise<void> {
    const context = Object.assign(new Context(this), this.task.spec.extras);
    const made = this.task.spec.body(context as never, this.task.spec.args as never);
    if (typeof made === "object" && made !== null && "next" in made) await this.manage(made);
    else await made;
  }

  /** A context manager: up to its yield, then as long as the task, then the rest. */
  private async manage(made: object): Promise<void> {
    const run = new SetupRun("task", this.name);
    this.started(await run.up(made));
    const { signal } = this;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    this.errors.push(...(await this.children.stop(signal.reason)));
    await inside(this.provided, () => run.down());
  }
}
