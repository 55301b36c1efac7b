import type { FinalState, RunState, Settled } from "../../run.ts";
import type { GetRunDetailsResponse, TaskRunDetail } from "@hatchet-dev/typescript-sdk/protoc/v1/workflows.js";
import { failureOf, type InputEnvelope, isInput, outputOf, parsed } from "./envelope.ts";
import { type Connection, codeOf, codes } from "./connection.ts";

/** What protobuf's enumeration of states is. */
const states: readonly RunState[] = ["queued", "running", "succeeded", "failed", "cancelled", "running"];

/** A run as the engine itself knows it, at once: what it lists comes later. */
export interface Details {
  readonly id: string;
  readonly state: RunState;
  readonly isDone: boolean;
  readonly input: unknown;
  readonly asked: InputEnvelope | undefined;
  readonly metadata: unknown;
  readonly tasks: readonly TaskRunDetail[];
}

/** Undefined when there is none. @throws LivespanError ENGINE_DOWN */
export async function detailsOf(connection: Connection, id: string): Promise<Details | undefined> {
  if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id)) return undefined;
  try {
    const found = await connection.call("a run", ({ admin }, signal) =>
      admin.getRunDetails({ externalId: id }, { signal }),
    );
    const tasks = Object.values(found.taskRuns);
    return tasks.length === 0 ? undefined : read(id, found, tasks);
  } catch (error) {
    if (codeOf(error) === codes.notFound) return undefined;
    throw error;
  }
}

function read(id: string, found: GetRunDetailsResponse, tasks: readonly TaskRunDetail[]): Details {
  const input = decoded(found.input);
  return {
    id,
    state: states[found.status] ?? "running",
    isDone: found.done,
    input,
    asked: isInput(input) ? input : undefined,
    metadata: decoded(found.additionalMetadata),
    tasks,
  };
}

/** How it ended. `reason` is why, where it was cancelled. */
export function settledOf({ state, tasks, asked }: Details, reason: string): Settled {
  const names = asked?.steps;
  if (state === "succeeded") return names === undefined ? outputOf(decoded(tasks[0]?.output)) : allOf(tasks, names);
  if (state === "failed") {
    const failed = tasks.find((task) => states[task.status] === "failed");
    return { state, error: failureOf(failed?.error) };
  }
  return { state: "cancelled", reason };
}

/** Of a run with steps: their outputs by their full names. */
function allOf(tasks: readonly TaskRunDetail[], names: Readonly<Record<string, string>>): Settled {
  const outputs = tasks.flatMap(({ readableId, status, output }) => {
    const ended = states[status] === "succeeded" ? outputOf(decoded(output)) : undefined;
    const name = names[readableId];
    if (ended?.output === undefined || name === undefined) return [];
    return [`${JSON.stringify(name)}:${ended.output}`];
  });
  return { state: "succeeded", output: `{${outputs.join(",")}}` };
}

export function hasSucceeded({ status }: TaskRunDetail): boolean {
  return states[status] === "succeeded";
}

export function isFinal(state: RunState): state is FinalState {
  return state === "succeeded" || state === "failed" || state === "cancelled" || state === "skipped";
}

function decoded(bytes: Uint8Array | undefined): unknown {
  return bytes === undefined || bytes.length === 0 ? null : (parsed(new TextDecoder().decode(bytes)) ?? null);
}
