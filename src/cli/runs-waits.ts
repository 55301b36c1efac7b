import type { Client } from "../work/client.ts";
import type { RunInfo } from "../work/run.ts";
import { LivespanError } from "../kernel/errors.ts";

/**
 * Which of these runs wait for a worker that does not exist: the task that none has, by the run's id; of a workflow's run, that of
 * a step. Where an engine cannot tell, none.
 */
export async function lackingWorker(client: Client, runs: readonly RunInfo[]): Promise<ReadonlyMap<string, string>> {
  const queued = [...runs.filter(({ state }) => state === "queued"), ...(await queuedSteps(client, runs))];
  const lacking = new Map<string, string>();
  if (queued.length === 0) return lacking;
  const served = await servedTasks(client);
  if (served === undefined) return lacking;
  for (const { id, task, workflowRunId } of queued) {
    if (served.has(task)) continue;
    lacking.set(id, task);
    if (workflowRunId !== undefined) lacking.set(workflowRunId, task);
  }
  return lacking;
}

/** The run of a workflow that goes on is running, whatever its steps wait for; and nobody has begun it. */
async function queuedSteps(client: Client, runs: readonly RunInfo[]): Promise<readonly RunInfo[]> {
  const ids = new Set(runs.flatMap(({ id, state, attempt }) => (state === "running" && attempt === 0 ? [id] : [])));
  if (ids.size === 0) return [];
  const steps = await client.list({ states: ["queued"], steps: true, limit: 1_000 });
  return steps.filter(({ workflowRunId }) => workflowRunId !== undefined && ids.has(workflowRunId));
}

async function servedTasks(client: Client): Promise<ReadonlySet<string> | undefined> {
  try {
    const workers = await client.workers();
    return new Set(workers.flatMap(({ isLost, tasks }) => (isLost ? [] : tasks)));
  } catch (error) {
    if (error instanceof LivespanError && error.code === "ENGINE_UNSUPPORTED") return undefined;
    throw error;
  }
}
