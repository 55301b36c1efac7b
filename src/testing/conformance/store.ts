import type { MakeStore } from "./store/stage.ts";
import { commitCases } from "./store/commits.ts";
import { expiryCases } from "./store/expiry.ts";
import { lockCases } from "./store/locks.ts";
import { sharingCases } from "./store/sharing.ts";
import { Stage } from "./store/stage.ts";
import { valueCases } from "./store/values.ts";

/** As `node:test` and the other runners have it. A context that is given is asked to skip. */
export interface RunTest {
  (name: string, fn: (context: { skip?(reason: string): void }) => Promise<void>): unknown;
}

/**
 * What every store of states must do, case by case: `storeConformance(test, ({ space, idle, lease }) => myStore(…))` inside
 * a file of tests. Cases that only a shared store can pass are skipped by name for one that is not.
 */
export function storeConformance(test: RunTest, makeStore: MakeStore): void {
  const cases = [...commitCases, ...valueCases, ...lockCases, ...expiryCases, ...sharingCases];
  for (const { name, shared = false, run } of cases) {
    test(name, async (context) => {
      await using stage = new Stage(makeStore);
      if (shared && !stage.isShared) return context.skip?.("only this process sees what this store keeps");
      await run(stage);
    });
  }
}
