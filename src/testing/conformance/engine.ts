import type { MakeEngine } from "./engine/stage.ts";
import type { RunTest } from "./store.ts";
import { cancellingCases } from "./engine/cancelling.ts";
import { claimingCases } from "./engine/claiming.ts";
import { concurrencyCases } from "./engine/concurrency.ts";
import { conditionCases } from "./engine/conditions.ts";
import { cronCases } from "./engine/crons.ts";
import { dagCases } from "./engine/dags.ts";
import { didYouMean } from "../../kernel/nearest.ts";
import { idempotencyCases } from "./engine/idempotency.ts";
import { leaseCases } from "./engine/leases.ts";
import { listingCases } from "./engine/listing.ts";
import { rateCases } from "./engine/rates.ts";
import { rememberingCases } from "./engine/remembering.ts";
import { replayingCases } from "./engine/replaying.ts";
import { runCases } from "./engine/runs.ts";
import { sayingCases } from "./engine/saying.ts";
import { scheduleCases } from "./engine/schedules.ts";
import { settlingCases } from "./engine/settling.ts";
import { strategyCases } from "./engine/strategies.ts";
import { Stage } from "./engine/stage.ts";

export interface EngineConformanceOptions {
  /** What the engine runs on. A manual clock makes cases exact; "system" unless said. */
  readonly clock?: "manual" | "system";
  /** What the engine cannot do, by the name of the case, with the reason: skipped by name. */
  readonly gaps?: Readonly<Record<string, string>>;
}

const cases = [
  ...runCases,
  ...listingCases,
  ...claimingCases,
  ...settlingCases,
  ...leaseCases,
  ...cancellingCases,
  ...replayingCases,
  ...dagCases,
  ...conditionCases,
  ...concurrencyCases,
  ...strategyCases,
  ...idempotencyCases,
  ...rateCases,
  ...scheduleCases,
  ...cronCases,
  ...rememberingCases,
  ...sayingCases,
];

/**
 * What every engine must do, case by case: `engineConformance(test, ({ space, lease }) => myEngine(…))` inside a file of
 * tests. Bodies are played by the cases, at the port. What only a shared engine or a manual clock can show is skipped by name.
 *
 * @throws Error when a gap names no case.
 */
export function engineConformance(test: RunTest, makeEngine: MakeEngine, options: EngineConformanceOptions = {}): void {
  const { clock = "system", gaps = {} } = options;
  const names = cases.map(({ name }) => name);
  for (const gap of Object.keys(gaps)) {
    if (!names.includes(gap)) throw new Error(`There is no case "${gap}".${didYouMean(gap, names)}`);
  }
  for (const { name, shared = false, manual = false, run } of cases) {
    test(name, async (context) => {
      if (gaps[name] !== undefined) return context.skip?.(gaps[name]);
      if (manual && clock !== "manual") return context.skip?.("this engine runs on its own time");
      await using stage = new Stage(makeEngine, clock);
      if (shared && !stage.isShared) return context.skip?.("only this process sees what this engine keeps");
      await run(stage);
    });
  }
}
