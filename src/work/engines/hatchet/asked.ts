import { type Connection, codeOf, codes } from "./connection.ts";
import type { Enqueued, RunRequest, StepRequest } from "../../engine.ts";
import { hatchetName, stepName } from "./names.ts";
import { type KnownRuns, stepsOf } from "./known.ts";
import { enveloped } from "./envelope.ts";
import type { HatchetJob } from "./job.ts";
import type { Scheduled } from "./scheduled.ts";
import type { TriggerWorkflowRequest } from "@hatchet-dev/typescript-sdk/protoc/v1/shared/trigger.js";
import { shapeOfRequest } from "./shape.ts";
import type { Workflows } from "./workflows.ts";

/** Runs that are asked for in one call, and characters of their inputs. */
const callLimit = 500;
const callSize = 2_000_000;

export interface AskedParts {
  readonly connection: () => Connection;
  readonly hands: ReadonlyMap<string, HatchetJob>;
  readonly known: KnownRuns;
  readonly scheduled: Scheduled;
  readonly workflows: Workflows;
}

/** Asks Hatchet for runs. */
export class Asked {
  private readonly connection: () => Connection;
  private readonly hands: ReadonlyMap<string, HatchetJob>;
  private readonly known: KnownRuns;
  private readonly scheduled: Scheduled;
  private readonly workflows: Workflows;

  constructor(parts: AskedParts) {
    this.connection = parts.connection;
    this.hands = parts.hands;
    this.known = parts.known;
    this.scheduled = parts.scheduled;
    this.workflows = parts.workflows;
  }

  async enqueue(requests: readonly RunRequest[]): Promise<readonly Enqueued[]> {
    const kinds = new Map(requests.map((request) => [JSON.stringify(shapeOfRequest(request)), request]));
    for (const request of kinds.values()) await this.workflows.see(shapeOfRequest(request));
    const fresh = requests.filter(({ id }) => this.known.asAsked(id) === undefined);
    const [single, together] = partition(fresh, (request) => {
      return request.idempotency !== undefined || isLater(request) || fresh.length === 1;
    });
    const made = new Map<string, Enqueued>();
    for (const batch of batches(together)) {
      const ids = await this.bulk(batch);
      for (const [i, { id }] of batch.entries()) made.set(id, { id: ids[i]!, existing: false });
    }
    for (const request of single) made.set(request.id, await this.one(request));
    for (const request of fresh) if (!isLater(request)) this.known.add(request, made.get(request.id)!.id);
    return requests.map(({ id }) => made.get(id) ?? { id: this.known.asAsked(id)!.id, existing: true });
  }

  private async one(request: RunRequest): Promise<Enqueued> {
    if (isLater(request)) {
      await this.scheduled.add(request, request.dueAt ?? this.connection().clock.wall() + request.delay!);
      return { id: request.id, existing: false };
    }
    const trigger = this.triggerOf(request);
    let details: unknown;
    const onTrailer = (trailer: { get(name: string): unknown }): void => {
      details = trailer.get(statusDetails);
    };
    try {
      const { workflowRunId: id } = await this.connection().call("a run", ({ workflows }, signal) =>
        workflows.triggerWorkflow(trigger, { signal, onTrailer }),
      );
      return { id, existing: false };
    } catch (error) {
      const existing = codeOf(error) === codes.alreadyExists ? idIn(details) : undefined;
      if (existing === undefined) throw error;
      return { id: existing, existing: true };
    }
  }

  private async bulk(requests: readonly RunRequest[]): Promise<readonly string[]> {
    const workflows = requests.map((request) => this.triggerOf(request));
    const asked = await this.connection().call("runs", (services, signal) =>
      services.workflows.bulkTriggerWorkflow({ workflows }, { signal }),
    );
    return asked.workflowRunIds;
  }

  private triggerOf(request: RunRequest): TriggerWorkflowRequest {
    const { namespace } = this.connection().address;
    const parent = request.parentRunId === undefined ? undefined : this.hands.get(request.parentRunId);
    return {
      name: hatchetName(namespace, request.task),
      input: inputOf(request, namespace),
      additionalMetadata: JSON.stringify(request.metadata),
      priority: priorityOf(request.priority),
      desiredWorkerLabels: {},
      ...(parent && {
        parentId: parent.action.workflowRunId,
        parentTaskRunExternalId: parent.runId,
        childIndex: 0,
        childKey: request.id,
      }),
    };
  }
}

/** Where gRPC has the details of an error: of an idempotency key, the run that has it. */
const statusDetails = "grpc-status-details-bin";

/** The id of the run in an error's details: the first text in them that has the form of one. */
function idIn(details: unknown): string | undefined {
  const text = details instanceof Uint8Array ? Buffer.from(details).toString("latin1") : "";
  return /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/.exec(text)?.[0];
}

/** JSON of what a run is given. Keys are one tenant's there, so they have the namespace before them. */
export function inputOf(request: RunRequest, namespace: string): string {
  const { id, task, steps, input, idempotency, concurrency, rate, parentRunId } = request;
  const keyed = (of: "concurrency" | "rate", whole: { key: string } | undefined): Record<string, string> => {
    const each = (steps ?? []).flatMap((step) => entryOf(step, of));
    const all = [...each, ...(whole === undefined ? [] : [["*", whole.key] as const])];
    return Object.fromEntries(all.map(([step, key]) => [step, namespace + key]));
  };
  return enveloped(input, {
    task,
    id,
    steps: stepsOf(request),
    key: idempotency && `${namespace}${task}/${idempotency.key}`,
    keys: keyed("concurrency", concurrency),
    rates: keyed("rate", rate),
    parent: parentRunId,
  });
}

function entryOf(step: StepRequest, of: "concurrency" | "rate"): (readonly [string, string])[] {
  const limit = step[of];
  return limit === undefined ? [] : [[stepName(step.task), limit.key]];
}

/** Hatchet has three: 1, 2 and 3. */
export function priorityOf(priority: number): number {
  return Math.min(3, Math.max(1, Math.round(priority) + 1));
}

function isLater({ dueAt, delay }: RunRequest): boolean {
  return dueAt !== undefined || delay !== undefined;
}

function partition<T>(all: readonly T[], isFirst: (each: T) => boolean): [T[], T[]] {
  const { yes = [], no = [] } = Object.groupBy(all, (each) => (isFirst(each) ? "yes" : "no"));
  return [yes, no];
}

function* batches(requests: readonly RunRequest[]): Generator<readonly RunRequest[]> {
  let batch: RunRequest[] = [];
  let size = 0;
  for (const request of requests) {
    if (batch.length === callLimit || (batch.length > 0 && size + request.input.length > callSize)) {
      yield batch;
      [batch, size] = [[], 0];
    }
    batch.push(request);
    size += request.input.length;
  }
  if (batch.length > 0) yield batch;
}
