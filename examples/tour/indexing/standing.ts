import type { Run } from "./run.ts";

/** Whether a run has ended: both ends ask. */
export function isOver(state: Run["state"]): boolean {
  return state !== "waiting" && state !== "running";
}
