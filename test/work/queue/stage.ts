import { lifespan } from "livespan";
import { manualClock, testWorld } from "livespan/testing";
import type { ManualClock, TestWorld } from "livespan/testing";
import { task, type Engine, type EngineWorld, type Job, type RunRequest, type StationSpec } from "livespan/work";

export type Stage = TestWorld & EngineWorld & { readonly clock: ManualClock };

/** A world on a manual clock, for engines. */
export function stage(wall?: number): Stage {
  const clock = manualClock(wall === undefined ? {} : { wall });
  const world = testWorld({ clock, random: () => 0.5 });
  return { ...world, clock, calendar: world.calendar! };
}

let made = 0;

/** Ids in the order in which they are asked for. */
function runId(): string {
  return `00000000-0000-7000-8000-${String(++made).padStart(12, "0")}`;
}

export function request(name: string, more: Partial<RunRequest> = {}): RunRequest {
  return {
    id: runId(),
    task: name,
    steps: undefined,
    input: "null",
    metadata: {},
    dueAt: undefined,
    delay: undefined,
    idempotency: undefined,
    parentRunId: undefined,
    awaited: true,
    priority: 0,
    cost: 1,
    concurrency: undefined,
    rate: undefined,
    scheduleTimeout: undefined,
    ...more,
  };
}

type Task = StationSpec["tasks"][number];

/** As a worker reads it. `uses` says how much of which lifespan one job takes. */
export function declared(
  name: string,
  options: { slots?: number; uses?: Readonly<Record<string, number>> } = {},
): Task {
  const { uses = {}, slots } = options;
  const needs = Object.fromEntries(
    Object.keys(uses).map((key) => [
      key,
      lifespan(key, async function* () {
        yield key;
      }),
    ]),
  );
  // What is declared is what a worker reads; its public type says less.
  return task(name, { needs, uses, ...(slots !== undefined && { slots }) }, () => undefined) as unknown as Task;
}

export function spec(receive: (job: Job) => void, more: Partial<StationSpec> = {}): StationSpec {
  return { name: "w", slots: 10, tasks: [declared("a")], workflows: [], capacity: new Map(), receive, ...more };
}

export const never: AbortSignal = new AbortController().signal;

export const succeeded = { kind: "succeeded", output: "1" } as const;

/** Keeps what it is given, and hands it out in its order. */
export class Inbox {
  readonly jobs: Job[] = [];
  private wake: (() => void) | undefined;

  readonly receive = (job: Job): void => {
    this.jobs.push(job);
    this.wake?.();
  };

  /** The next one, once it is there. */
  async next(): Promise<Job> {
    while (this.jobs.length === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.wake = resolve;
      await promise;
    }
    return this.jobs.shift()!;
  }
}

export async function enqueue(engine: Engine, requests: readonly RunRequest[]): Promise<string[]> {
  return (await engine.enqueue(requests)).map(({ id }) => id);
}
