import type { Client } from "./client.ts";
import type { Engine, Job, Outcome, Station } from "./engine.ts";
import type { Intake, Leftover } from "../kernel/intake.ts";
import type { JobSurroundings } from "./job.ts";
import type { Needs } from "../kernel/lifespan.ts";
import type { ParentRun } from "./parent.ts";
import type { WorkerDeclaration } from "./worker.ts";
import type { World } from "../kernel/world.ts";
import { Aborter } from "../kernel/aborter.ts";
import { Alarms, expired, until } from "../kernel/alarms.ts";
import { declaredCron } from "./declared-crons.ts";
import { defaultPayloadLimit } from "./payload.ts";
import { failureOf } from "./failure.ts";
import { JobAborted, workError } from "./errors.ts";
import { JobRun } from "./job.ts";
import { messageOf } from "../kernel/errors.ts";
import { RunIds } from "./ids.ts";
import { WorkerTask } from "./worker-task.ts";

export interface WorkerParts {
  readonly worker: WorkerDeclaration;
  /** Open by the time that the worker opens, and until it has left. */
  readonly engine: Engine;
  readonly world: Pick<World, "clock" | "log" | "random" | "scope" | "defer">;
  /** What lifespans yielded: asked when the worker opens. */
  values(needs: Needs): Record<string, unknown>;
  /** What asks for the children of a job. */
  readonly clientFor: (parent: ParentRun) => Client;
  /** Milliseconds that a stop drains for, so that a body can see how long it has. */
  readonly drain: number;
  /** Milliseconds that a body is awaited when the drain is over: less than the stop waits for the worker. 1,500 unless said. */
  readonly grace?: number;
  /** Milliseconds that a body is awaited when it was cancelled or took too long. 10,000 unless said. */
  readonly patience?: number;
  /** Milliseconds. A longer `ctx.sleep()` leaves its slot. 30,000 unless said. */
  readonly longSleep?: number;
  /** Called once, after `recycleAfter` jobs. */
  recycled?(): void;
}

/** Milliseconds that jobs are begun for in one turn: bodies that block must not keep the rest of the program waiting. */
const turn = 10;

/** One run of a worker: it takes jobs while it is open, and ends those that it has in hand. */
export class WorkerRun implements Intake {
  readonly name: string;
  private readonly parts: WorkerParts;
  private readonly around: JobSurroundings;
  private readonly tasks = new Map<string, WorkerTask>();
  private readonly opening = new Aborter();
  private readonly drainer = new Aborter();
  private readonly alarms: Alarms;
  /** In hand: begun, and not over. */
  private readonly runs = new Set<JobRun>();
  /** Given by the engine, and not begun. */
  private readonly received: Job[] = [];
  /** Of this turn of the event loop: what was begun, and until when something may be. */
  private readonly begun: JobRun[] = [];
  private turnEnd: number | undefined;
  private isTurnSpent = false;
  private captured: <R>(fn: () => R) => R = (fn) => fn();
  private station: Station | undefined;
  private closed: Promise<void> | undefined;
  private isOpen = false;
  private drainDue = Infinity;
  private idling: PromiseWithResolvers<void> | undefined;
  /** Settlements of what was never begun. */
  private readonly settling = new Set<Promise<void>>();
  private cut = 0;
  private jobs = 0;

  constructor(parts: WorkerParts) {
    const { worker, world, clientFor, patience = 10_000, longSleep = 30_000 } = parts;
    this.name = `worker ${worker.name}`;
    this.parts = parts;
    this.alarms = new Alarms(world.clock);
    this.around = {
      worker: worker.name,
      clock: world.clock,
      log: world.log,
      random: () => world.random(),
      alarms: this.alarms,
      drainer: this.drainer,
      clientFor,
      patience,
      longSleep,
      drainDue: () => this.drainDue,
      ended: (run) => this.ended(run),
    };
  }

  /** Its id at the engine, once open. */
  get id(): string | undefined {
    return this.station?.id;
  }
  /** Jobs can come: it is open, and the engine answers. */
  get isReady(): boolean {
    return this.isOpen && this.closed === undefined && this.isReachable;
  }
  get isReachable(): boolean {
    return this.station?.isReachable ?? false;
  }
  /** The jobs that it has begun, by their tasks. */
  get pending(): readonly string[] {
    return Array.from(this.runs, ({ job }) => `${this.name}: ${job.task}`);
  }
  /** How many jobs it has in hand. */
  get inHand(): number {
    return this.runs.size + this.received.length + this.settling.size;
  }

  /** Puts declared crons right, registers, and takes jobs. Rejects when it is told to abort meanwhile: then nothing was taken. */
  async open(): Promise<void> {
    const { worker, engine, world, values } = this.parts;
    // Jobs come in whatever context the engine is in; they run in this one, which has all that lifespans provided.
    this.captured = world.scope.capture();
    const payloadLimit = worker.options.payloadLimit ?? defaultPayloadLimit;
    for (const task of worker.tasks) this.tasks.set(task.name, new WorkerTask(task, { values, payloadLimit }));
    await this.declareCrons();
    this.opening.signal.throwIfAborted();
    const { name, slots, tasks, workflows, capacity } = worker;
    this.station = engine.station({ name, slots, tasks, workflows, capacity, receive: (job) => this.receive(job) });
    await this.station.open(this.opening.signal);
    this.isOpen = true;
  }

