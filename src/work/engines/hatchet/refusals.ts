import { workError } from "../../errors.ts";

export function unsupported(what: string): Error {
  return workError("ENGINE_UNSUPPORTED", `hatchetEngine(): ${what}, which Hatchet has nothing for.`);
}
