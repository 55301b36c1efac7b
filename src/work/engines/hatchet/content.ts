import { failureOf, isInput, outputOf, parsed } from "./envelope.ts";
import type { AssignedAction } from "@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js";
import type { Settled } from "../../run.ts";
import { stepName } from "./names.ts";
import type { TaskDeclaration } from "../../task.ts";
import { textsOf } from "./scheduled.ts";

/** What an action brings. */
export interface Content {
  readonly input: unknown;
  readonly metadata: Readonly<Record<string, string>>;
  readonly workflowRunId: string | undefined;
  readonly parents: Readonly<Record<string, Settled>>;
}

export function contentOf(action: AssignedAction, task: TaskDeclaration): Content {
  const { input, parents, step_run_errors: errors } = recordOf(parsed(action.actionPayload));
  return {
    input,
    metadata: textsOf(parsed(action.additionalMetadata ?? "")),
    workflowRunId: isInput(input) && input.steps !== undefined ? action.workflowRunId : undefined,
    parents: parentsOf(task, recordOf(parents), recordOf(errors)),
  };
}

function parentsOf(
  task: TaskDeclaration,
  outputs: Readonly<Record<string, unknown>>,
  errors: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Settled>> {
  const fullOf = new Map((task.workflow?.tasks ?? []).map(({ name }) => [stepName(name), name]));
  const own = new Set(Object.values(task.parents).map(({ name }) => name));
  const isShown = (name: string): boolean => task.finally !== undefined || own.has(name);
  const ended = Object.entries(outputs).map(([step, output]) => [fullOf.get(step) ?? step, outputOf(output)] as const);
  const failed = Object.entries(errors).map(([step, error]) => {
    const settled: Settled = { state: "failed", error: failureOf(String(error)) };
    return [fullOf.get(step) ?? step, settled] as const;
  });
  // Hatchet gives the outputs of all that came before.
  return Object.fromEntries([...ended, ...failed].filter(([name]) => isShown(name)));
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