  private async declareCrons(): Promise<void> {
    const { worker, engine, world } = this.parts;
    const ids = new RunIds(() => world.clock.wall());
    for (const declared of [...worker.workflows, ...worker.tasks]) {
      const cron = await declaredCron(declared, ids.next);
      this.opening.signal.throwIfAborted();
      if (cron !== undefined) await engine.cron(cron);
    }
  }

  /** Nobody sends it jobs who would have to notice first: it takes no more at once. */
  lameDuck(): void {
    // Whoever closes it is told of the failure.
    this.close().catch(() => {});
  }

  /** Takes no more, and tells the bodies that it drains. */
  close(): Promise<void> {
    this.closed ??= this.stopTaking();
    return this.closed;
  }

  private async stopTaking(): Promise<void> {
    this.drainDue = this.parts.world.clock.now() + this.parts.drain;
    this.drainer.abort(new JobAborted("shutdown", `${this.name} is draining`));
    await this.station?.close();
  }

  /** Settles when all jobs in hand are settled, and their bodies have ended. */
  async drained(): Promise<void> {
    while (this.inHand > 0) await (this.idling ??= Promise.withResolvers<void>()).promise;
  }

  /** Ends what is in hand: bodies are told and awaited, then what has not ended is given back, to be begun again at once. */
  async abort(reason: unknown): Promise<readonly Leftover[]> {
    const { grace = 1_500, world } = this.parts;
    const why = new JobAborted("shutdown", `${this.name} stops: ${messageOf(reason)}`);
    this.opening.abort(why);
    const closed = this.close();
    for (const job of this.received.splice(0)) this.giveBack(job);
    for (const run of this.runs) run.abort(why);
    const inTime = await until(this.alarms, world.clock.now() + grace, this.drained());
    for (const run of this.runs) run.giveUp();
    // What was given up is settled before the engine closes; that its body ends is not waited for.
    await Promise.all([closed, ...this.settling, ...Array.from(this.runs, (run) => run.kept)]);
    const left = inTime === expired ? this.runs.size : 0;
    return [
      { kind: "given-back", count: this.cut },
      { kind: "still-running", count: left },
    ].filter(({ count }) => count > 0);
  }

  /** Unregisters, when the lifespans are down. Never rejects. */
  async leave(): Promise<void> {
    this.isOpen = false;
    await this.station?.leave();
    this.station = undefined;
  }

  /** Begun when the code that gave it is through, and in the worker's own context. */
  private receive(job: Job): void {
    this.received.push(job);
    if (this.received.length === 1 && !this.isTurnSpent) queueMicrotask(() => this.captured(() => this.pump()));
  }

  /** Begins what was received, as long as this turn of the event loop may take. */
  private pump(): void {
    const { world } = this.parts;
    if (this.turnEnd === undefined) {
      this.turnEnd = world.clock.now() + turn;
      world.defer(() => this.nextTurn());
    }
    let at = 0;
    while (at < this.received.length && !this.isTurnSpent) {
      this.begin(this.received[at++]!);
      this.isTurnSpent = world.clock.now() >= this.turnEnd;
    }
    this.received.splice(0, at);
    this.checkIdle();
  }

  private nextTurn(): void {
    this.turnEnd = undefined;
    this.isTurnSpent = false;
    // By now most have ended, and need no limits.
    for (const run of this.begun.splice(0)) run.arm();
    if (this.received.length > 0) this.captured(() => this.pump());
  }

  private begin(job: Job): void {
    const task = this.tasks.get(job.task);
    if (task === undefined) return this.refuse(job);
    const run = new JobRun(job, task, this.around);
    this.runs.add(run);
    this.begun.push(run);
    void run.run();
  }

  private refuse(job: Job): void {
    const error = workError("UNKNOWN_TASK", `${this.name} was given a job of "${job.task}", which it does not have.`);
    this.parts.world.log("error", error.message, { run: job.runId, error });
    this.keep(job, { kind: "failed", error: failureOf(error), retryIn: undefined });
  }

  private giveBack(job: Job): void {
    this.cut++;
    this.keep(job, { kind: "returned", because: "shutdown" });
  }

  /** Settles what was never begun. */
  private keep(job: Job, outcome: Outcome): void {
    const kept = job.settle(outcome).then(
      () => {},
      (error: unknown) =>
        this.parts.world.log("error", `run ${job.runId} could not be settled: ${messageOf(error)}`, { error }),
    );
    this.settling.add(kept);
    void kept.then(() => {
      this.settling.delete(kept);
      this.checkIdle();
    });
  }

  private ended(run: JobRun): void {
    this.runs.delete(run);
    if (run.isReturned && this.opening.aborted) this.cut++;
    this.jobs++;
    if (this.jobs === this.parts.worker.options.recycleAfter) this.parts.recycled?.();
    this.checkIdle();
  }

  private checkIdle(): void {
    if (this.inHand > 0) return;
    this.idling?.resolve();
    this.idling = undefined;
  }
}
