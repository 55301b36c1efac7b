import { type ListFilter, type RunFilter, type RunInfo, type RunState, withoutPayloads } from "../../run.ts";
import type { V1TaskSummary } from "@hatchet-dev/typescript-sdk/clients/rest/generated/data-contracts.js";
import { detailsOf, type Details, settledOf } from "./details.ts";
import { failureOf, type InputEnvelope, isInput, outputOf, payloadOf } from "./envelope.ts";
import type { Connection } from "./connection.ts";
import { hatchetName } from "./names.ts";
import { textsOf } from "./scheduled.ts";
import { unpack } from "../../payload.ts";

/** Milliseconds back that runs are looked for, where no moment is given. */
const lookBack = 30 * 86_400_000;
const pageSize = 200;

const stateOf: Readonly<Record<string, RunState>> = {
  QUEUED: "queued",
  RUNNING: "running",
  COMPLETED: "succeeded",
  FAILED: "failed",
  CANCELLED: "cancelled",
};

/** Runs as Hatchet lists them: some moments after it has changed them. By their ids they are as the engine itself knows them. */
export class Listed {
  private readonly connection: () => Connection;

  constructor(connection: () => Connection) {
    this.connection = connection;
  }

  /** What was asked for is in its input, so payloads are read in any case. */
  async list({ payloads = true, ...filter }: ListFilter): Promise<readonly RunInfo[]> {
    const found = await this.find(filter);
    return payloads ? found : found.map(withoutPayloads);
  }

  private async find(filter: RunFilter): Promise<readonly RunInfo[]> {
    const { limit = 100 } = filter;
    if (limit === 0) return [];
    if (filter.ids !== undefined) return this.byIds(filter.ids, filter, limit);
    const workflows = filter.tasks && (await this.workflowIds(filter.tasks));
    if (workflows?.length === 0) return [];
    const runs = await this.walk(filter, workflows, false);
    if (filter.steps !== true && filter.workflowRunId === undefined) return runs.slice(0, limit);
    const all = [...runs, ...(await this.walk(filter, workflows, true))];
    const each = new Map(all.map((info) => [info.id, info]));
    return [...each.values()].toSorted((a, b) => b.createdAt - a.createdAt).slice(0, limit);
  }

  private async walk(filter: RunFilter, workflows: string[] | undefined, isTasks: boolean): Promise<RunInfo[]> {
    const found: RunInfo[] = [];
    let isPast = filter.before === undefined;
    for (let offset = 0; found.length < (filter.limit ?? 100); offset += pageSize) {
      const rows = await this.page(filter, workflows, isTasks, offset);
      for (const row of rows.filter((each) => this.isOurs(each))) {
        const info = infoOf(row, isTasks);
        if (isPast && fits(info, filter)) found.push(info);
        isPast ||= info.id === filter.before;
      }
      if (rows.length < pageSize) break;
    }
    return found;
  }

  private async byIds(ids: readonly string[], filter: RunFilter, limit: number): Promise<readonly RunInfo[]> {
    const found = await Promise.all([...new Set(ids)].map((id) => this.one(id)));
    const infos = found.flatMap((info) => (info === undefined ? [] : [info]));
    return infos.filter((info) => fits(info, filter)).slice(0, limit);
  }

  private async one(id: string): Promise<RunInfo | undefined> {
    const connection = this.connection();
    const details = await detailsOf(connection, id);
    if (details === undefined) return undefined;
    const { data } = await connection
      .call("a run", ({ api }, signal) => api.v1WorkflowRunGet(id, {}, { signal }))
      .catch(() => ({ data: undefined }));
    return detailed(
      details,
      data?.tasks.find((task) => task.taskExternalId === id) ?? data?.tasks[0],
      data?.run.createdAt,
    );
  }

  private async page(
    filter: RunFilter,
    workflows: string[] | undefined,
    isTasks: boolean,
    offset: number,
  ): Promise<V1TaskSummary[]> {
    const { clock, tenant } = this.connection();
    const { since = clock.wall() - lookBack, until, metadata = {} } = filter;
    const pairs = Object.entries(metadata).map(([key, value]) => `${key}:${value}`);
    const { data } = await this.connection().call("a list of runs", ({ api }, signal) =>
      api.v1WorkflowRunList(
        tenant,
        {
          since: new Date(since).toISOString(),
          ...(until !== undefined && { until: new Date(until).toISOString() }),
          ...(workflows !== undefined && { workflow_ids: workflows }),
          ...(pairs.length > 0 && { additional_metadata: pairs }),
          only_tasks: isTasks,
          include_payloads: true,
          limit: pageSize,
          offset,
        },
        { signal },
      ),
    );
    return data.rows;
  }

