import type {
  ConcurrencyLimit,
  Engine,
  Outcome,
  RunRequest,
  Scheduling,
  StepRequest,
  Waits,
} from "../../../work/engine.ts";
import { RunIds } from "../../../work/ids.ts";
import { TaskDeclaration, type AnyTaskOptions } from "../../../work/task.ts";
import { WorkflowDeclaration } from "../../../work/workflow.ts";

const scheduling: Scheduling = {
  priority: 0,
  cost: 1,
  concurrency: undefined,
  rate: undefined,
  scheduleTimeout: undefined,
};

/** Ids as clients make them. */
export const nextId = new RunIds(() => Date.now()).next;

/** A run of a task, as a client asks for one. */
export function runOf(task: string, given: Partial<RunRequest> = {}): RunRequest {
  return {
    ...scheduling,
    id: nextId(),
    task,
    steps: undefined,
    input: "{}",
    metadata: {},
    dueAt: undefined,
    delay: undefined,
    idempotency: undefined,
    parentRunId: undefined,
    awaited: true,
    ...given,
  };
}

/** A run of the task "a" with a concurrency key: one at a time, in line, unless said. */
export function keyed(key: string, limit: Partial<ConcurrencyLimit> = {}, given: Partial<RunRequest> = {}): RunRequest {
  return runOf("a", { concurrency: { key, limit: 1, strategy: "queue", ...limit }, ...given });
}

/** A task as a worker declares it. Its body is never called: jobs are played by the case. */
export function declare(name: string, options: Partial<AnyTaskOptions> = {}): TaskDeclaration {
  return new TaskDeclaration({ name, options, body: () => undefined });
}

/** A step of a `Flow`, by the names of its parents. */
export interface FlowStep extends Partial<Scheduling> {
  readonly parents?: readonly string[];
  readonly waitFor?: Partial<Waits>;
}

/** A workflow, declared, and the runs of it that are asked for. */
export class Flow {
  readonly name: string;
  readonly declaration: WorkflowDeclaration;
  private readonly steps: Readonly<Record<string, FlowStep>>;
  private readonly ends: readonly ("failure" | "success")[];

  constructor(name: string, steps: Readonly<Record<string, FlowStep>>, ends: readonly ("failure" | "success")[] = []) {
    this.name = name;
    this.steps = steps;
    this.ends = ends;
    this.declaration = new WorkflowDeclaration(name, {});
    const declared: Record<string, TaskDeclaration> = {};
    for (const [step, { parents = [] }] of Object.entries(steps)) {
      const above = Object.fromEntries(parents.map((parent) => [parent, declared[parent]!]));
      declared[step] = this.declaration.task(step, { parents: above }, () => undefined);
    }
    if (ends.includes("failure")) this.declaration.onFailure(() => undefined);
    if (ends.includes("success")) this.declaration.onSuccess(() => undefined);
  }

  request(given: Partial<RunRequest> = {}): RunRequest {
    const steps = Object.entries(this.steps).map(([name, step]) => this.step(name, step));
    const ends = this.ends.map((end) => ({ ...this.step(`on-${end}`, {}), finally: end }));
    return runOf(this.name, { steps: [...steps, ...ends], ...given });
  }

  private step(name: string, { parents = [], waitFor, ...given }: FlowStep): StepRequest {
    return {
      ...scheduling,
      ...given,
      id: nextId(),
      task: `${this.name}/${name}`,
      parents: parents.map((parent) => `${this.name}/${parent}`),
      waitFor: waitFor && { mode: "all", sleep: undefined, events: [], ...waitFor },
      finally: undefined,
    };
  }
}

/** Asks for runs, and gives their ids. */
export async function ask(engine: Engine, ...requests: readonly RunRequest[]): Promise<string[]> {
  return (await engine.enqueue(requests)).map(({ id }) => id);
}

export function succeeded(output: unknown = null): Outcome {
  return { kind: "succeeded", output: JSON.stringify(output) };
}

export function failed(message: string, retryIn?: number): Outcome {
  return { kind: "failed", error: { name: "Error", message }, retryIn };
}

export function cancelled(reason = "as told"): Outcome {
  return { kind: "cancelled", reason };
}

/** Until a moment on the calendar, in milliseconds, or until an event, which is remembered under the name "event:0". */
export function suspended({ until, event }: { readonly until?: number; readonly event?: string }): Outcome {
  return { kind: "suspended", until, event: event === undefined ? undefined : { key: event, step: "event:0" } };
}

export const skipped: Outcome = { kind: "skipped", reason: "not wanted" };
export const returned: Outcome = { kind: "returned", because: "shutdown" };

/** So many of something. */
export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
