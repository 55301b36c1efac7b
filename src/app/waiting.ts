import type { Generation } from "../kernel/generation.ts";
import type { World } from "../kernel/world.ts";
import { few } from "./few.ts";

/** Milliseconds of a drain after which it is said what it waits for. */
const patience = 1_000;
/** How many are named: there may be thousands. */
const most = 5;

/** Says what a drain waits for, when it takes long. */
export function logWaits(generation: Generation, { clock, log }: Pick<World, "clock" | "log">): void {
  const tell = (): void => {
    if (generation.state !== "draining") return;
    const names = generation.intakes.flatMap(({ pending }) => pending ?? []);
    if (names.length > 0) log("info", `waiting for ${few(names, most)}`);
  };
  generation.on(
    (event) => {
      if (event.type !== "draining") return;
      const cancel = clock.after(event.lameDuckMs + patience, tell, true);
      void generation.ended.then(cancel);
    },
    new Set(["draining"]),
  );
}
