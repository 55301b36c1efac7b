import type { Provided } from "./context.ts";
import type { Surroundings } from "./component.ts";
import type { ChildOptions, ChildTask } from "./task.ts";
import { Task } from "./task.ts";

/** The parent of a group of child tasks, as the group sees it. */
export interface Parent {
  readonly parent: string;
  readonly values: object;
  readonly around: Surroundings;
  provided(): readonly Provided[];
  /** A child has ended for good with an error. */
  failed(child: string, error: unknown, options: ChildOptions): void;
  /** True while a failure is not retried, whatever the child's policy. */
  failsAtOnce(): boolean;
}

/** The child tasks of one lifespan or of one attempt of a task. They cannot outlive it. */
export class Children {
  private readonly parent: Parent;
  private readonly running = new Set<Task>();
  /** What children threw while they were stopped. */
  private readonly errors: unknown[] = [];

  constructor(parent: Parent) {
    this.parent = parent;
  }

  spawn(name: string, body: (ctx: never) => unknown, options: ChildOptions): ChildTask<unknown> {
    const { parent, values, around, provided, failed, failsAtOnce } = this.parent;
    const task = new Task(
      {
        name: `${parent}/${name}`,
        options,
        values,
        needs: [],
        body,
        provided,
        failsAtOnce,
        lost: (error) => failed(task.name, error, options),
      },
      around,
    );
    this.running.add(task);
    void task.finished.then(() => {
      this.running.delete(task);
      this.errors.push(...task.stopErrors);
    });
    task.launch();
    return {
      name: task.name,
      started: task.up,
      ended: task.finished,
      stop: (reason) => {
        task.abort(reason);
        return task.finished;
      },
    };
  }

  abort(reason: unknown): void {
    for (const task of this.running) task.abort(reason);
  }

  /** Aborts all and settles when the last has ended, with what they threw meanwhile. The limit is the parent's. */
  async stop(reason: unknown): Promise<unknown[]> {
    this.abort(reason);
    await Promise.all(Array.from(this.running, (task) => task.finished));
    return this.errors.splice(0);
  }
}
