import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { watchWorkers, type Watched } from "../../../src/host/supervisor/watch.ts";

/** A worker that has just been heard of, and a watch over it whose time, and whose looks, are the test's. */
function watched(given: Partial<Watched> = {}) {
  let now = 0;
  let look = (): void => {};
  const reasons: (string | undefined)[] = [];
  const worker: Watched = {
    name: "worker 1 (4711)",
    state: "ready",
    heardAt: 0,
    debugged: false,
    kill: (why) => void reasons.push(why),
    ...given,
  };
  const clock = {
    now: () => now,
    wall: () => now,
    after: (_ms: number, fn: () => void) => {
      look = fn;
      return () => (look = () => {});
    },
  };
  const end = watchWorkers([worker], 1_000, () => {}, clock);
  const lookAt = (at: number): void => {
    now = at;
    look();
  };
  return { worker, reasons, lookAt, end };
}

suite("a watch over workers", () => {
  test("kills one that was silent for longer than the limit, not before", () => {
    const { worker, reasons, lookAt, end } = watched();
    for (const at of [250, 500, 750, 1_000]) lookAt(at);
    worker.heardAt = 1_000;
    for (const at of [1_250, 1_500, 1_750, 2_000]) lookAt(at);
    assert.deepEqual(reasons, []);
    lookAt(2_250);
    assert.deepEqual(reasons, ["did not turn its event loop for 1.3 s"]);
    end();
    lookAt(2_500);
    assert.equal(reasons.length, 1);
  });

  for (const [what, given] of [
    ["starts", { state: "starting" }],
    ["stops", { state: "stopping" }],
    ["is debugged", { debugged: true }],
  ] as const) {
    test(`lets one be that ${what}`, () => {
      const { reasons, lookAt } = watched(given);
      for (let at = 250; at <= 3_000; at += 250) lookAt(at);
      assert.deepEqual(reasons, []);
    });
  }

  test("does not count a silence in which the supervisor itself stood still", () => {
    const { reasons, lookAt } = watched();
    lookAt(250);
    lookAt(60_000);
    assert.deepEqual(reasons, []);
    for (const at of [60_250, 60_500, 60_750, 61_000]) lookAt(at);
    assert.deepEqual(reasons, []);
    lookAt(61_250);
    assert.equal(reasons.length, 1);
  });
});
