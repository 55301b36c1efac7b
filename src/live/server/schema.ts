import { createHash } from "node:crypto";
import type { StateDeclaration } from "./state.ts";

/** Changes when what the states declare does, and not with their values. */
export function schemaOf(states: readonly StateDeclaration[]): string {
  const shapes = states.map(({ name, vars, computed, handlers }) => [
    name,
    vars,
    computed.map(([each]) => each),
    [...handlers.keys()],
  ]);
  return createHash("sha256").update(JSON.stringify(shapes)).digest("base64url").slice(0, 12);
}
