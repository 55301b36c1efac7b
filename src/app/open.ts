import type { Budgets } from "../kernel/budgets.ts";
import type { Log } from "../kernel/log.ts";
import type { Needs, Values } from "../kernel/lifespan.ts";
import type { StopReport } from "../kernel/report.ts";
import type { World } from "../kernel/world.ts";
import { assertOptions } from "../kernel/lifespan.ts";
import { Generation } from "../kernel/generation.ts";
import { logEvents, textLog } from "./log.ts";
import { nodeWorld } from "./world.ts";

export interface OpenOptions {
  readonly budgets?: Partial<Budgets>;
  readonly log?: Log;
  /** The time and the rest of the world, for tests. */
  readonly world?: World;
}

/** Lifespans that are up, without an app. */
export interface Opened<N> extends AsyncDisposable {
  /** Their values, by key. */
  readonly lifespan: Values<N>;
  /** Closes them in reverse. Rejects when one failed to close or was left behind. */
  stop(): Promise<StopReport>;
}

/**
 * Opens lifespans without an app: `const s = await open({ models })`, and `await using` or `s.stop()` closes them. Rejects,
 * with everything closed again, when one of them fails.
 */
export async function open<const N extends Needs>(needs: N, options: OpenOptions = {}): Promise<Opened<N>> {
  assertOptions("open()", options, ["budgets", "log", "world"]);
  const world = options.world ?? nodeWorld({ log: options.log ?? textLog("warn") });
  const generation = new Generation(
    {
      name: "open",
      roots: [{ owner: "open()", needs }],
      ...(options.budgets !== undefined && { budgets: options.budgets }),
    },
    world,
  );
  logEvents(generation, world.log);
  await generation.start();
  const stop = (): Promise<StopReport> => generation.stop();
  return {
    lifespan: Object.freeze(generation.values(needs)) as Values<N>,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}
