import { type Connection, codeOf } from "./connection.ts";
import { contentOf } from "./content.ts";
import { deadlineOf, failedForGood, given, HatchetJob, type JobHost, type Report } from "./job.ts";
import type { EngineWorld, Station, StationSpec } from "../../engine.ts";
import { type Notes, rememberedIn } from "./notes.ts";
import { Place, until } from "./place.ts";
import type { AssignedAction } from "@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js";
import { messageOf } from "../../../kernel/errors.ts";
import { payloadOf } from "./envelope.ts";
import { actionOf } from "./names.ts";
import { Room } from "./room.ts";
import { shapesOf } from "./shape.ts";
import type { TaskDeclaration } from "../../task.ts";
import type { Workflows } from "./workflows.ts";

/** Milliseconds that a job's time at Hatchet is lengthened by while its worker has it in hand, and before its end. */
const refresh = 300_000;
const refreshBefore = 45_000;

export interface StationParts {
  readonly spec: StationSpec;
  readonly world: () => EngineWorld;
  readonly connection: () => Connection;
  readonly notes: Notes;
  readonly workflows: Workflows;
  /** Jobs in hand of all stations, by run. */
  readonly hands: Map<string, HatchetJob>;
  /** A job was cancelled: what it asked for is cancelled with it. */
  cancelled(runId: string): void;
}

/**
 * A worker's place at Hatchet, over the SDK's generated clients. The SDK's own worker cannot be drained, does not say whether a
 * result was kept, and leaves listeners on the process.
 */
export class HatchetStation implements Station, JobHost {
  readonly notes: Notes;
  private readonly parts: StationParts;
  private readonly own = new Set<HatchetJob>();
  private readonly sleeping = new Map<HatchetJob, () => void>();
  private readonly waiting: HatchetJob[] = [];
  private readonly room: Room;
  private readonly returning = new Set<Promise<void>>();
  private handlers: ReadonlyMap<string, TaskDeclaration> = new Map();
  private place: Place | undefined;
  private takes = false;

  constructor(parts: StationParts) {
    this.parts = parts;
    this.notes = parts.notes;
    this.room = new Room(parts.spec.slots, parts.spec.capacity);
  }

  get id(): string {
    return this.place?.id ?? "";
  }

  get isReachable(): boolean {
    return this.place?.isReachable ?? false;
  }

  async open(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { connection, spec, workflows } = this.parts;
    const { namespace } = connection().address;
    const tasks = [...spec.tasks, ...spec.workflows.flatMap((workflow) => workflow.tasks)];
    this.handlers = new Map(tasks.map((task) => [actionOf(namespace, task.name), task]));
    const shapes = shapesOf(spec, namespace);
    await until(signal, workflows.tell(shapes));
    const place = new Place({
      connection,
      name: spec.name,
      slots: spec.slots,
      actions: [...this.handlers.keys()],
      take: (action) => this.take(action),
      beaten: () => this.lengthen(),
      lost: (why) => this.lose(why),
      warn: (message) => this.warn(message),
    });
    this.takes = true;
    this.place = place;
    await place.join(signal);
  }

  async close(): Promise<void> {
    if (!this.takes) return;
    this.takes = false;
    await this.place?.pause();
  }

  async leave(): Promise<void> {
    const { place } = this;
    if (place === undefined || place.isLeft) return;
    this.takes = false;
    for (const cancel of this.sleeping.values()) cancel();
    this.sleeping.clear();
    if (this.own.size > 0) await place.quiet;
    await Promise.all([...this.own].map((job) => job.settle({ kind: "returned", because: "shutdown" })));
    await Promise.all(this.returning);
    await place.leave();
  }

  async report(action: AssignedAction, { type, payload, isFinal = false }: Report): Promise<boolean> {
    const { jobId, jobRunId, taskId, taskRunExternalId, actionId, retryCount } = action;
    const connection = this.parts.connection();
    const eventType = connection.sdk.StepActionEventType[`STEP_EVENT_TYPE_${type}`];
    const of = { workerId: this.id, jobId, jobRunId, taskId, taskRunExternalId, actionId, retryCount };
    const event = { ...of, eventType, eventPayload: payload, shouldNotRetry: isFinal };
    while (this.place?.isLeft === false) {
      try {
        const said = { ...event, eventTimestamp: new Date(connection.clock.wall()) };
        await connection.call("a settlement", ({ dispatcher }, signal) =>
          dispatcher.sendStepActionEvent(said, { signal }),
        );
        return true;
      } catch (error) {
        this.warn(`what became of an attempt of ${actionId} could not be told: ${messageOf(error)}`);
        // What the engine itself refuses, it refuses again.
        if (codeOf(error) !== undefined) return false;
      }
    }
    return false;
  }

