import type { Client } from "../work/client.ts";
import type { Engine } from "../work/engine.ts";
import type { RunInfo } from "../work/run.ts";
import type { WorkWing } from "../app/work/wing.ts";
import { didYouMean } from "../kernel/nearest.ts";
import { FaultyLedger } from "./faults.ts";
import { MemoryLedger } from "../work/engines/memory.ts";
import { QueueEngine } from "../work/engines/queue/engine.ts";
import { testingError } from "./errors.ts";
import { WorkClient } from "../work/client-run.ts";

/** The client of an app under test, and what only a test can do to its workers. */
export interface TestWork extends Client {
  /**
   * Settles when nothing that the app's workers could run is queued, running or due. What waits for time, for an event, or for
   * a worker that is gone is left waiting.
   */
  idle(): Promise<void>;
  /** As if its process were killed: nothing that it says arrives any more, and after a lease its jobs are others'. */
  crash(worker: string): void;
  /** As if its process were stopped: nothing that it says arrives until it is resumed. */
  stall(worker: string): void;
  resume(worker: string): void;
}

/** The engine of a test: in memory, on the test's clock, with workers that can be made to fail. */
export class TestEngine {
  readonly ledger = new FaultyLedger(new MemoryLedger());
  readonly engine: Engine = new QueueEngine(this.ledger);
}

export class TestClient extends WorkClient implements TestWork {
  private readonly wing: WorkWing;
  /** Undefined with an engine of the test's own choice. */
  private readonly ledger: FaultyLedger | undefined;
  private readonly wall: () => number;

  constructor(wing: WorkWing, ledger: FaultyLedger | undefined) {
    super(wing.asks);
    this.wing = wing;
    this.ledger = ledger;
    this.wall = () => wing.asks.clock.wall();
  }

  async idle(): Promise<void> {
    for (;;) {
      // Looked for first, or what changes during the look is missed.
      const changed = this.ledger?.changed;
      const busy = await this.busy();
      if (busy.length === 0) return;
      await this.change(busy, changed);
    }
  }

  crash(worker: string): void {
    this.faulty(worker, "crash").crash(worker);
  }

  stall(worker: string): void {
    this.faulty(worker, "stall").stall(worker);
  }

  resume(worker: string): void {
    this.faulty(worker, "resume").resume(worker);
  }

  private async busy(): Promise<readonly RunInfo[]> {
    const able = this.wing.declared.filter(({ name }) => this.ledger?.isGone(name) !== true);
    const tasks = [...new Set(able.flatMap((worker) => worker.tasks.map(({ name }) => name)))];
    if (tasks.length === 0) return [];
    const states = ["queued", "running", "scheduled"] as const;
    const found = await this.list({ states, tasks, steps: true, limit: 1_000, payloads: false });
    return found.filter(({ state, worker, dueAt = 0 }) => {
      if (state === "scheduled") return dueAt <= this.wall();
      // A run of which only its steps are run has no worker.
      return state === "queued" || (worker !== undefined && able.some(({ name }) => name === worker));
    });
  }

  /** One of them has settled, or something else was said of a run. */
  private async change(busy: readonly RunInfo[], changed: Promise<void> | undefined): Promise<void> {
    const over = new AbortController();
    const engine = await this.wing.asks.engine();
    const settled = busy.map(({ id }) => engine.result(id, over.signal).then(() => {}));
    await Promise.race(changed === undefined ? settled : [...settled, changed]).catch(() => {});
    over.abort(new Error("the test no longer waits"));
    await Promise.allSettled(settled);
  }

  private faulty(worker: string, verb: string): FaultyLedger {
    const names = this.wing.declared.map(({ name }) => name);
    if (!names.includes(worker)) {
      throw testingError("NO_SUCH_WORKER", `${verb}(): the app has no worker "${worker}".${didYouMean(worker, names)}`);
    }
    if (this.ledger !== undefined) return this.ledger;
    throw testingError("NO_SUCH_WORKER", `${verb}("${worker}"): its engine is not the test's own.`);
  }
}
