import type { Budgets } from "../../kernel/budgets.ts";
import type { Engine } from "../../work/engine.ts";
import type { StopRequest } from "../../kernel/generation.ts";
import type { Log } from "../../kernel/log.ts";
import type { StopReport } from "../../kernel/report.ts";
import { appError } from "../errors.ts";
import { assertOptions } from "../../kernel/lifespan.ts";
import { combine } from "../../kernel/errors.ts";
import { nodeWorld } from "../world.ts";
import { textLog } from "../log.ts";
import { WorkerProgram } from "./worker-program.ts";
import { WorkerDeclaration, type WorkerOptions } from "../../work/worker.ts";

export interface WorkerStartOptions {
  /** Stops the worker when it fires. */
  readonly signal?: AbortSignal;
  /** Called when it takes jobs. */
  readonly ready?: () => void;
  /** In place of the worker's own. */
  readonly engine?: Engine;
  /** Milliseconds for each part of its life. Jobs in hand have 18,000 of the 25,000 of a stop unless said. */
  readonly budgets?: Partial<Budgets>;
  /** Where log lines go; warnings to standard error unless said. */
  readonly log?: Log;
}

/** A declared worker. It can be run by an app, by `runWorker` as a process of its own, or embedded by `start`. */
export class Worker extends WorkerDeclaration {
  #program: Promise<WorkerProgram> | undefined;

  /**
   * Runs it in this process, without touching signals: starts what its tasks need, takes jobs until `signal` fires or it is
   * stopped, and settles after the drain and the teardown. Rejects with what failed; where that was a setup, nothing was taken.
   */
  async start(options: WorkerStartOptions = {}): Promise<StopReport> {
    assertOptions(`the start of worker "${this.name}"`, options, ["signal", "ready", "engine", "budgets", "log"]);
    if (this.#program !== undefined) {
      throw appError("ALREADY_RUNNING", `worker "${this.name}" cannot be started: it runs already.`);
    }
    const { log = textLog("warn"), engine, budgets } = options;
    // There before anything is awaited: a stop in the same turn must find it.
    this.#program = WorkerProgram.prepare(this, { world: nodeWorld({ log }), engine, budgets });
    try {
      return await this.#run(await this.#program, options);
    } finally {
      this.#program = undefined;
    }
  }

  async #run(program: WorkerProgram, { signal, ready }: WorkerStartOptions): Promise<StopReport> {
    const { generation } = program;
    if (ready !== undefined) generation.on(ready, new Set(["ready"]));
    const stop = (): void => void generation.stop({ cause: { kind: "asked", by: "its signal" } });
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted === true) stop();
    try {
      await program.start().catch((error: unknown) => {
        // A start that was given up because it was asked to has not failed.
        if (generation.state !== "stopped") throw error;
      });
      const report = await generation.ended;
      if (report.errors.length > 0) throw combine(report.errors, `worker "${this.name}" did not stop cleanly`);
      return report;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Stops it, where it was embedded by `start`. Rejects when something failed or was left behind. */
  async stop(request?: StopRequest): Promise<StopReport | undefined> {
    return (await this.#program?.catch(() => undefined))?.stop(request);
  }
}

/**
 * Declares a worker: what it runs, and how much at a time. Opens nothing.
 *
 * @throws LivespanError INVALID_TASK, DUPLICATE_TASK_NAME, UNKNOWN_OPTION, INVALID_DECLARATION, UNKNOWN_LIFESPAN
 */
export function createWorker(name: string, options: WorkerOptions): Worker {
  return new Worker(name, options);
}
