import type { Engine, Job, Outcome, Station } from "../../../work/engine.ts";
import type { Flow } from "./requests.ts";
import type { Stage } from "./stage.ts";
import type { TaskDeclaration } from "../../../work/task.ts";
import { declare } from "./requests.ts";

export interface HandOptions {
  /** Names, where nothing but the name counts. */
  readonly tasks?: readonly (string | TaskDeclaration)[];
  readonly flows?: readonly Flow[];
  readonly slots?: number;
  readonly capacity?: Readonly<Record<string, number>>;
  readonly name?: string;
}

/** What a body that a case plays gives: an outcome, or undefined to leave the job in hand. */
export type Play = (job: Job) => Outcome | undefined | Promise<Outcome | undefined>;

/** A worker whose jobs are in the hand of the case: it takes them one by one, or plays them all. */
export class Hand {
  readonly station: Station;
  /** All jobs that were given, in order. */
  readonly jobs: Job[] = [];
  /** What went wrong while jobs were played. */
  readonly errors: unknown[] = [];
  private readonly stage: Stage;
  private readonly unread: Job[] = [];
  private readonly waiting: (() => void)[] = [];
  private readonly playing = new Set<Promise<void>>();
  private body: Play | undefined;

  constructor(stage: Stage, engine: Engine, options: HandOptions) {
    const { tasks = [], flows = [], slots = 10, capacity = {}, name = "worker" } = options;
    const alone = tasks.map((task) => (typeof task === "string" ? declare(task) : task));
    this.stage = stage;
    this.station = engine.station({
      name,
      slots,
      tasks: [...alone, ...flows.flatMap(({ declaration }) => declaration.tasks)],
      workflows: flows.map(({ declaration }) => declaration),
      capacity: new Map(Object.entries(capacity)),
      receive: (job) => this.receive(job),
    });
  }

  async open(): Promise<void> {
    await this.stage.wait(this.station.open(new AbortController().signal));
  }

  /** The next job, in the order of arrival. */
  async next(): Promise<Job> {
    const arrived = async (): Promise<void> => {
      while (this.unread.length === 0) await new Promise<void>((resolve) => void this.waiting.push(resolve));
    };
    await this.stage.wait(arrived());
    return this.unread.shift()!;
  }

  async take(count: number): Promise<Job[]> {
    const jobs: Job[] = [];
    while (jobs.length < count) jobs.push(await this.next());
    return jobs;
  }

  /** Takes the next job, and settles it. */
  async settle(outcome: Outcome): Promise<Job> {
    const job = await this.next();
    await this.stage.wait(job.settle(outcome));
    return job;
  }

  /** Plays what is there and all that comes. */
  play(body: Play): void {
    this.body = body;
    for (const job of this.unread.splice(0)) this.perform(job, body);
  }

  /** Settles when what was being played has been settled. */
  async rest(): Promise<void> {
    await Promise.all(this.playing);
  }

  private receive(job: Job): void {
    this.jobs.push(job);
    if (this.body !== undefined) this.perform(job, this.body);
    else this.unread.push(job);
    for (const wake of this.waiting.splice(0)) wake();
  }

  private perform(job: Job, body: Play): void {
    const done = (async () => {
      const outcome = await body(job);
      if (outcome !== undefined) await job.settle(outcome);
    })().catch((error: unknown) => void this.errors.push(error));
    this.playing.add(done);
    void done.then(() => this.playing.delete(done));
  }
}
