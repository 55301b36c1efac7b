import type {
  AwaitedEvent,
  Engine,
  Enqueued,
  Job,
  Outcome,
  RunRequest,
  Station,
  StationSpec,
} from "../../../src/work/engine.ts";
import type { Clock } from "../../../src/kernel/clock.ts";
import type { CronRequest } from "../../../src/work/engine.ts";
import type { RunInfo, Settled } from "../../../src/work/run.ts";
import { JobAborted, workError } from "../../../src/work/errors.ts";

/** A run as the double keeps it, and all that was said of it. */
export class DoubleRun {
  readonly request: RunRequest;
  readonly outcomes: Outcome[] = [];
  readonly chunks: string[] = [];
  readonly progress: string[] = [];
  readonly steps = new Map<string, string>();
  readonly settled = Promise.withResolvers<Settled>();
  parents: Readonly<Record<string, Settled>> = {};
  attempt = 0;
  failures = 0;
  fence = 0;
  waits: AwaitedEvent | undefined;
  aborter = new AbortController();
  wake: (() => void) | undefined;

  constructor(request: RunRequest) {
    this.request = request;
  }
}

/** An engine in a few lines: no DAG, no keys, one worker; the port's promises to a worker are kept. */
export class EngineDouble implements Pick<Engine, "enqueue" | "result" | "emit" | "cron" | "list"> {
  readonly runs = new Map<string, DoubleRun>();
  readonly crons: CronRequest[] = [];
  readonly told: string[] = [];
  private readonly clock: Clock;
  private readonly queue: DoubleRun[] = [];
  private spec: StationSpec | undefined;
  private free = 0;
  private isTaking = false;
  isReachable = true;
  /** Held until it settles, so that a test sees a worker that registers. */
  registering: Promise<void> = Promise.resolve();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** The compiler is told that it is a whole one: what a test does not use is not there. */
  get engine(): Engine {
    return this as unknown as Engine;
  }

  async enqueue(requests: readonly RunRequest[]): Promise<Enqueued[]> {
    return requests.map((request) => {
      const existing = this.runs.has(request.id);
      if (!existing) this.add(new DoubleRun(request));
      return { id: request.id, existing };
    });
  }

  async result(id: string, signal?: AbortSignal): Promise<Settled> {
    const run = this.runs.get(id);
    if (run === undefined) throw workError("RUN_UNKNOWN", `there is no run ${id}.`);
    if (signal === undefined) return run.settled.promise;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason as Error);
      if (signal.aborted) return onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      void run.settled.promise.then((settled) => {
        signal.removeEventListener("abort", onAbort);
        resolve(settled);
      });
    });
  }

  /** Of what it keeps nothing is listed. */
  async list(): Promise<readonly RunInfo[]> {
    return [];
  }

  async emit(event: string, data: string): Promise<number> {
    const waiting = [...this.runs.values()].filter(({ waits }) => waits?.key === event);
    for (const run of waiting) {
      run.steps.set(run.waits!.step, `{"event":${data}}`);
      run.wake?.();
    }
    return waiting.length;
  }

  async cron(cron: CronRequest): Promise<void> {
    this.crons.push(cron);
  }

  /** What a run's body hears, as when it was cancelled. */
  abort(id: string, why: JobAborted["why"], reason: string): void {
    this.runs.get(id)!.aborter.abort(new JobAborted(why, reason));
  }

  /** The run is another worker's by now. */
  steal(id: string): void {
    this.runs.get(id)!.fence++;
  }

  station(spec: StationSpec): Station {
    this.spec = spec;
    return Object.defineProperty(
      {
        id: "station",
        isReachable: true,
        open: (signal: AbortSignal) => this.open(signal),
        close: async () => {
          this.told.push("closed");
          this.isTaking = false;
        },
        leave: async () => void this.told.push("left"),
      },
      "isReachable",
      { get: () => this.isReachable },
    );
  }

  private async open(signal: AbortSignal): Promise<void> {
    const { promise, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    await Promise.race([promise, this.registering]);
    signal.removeEventListener("abort", onAbort);
    this.told.push("open");
    this.free = this.spec!.slots;
    this.isTaking = true;
    this.dispatch();
  }

  private add(run: DoubleRun): void {
    this.runs.set(run.request.id, run);
    this.queue.push(run);
    this.dispatch();
  }

  private dispatch(): void {
    while (this.isTaking && this.free > 0 && this.queue.length > 0) this.give(this.queue.shift()!);
  }

  private give(run: DoubleRun): void {
    this.free--;
    const { request } = run;
    const fence = ++run.fence;
    // A suspended one goes on with the attempt that it had.
    if (run.outcomes.at(-1)?.kind !== "suspended") run.attempt++;
    run.aborter = new AbortController();
    const job: Job = {
      runId: request.id,
      task: request.task,
      attempt: run.attempt,
      failures: run.failures,
      input: request.input,
      metadata: request.metadata,
      workflowRunId: undefined,
      parents: run.parents,
      steps: new Map(run.steps),
      signal: run.aborter.signal,
      settle: async (outcome, ended) => {
        void (ended ?? Promise.resolve()).then(() => {
          this.free++;
          this.dispatch();
        });
        if (run.fence !== fence) return false;
        this.settle(run, outcome);
        return true;
      },
      lend: () => async () => {},
      remember: async (name, value) => {
        if (run.fence !== fence) throw workError("LEASE_LOST", `run ${request.id} is another worker's.`);
        run.steps.set(name, value);
      },
      progress: (value) => void run.progress.push(value),
      chunk: (kind, data) => void run.chunks.push(`${kind} ${data}`),
    };
    this.spec!.receive(job);
  }

  private settle(run: DoubleRun, outcome: Outcome): void {
    run.outcomes.push(outcome);
    this.told.push(`${run.request.task} ${outcome.kind}`);
    const { kind } = outcome;
    if (kind === "returned") this.queue.push(run);
    else if (kind === "suspended") this.suspend(run, outcome.until, outcome.event);
    else if (kind === "failed" && outcome.retryIn !== undefined) {
      run.failures++;
      this.clock.after(outcome.retryIn, () => this.requeue(run));
    } else run.settled.resolve({ ...outcome, state: kind });
  }

  private suspend(run: DoubleRun, until: number | undefined, event: AwaitedEvent | undefined): void {
    run.waits = event;
    const cancel =
      until === undefined
        ? undefined
        : this.clock.after(until - this.clock.wall(), () => {
            if (event !== undefined) run.steps.set(event.step, '{"timeout":true}');
            run.wake?.();
          });
    run.wake = () => {
      cancel?.();
      run.waits = run.wake = undefined;
      this.requeue(run);
    };
  }

  private requeue(run: DoubleRun): void {
    this.queue.push(run);
    this.dispatch();
  }
}
