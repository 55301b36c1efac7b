import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { engineConformance } from "livespan/testing";
import { memoryEngine } from "livespan/work";

describe("the memory engine", () => {
  engineConformance(test, ({ lease }) => memoryEngine({ lease }), { clock: "manual" });
});

describe("the suite of engines", () => {
  test("refuses a gap that names no case, and says which may be meant", () => {
    const gaps = { "closes twise": "it cannot", "carries large input and outputs": "it cannot" };
    const names: string[] = [];
    const collect = (name: string) => names.push(name);
    for (const [gap, reason] of Object.entries(gaps)) {
      assert.throws(() => engineConformance(collect, () => memoryEngine(), { gaps: { [gap]: reason } }), {
        message: new RegExp(`There is no case "${gap}"`),
      });
    }
    assert.throws(
      () => engineConformance(collect, () => memoryEngine(), { gaps: { "carries large input and outputs": "" } }),
      /Did you mean "carries large inputs and outputs"/,
    );
    assert.deepEqual(names, []);
  });

  test("skips a gap by name, with its reason", async () => {
    const cases = new Map<string, (context: { skip(reason: string): void }) => Promise<void>>();
    const gap = "carries large inputs and outputs";
    engineConformance(
      (name, run) => cases.set(name, run),
      () => memoryEngine(),
      { gaps: { [gap]: "it is small" } },
    );
    const skipped: string[] = [];
    await cases.get(gap)?.({ skip: (reason) => void skipped.push(reason) });
    assert.deepEqual(skipped, ["it is small"]);
  });
});
