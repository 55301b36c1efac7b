import type { Runnable } from "../../work/task.ts";
import type { WorkerDeclaration } from "../../work/worker.ts";
import { declarationOf } from "../../work/run-request.ts";
import { WorkflowDeclaration } from "../../work/workflow.ts";

/** The full names of all that is listed; undefined where nothing is, so that whatever is declared can be run. */
export function namesOf(
  workflows: readonly Runnable<never, unknown>[],
  workers: readonly WorkerDeclaration[],
): ReadonlySet<string> | undefined {
  const listed = workflows.map((each, at) => declarationOf(each, `workflows[${at}]`));
  const all = [...listed, ...workers.flatMap((worker) => [...worker.workflows, ...worker.tasks])];
  if (all.length === 0) return undefined;
  const within = all.flatMap((each) => (each instanceof WorkflowDeclaration ? [each, ...each.tasks] : [each]));
  return new Set(within.map(({ name }) => name));
}