  released(job: HatchetJob, ended: Promise<void> | undefined): void {
    this.own.delete(job);
    if (this.parts.hands.get(job.runId) === job) this.parts.hands.delete(job.runId);
    void this.free(job, ended);
  }

  /** It sleeps in its worker: free here, while Hatchet holds its slot. What it remembers is kept, so another can go on. */
  async asleep(job: HatchetJob, moment: number, ended: Promise<void> | undefined): Promise<void> {
    const { clock } = this.parts.world();
    const wake = (): void => {
      this.sleeping.delete(job);
      this.waiting.push(job);
      this.next();
    };
    this.sleeping.set(job, clock.after(Math.max(0, moment - clock.wall()), wake, true));
    await this.free(job, ended);
  }

  warn(message: string): void {
    this.parts.world().log("warn", `Hatchet: ${message}`, { worker: this.parts.spec.name });
  }

  private async free(job: HatchetJob, ended: Promise<void> | undefined): Promise<void> {
    if (ended !== undefined) await ended;
    this.room.give(job);
    this.next();
  }

  private lose(why: string): void {
    for (const job of this.own) job.abort("lease-lost", `the run ${job.runId} is another worker's by now: ${why}.`);
  }

  /** Timeouts are the worker's to keep; Hatchet's own is for workers that keep none. */
  private lengthen(): void {
    const soon = this.parts.world().clock.now() + refreshBefore;
    for (const job of this.own) {
      if (job.deadline > soon) continue;
      job.deadline += refresh;
      const more = { taskRunExternalId: job.runId, incrementTimeoutBy: `${refresh}ms` };
      const connection = this.parts.connection();
      void this.place?.politely("have more time", () =>
        connection.call("more time", ({ dispatcher }, signal) => dispatcher.refreshTimeout(more, { signal })),
      );
    }
  }

  private take(action: AssignedAction): void {
    const had = this.parts.hands.get(action.taskRunExternalId);
    const { ActionType } = this.parts.connection().sdk;
    if (action.actionType === ActionType.CANCEL_STEP_RUN) return this.cancel(had, action);
    if (action.actionType !== ActionType.START_STEP_RUN) return;
    had?.abort("lease-lost", `the run ${had.runId} was given out again.`);
    if (!this.takes) return this.giveBack(action);
    void this.begin(action);
  }

  /** It came after the worker had said that it takes no more. */
  private giveBack(action: AssignedAction): void {
    const back = (async (): Promise<void> => {
      await this.place?.quiet;
      await this.report(action, given("shutdown"));
    })();
    this.returning.add(back);
    void back.then(() => this.returning.delete(back));
  }

  private cancel(job: HatchetJob | undefined, { retryCount }: AssignedAction): void {
    if (job === undefined || job.action.retryCount > retryCount) return;
    job.abort("user", "at Hatchet");
    this.parts.cancelled(job.runId);
    const cancelSleep = this.sleeping.get(job);
    if (cancelSleep === undefined) return;
    cancelSleep();
    this.sleeping.delete(job);
    this.room.take(job);
    void job.settle({ kind: "cancelled", reason: "it was cancelled" });
  }

  private async begin(action: AssignedAction): Promise<void> {
    try {
      const job = await this.jobOf(action);
      if (job === undefined) return;
      if (!this.takes) return this.giveBack(action);
      this.own.add(job);
      this.parts.hands.set(job.runId, job);
      void this.report(action, { type: "STARTED", payload: '""' });
      this.waiting.push(job);
      this.next();
    } catch (error) {
      this.warn(`an attempt of ${action.actionId} could not be begun: ${messageOf(error)}`);
      await this.report(action, given("what it remembers could not be read"));
    }
  }

  private async jobOf(action: AssignedAction): Promise<HatchetJob | undefined> {
    const declared = this.handlers.get(action.actionId);
    if (declared === undefined) {
      await this.report(action, failedForGood("UNKNOWN_TASK", `the worker has no ${action.actionId}`));
      return undefined;
    }
    const content = contentOf(action, declared);
    const remembered = rememberedIn(action.retryCount === 0 ? [] : await this.notes.read(action.taskRunExternalId));
    const deadline = deadlineOf(declared, this.parts.world().clock.now());
    return new HatchetJob({
      host: this,
      action,
      declared,
      content,
      input: payloadOf(content.input),
      deadline,
      ...remembered,
    });
  }

  private next(): void {
    for (;;) {
      const i = this.waiting.findIndex((job) => this.room.has(job));
      if (i < 0) return;
      const [job] = this.waiting.splice(i, 1);
      this.room.take(job!);
      this.parts.spec.receive(job!);
    }
  }
}
