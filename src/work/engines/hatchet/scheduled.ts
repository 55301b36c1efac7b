import type { Connection } from "./connection.ts";
import { hatchetName } from "./names.ts";
import { inputOf, priorityOf } from "./asked.ts";
import type { RunRequest } from "../../engine.ts";
import type { ScheduledWorkflows } from "@hatchet-dev/typescript-sdk/clients/rest/generated/data-contracts.js";

/** The name in a run's metadata of the id that its client gave it: what is due later has no other until it is due. */
const idLabel = "livespan_id";

/** Milliseconds back that a run is looked for which was due once. */
const lookBack = 30 * 86_400_000;

/** Runs that are due later. Hatchet keeps them apart, and forgets its own id of one when it makes the run. */
export class Scheduled {
  private readonly connection: () => Connection;

  constructor(connection: () => Connection) {
    this.connection = connection;
  }

  async add(request: RunRequest, at: number): Promise<void> {
    const { tenant, address } = await this.free(request.id);
    const scheduled = {
      input: JSON.parse(inputOf(request, address.namespace)) as Record<string, unknown>,
      additionalMetadata: { ...request.metadata, [idLabel]: request.id },
      triggerAt: new Date(at).toISOString(),
      priority: priorityOf(request.priority),
    };
    const name = hatchetName(address.namespace, request.task);
    await this.connection().call("a run that is due later", ({ api }, signal) =>
      api.scheduledWorkflowRunCreate(tenant, name, scheduled, { signal }),
    );
  }

  /** One that is not due yet. */
  async find(id: string): Promise<ScheduledWorkflows | undefined> {
    const { tenant } = this.connection();
    const { data } = await this.connection().call("a run that is due later", ({ api }, signal) =>
      api.workflowScheduledList(tenant, { additionalMetadata: [`${idLabel}:${id}`], limit: 1 }, { signal }),
    );
    return data.rows?.[0];
  }

  /** The run that one has become. */
  async runOf(id: string): Promise<string | undefined> {
    const { tenant, clock } = this.connection();
    const since = new Date(clock.wall() - lookBack).toISOString();
    const query = { since, only_tasks: false, additional_metadata: [`${idLabel}:${id}`], limit: 1 };
    const { data } = await this.connection().call("a run that was due", ({ api }, signal) =>
      api.v1WorkflowRunList(tenant, query, { signal }),
    );
    return data.rows[0]?.metadata.id;
  }

  async remove({ metadata }: ScheduledWorkflows): Promise<void> {
    const { tenant } = this.connection();
    await this.connection().call("the end of a run that is due later", ({ api }, signal) =>
      api.workflowScheduledDelete(tenant, metadata.id, { signal }),
    );
  }

  /** It is not asked for twice, when it was asked for again. */
  private async free(id: string): Promise<Connection> {
    const had = await this.find(id);
    if (had !== undefined) await this.remove(had);
    return this.connection();
  }
}

/** A run's metadata as its client gave it: Hatchet and this engine add names of their own. */
export function textsOf(metadata: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(typeof metadata === "object" && metadata !== null ? metadata : {});
  const texts = entries.filter((each): each is [string, string] => typeof each[1] === "string");
  return Object.fromEntries(
    texts.filter(([name]) => name !== "traceparent" && name !== idLabel && !name.startsWith("hatchet__")),
  );
}
