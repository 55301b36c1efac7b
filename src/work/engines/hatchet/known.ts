import type { RunRequest } from "../../engine.ts";
import { stepName } from "./names.ts";

/** What this process knows of a run that it has asked for. */
export interface KnownRun {
  /** Its id at Hatchet. */
  readonly id: string;
  /** Full names of its steps by their names there. */
  readonly steps: Readonly<Record<string, string>> | undefined;
}

const atMost = 10_000;

/** The last runs that this process has asked for. */
export class KnownRuns {
  /** By the ids that its client gave them. */
  private readonly asked = new Map<string, KnownRun>();
  private readonly runs = new Map<string, KnownRun>();

  add(request: RunRequest, id: string): void {
    const run = { id, steps: stepsOf(request) };
    remember(this.asked, request.id, run);
    remember(this.runs, id, run);
  }

  /** By the id that its client gave it. */
  asAsked(id: string): KnownRun | undefined {
    return this.asked.get(id);
  }

  get(run: string): KnownRun | undefined {
    return this.runs.get(run);
  }
}

export function stepsOf({ steps }: RunRequest): Readonly<Record<string, string>> | undefined {
  return steps && Object.fromEntries(steps.map(({ task }) => [stepName(task), task]));
}

function remember(runs: Map<string, KnownRun>, key: string, run: KnownRun): void {
  runs.set(key, run);
  if (runs.size <= atMost) return;
  const [oldest] = runs.keys();
  runs.delete(oldest!);
}