  /** Other namespaces are strangers, whose runs Hatchet lists with ours. */
  private isOurs({ workflowName = "" }: V1TaskSummary): boolean {
    return workflowName.startsWith(this.connection().address.namespace);
  }

  private async workflowIds(tasks: readonly string[]): Promise<string[]> {
    const { tenant, address } = this.connection();
    const found = await Promise.all(
      tasks.map(async (task) => {
        const name = hatchetName(address.namespace, task);
        const { data } = await this.connection().call("a workflow", ({ api }, signal) =>
          api.workflowList(tenant, { name, limit: pageSize }, { signal }),
        );
        return (data.rows ?? []).filter((row) => row.name === name).map((row) => row.metadata.id);
      }),
    );
    return found.flat();
  }
}

function fits(info: RunInfo, { states, tasks, metadata = {}, workflowRunId, parentRunId }: RunFilter): boolean {
  if (states !== undefined && !states.includes(info.state)) return false;
  if (tasks !== undefined && !tasks.includes(info.task)) return false;
  if (workflowRunId !== undefined && info.workflowRunId !== workflowRunId) return false;
  if (parentRunId !== undefined && info.parentRunId !== parentRunId) return false;
  return Object.entries(metadata).every(([key, value]) => info.metadata[key] === value);
}

function infoOf(row: V1TaskSummary, isTask: boolean): RunInfo {
  const input = givenOf(row.input);
  const asked = isInput(input) ? input : undefined;
  const isWhole = !isTask && asked?.steps !== undefined;
  const state = stateOf[row.status] ?? "queued";
  return {
    ...timesOf(row),
    id: isWhole ? row.metadata.id : row.taskExternalId,
    task: taskOf(row, asked, isWhole),
    state,
    attempt: row.attempt ?? 1,
    priority: 0,
    input: unpack(payloadOf(input)),
    output: state === "succeeded" && !isWhole ? unpack(outputOf(row.output).output ?? "null") : undefined,
    error: state === "failed" ? failureOf(row.errorMessage) : undefined,
    reason: undefined,
    progress: undefined,
    metadata: textsOf(row.additionalMetadata),
    worker: undefined,
    workflowRunId: asked?.steps !== undefined && !isWhole ? row.workflowRunExternalId : undefined,
    parentRunId: asked?.parent,
    dueAt: undefined,
  };
}

/** A task's input is listed among what else its worker was given, a workflow's as it is. */
function givenOf(input: object): unknown {
  return !isInput(input) && "input" in input && "triggered_by" in input ? input.input : input;
}

function timesOf(row: V1TaskSummary | undefined): Pick<RunInfo, "createdAt" | "startedAt" | "settledAt"> {
  const at = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text));
  return { createdAt: at(row?.createdAt) ?? 0, startedAt: at(row?.startedAt), settledAt: at(row?.finishedAt) };
}

/** Of a step its own name, of anything else what was asked for; of what another client asked for, its name there. */
function taskOf(row: V1TaskSummary, asked: InputEnvelope | undefined, isWhole: boolean): string {
  const step = row.actionId?.split(":")[1] ?? "";
  if (asked?.steps !== undefined && !isWhole) return asked.steps[step] ?? asked.task;
  return asked?.task ?? row.workflowName ?? row.displayName;
}

/** What the engine knows, with times from the list where that knows it already. */
function detailed(details: Details, row: V1TaskSummary | undefined, createdAt: string | undefined): RunInfo {
  const { id, asked, input } = details;
  const isStep = asked?.steps !== undefined && details.tasks.length === 1 && details.tasks[0]!.externalId === id;
  const ended = details.isDone ? settledOf(details, "at Hatchet") : undefined;
  const times = timesOf(row);
  return {
    ...times,
    createdAt: createdAt === undefined ? times.createdAt : Date.parse(createdAt),
    id,
    task: (isStep ? asked.steps?.[details.tasks[0]!.readableId] : asked?.task) ?? details.tasks[0]!.readableId,
    state: ended?.state ?? details.state,
    attempt: row?.attempt ?? 1,
    priority: 0,
    input: unpack(payloadOf(input)),
    output: ended?.output === undefined ? undefined : unpack(ended.output),
    error: ended?.error,
    reason: ended?.reason,
    progress: undefined,
    metadata: textsOf(details.metadata),
    worker: undefined,
    workflowRunId: isStep ? row?.workflowRunExternalId : undefined,
    parentRunId: asked?.parent,
    dueAt: undefined,
  };
}
