import type { Needs } from "../kernel/lifespan.ts";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { TaskDeclaration } from "./task.ts";

/** One attempt, unless the task says otherwise. */
const defaultTimeout = 600_000;

/** A task as one worker runs it: its options are read once, and its lifespans are the same objects for every job. */
export class WorkerTask {
  readonly declaration: TaskDeclaration;
  readonly name: string;
  /** Milliseconds for one attempt. */
  readonly timeout: number;
  readonly values: Readonly<Record<string, unknown>>;
  readonly isConditional: boolean;
  readonly input: StandardSchemaV1 | undefined;
  readonly output: StandardSchemaV1 | undefined;
  /** How the outputs of its parents are found: the key on `ctx.parents`, and the full name. */
  readonly parents: readonly (readonly [key: string, name: string])[];
  /** How a step's result and the output are kept. */
  readonly rules: { readonly what: string; readonly code: "INVALID_OUTPUT"; readonly limit: number };

  constructor(
    declaration: TaskDeclaration,
    { values, payloadLimit }: { values(needs: Needs): Record<string, unknown>; readonly payloadLimit: number },
  ) {
    const { name, options, needs, workflow, finally: end } = declaration;
    this.declaration = declaration;
    this.name = name;
    this.timeout = options.timeout ?? defaultTimeout;
    this.values = Object.freeze(values(needs));
    this.isConditional = options.skipIf !== undefined || options.cancelIf !== undefined;
    this.input = options.input ?? workflow?.options.input;
    this.output = options.output;
    this.parents = end === undefined ? parentsOf(declaration) : stepsOf(declaration);
    this.rules = { what: `the output of "${name}"`, code: "INVALID_OUTPUT", limit: payloadLimit };
  }
}

function parentsOf({ parents }: TaskDeclaration): (readonly [string, string])[] {
  return Object.entries(parents).map(([key, { name }]) => [key, name]);
}

/** What runs at the end sees all steps, by their own names. */
function stepsOf({ workflow }: TaskDeclaration): (readonly [string, string])[] {
  const steps = workflow?.tasks.filter(({ finally: end }) => end === undefined) ?? [];
  return steps.map(({ name }) => [name.slice(name.indexOf("/") + 1), name]);
}
