import type { Connection } from "./connection.ts";
import type { CronInfo } from "../../run.ts";
import type { CronRequest, EngineWorld } from "../../engine.ts";
import type { CronWorkflows } from "@hatchet-dev/typescript-sdk/clients/rest/generated/data-contracts.js";
import { hatchetName } from "./names.ts";
import { inputOf, priorityOf } from "./asked.ts";
import { isInput } from "./envelope.ts";
import { shapeOfRequest } from "./shape.ts";
import type { Workflows } from "./workflows.ts";

const pageSize = 500;

/** Crons at Hatchet, by their names. */
export class Crons {
  private readonly connection: () => Connection;
  private readonly world: () => EngineWorld;
  private readonly workflows: Workflows;

  constructor(connection: () => Connection, world: () => EngineWorld, workflows: Workflows) {
    this.workflows = workflows;
    this.connection = connection;
    this.world = world;
  }

  /** One that is there as it is asked for is left alone, so that it misses no moment. */
  async put({ name, expression, timezone, request }: CronRequest): Promise<void> {
    const connection = this.connection();
    const { namespace } = connection.address;
    const input = JSON.parse(inputOf({ ...request, id: `cron:${name}` }, namespace)) as Record<string, unknown>;
    const cron = {
      cronName: namespace + name,
      cronExpression: timezone === undefined ? expression : `CRON_TZ=${timezone} ${expression}`,
      input,
      additionalMetadata: { ...request.metadata },
      priority: priorityOf(request.priority),
    };
    const had = await this.named(name);
    const isSame = had.length === 1 && had[0]!.cron === cron.cronExpression && isEqual(had[0]!.input, input);
    if (isSame) return;
    await this.drop(had);
    await this.workflows.see(shapeOfRequest(request));
    await connection.call("a cron", ({ api }, signal) =>
      api.cronWorkflowTriggerCreate(connection.tenant, hatchetName(namespace, request.task), cron, { signal }),
    );
  }

  async list(): Promise<readonly CronInfo[]> {
    const { namespace } = this.connection().address;
    const all = await this.rows({});
    return all.filter(({ name }) => name?.startsWith(namespace)).map((row) => this.infoOf(row, namespace));
  }

  async remove(name: string): Promise<boolean> {
    const had = await this.named(name);
    await this.drop(had);
    return had.length > 0;
  }

  private infoOf({ name = "", cron, input, workflowName }: CronWorkflows, namespace: string): CronInfo {
    const [, timezone, expression = cron] = /^CRON_TZ=(\S+) (.*)$/.exec(cron) ?? [];
    const { calendar, clock } = this.world();
    return {
      name: name.slice(namespace.length),
      task: isInput(input) ? input.task : workflowName,
      expression,
      timezone,
      nextAt: calendar.next(expression, clock.wall(), timezone),
    };
  }

  private async named(name: string): Promise<CronWorkflows[]> {
    const cronName = this.connection().address.namespace + name;
    return (await this.rows({ cronName })).filter((row) => row.name === cronName);
  }

  private async rows(query: { readonly cronName?: string }): Promise<CronWorkflows[]> {
    const { tenant } = this.connection();
    const { data } = await this.connection().call("the crons", ({ api }, signal) =>
      api.cronWorkflowList(tenant, { ...query, limit: pageSize }, { signal }),
    );
    return data.rows ?? [];
  }

  private async drop(rows: readonly CronWorkflows[]): Promise<void> {
    const { tenant } = this.connection();
    for (const { metadata } of rows) {
      await this.connection().call("the end of a cron", ({ api }, signal) =>
        api.workflowCronDelete(tenant, metadata.id, { signal }),
      );
    }
  }
}

/** `jsonb` does not keep the order of properties. */
function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, part]) => [key, sorted(part)]));
}
