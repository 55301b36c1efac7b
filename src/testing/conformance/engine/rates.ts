import assert from "node:assert/strict";
import type { RateLimit, RunRequest } from "../../../work/engine.ts";
import { ask, runOf, succeeded, times } from "./requests.ts";
import type { Case } from "./stage.ts";

/** How many runs are admitted in a while. What is given to a worker may come later than it was admitted, never sooner. */
export const rateCases: readonly Case[] = [
  {
    name: "admits no more in any while than the rate allows, in the order of asking",
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const began: number[] = [];
      worker.play(() => {
        began.push(stage.now);
        return succeeded();
      });
      const asked = stage.now;
      const ids = await ask(engine, ...times(6, () => limited({ key: "k", limit: 2, per: 500 })));
      await stage.results(engine, ids);
      assert.deepEqual(
        worker.jobs.map(({ runId }) => runId),
        ids,
      );
      for (const [index, at] of began.entries()) {
        const soonest = Math.floor(index / 2) * 500;
        // The engine's calendar and the clock here may be a little apart.
        assert.ok(at - asked >= soonest - 50, `the run ${index} came after ${at - asked} ms`);
      }
    },
  },
  {
    name: "says of what the rate keeps back when it is due",
    async run(stage) {
      const engine = await stage.open();
      const rate = { key: "k", limit: 1, per: 3_600_000 };
      const [first, second, third] = await ask(engine, ...times(3, () => limited(rate)));
      assert.equal((await stage.run(engine, first!)).state, "queued");
      const { state, dueAt } = await stage.run(engine, second!);
      assert.equal(state, "scheduled");
      assert.ok(Math.abs(dueAt! - stage.wall - 3_600_000) < 5_000);
      assert.ok(Math.abs((await stage.run(engine, third!)).dueAt! - dueAt! - 3_600_000) < 1_000);
    },
  },
  {
    name: "keeps rates of other keys apart",
    async run(stage) {
      const engine = await stage.open();
      const rates = ["k", "l", "m"].map((key) => ({ key, limit: 1, per: 3_600_000 }));
      const ids = await ask(engine, ...rates.map(limited), runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      worker.play(() => succeeded());
      await stage.results(engine, ids);
    },
  },
  {
    name: "admits at once when the while is over",
    manual: true,
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const rate = { key: "k", limit: 3, per: 60_000 };
      await ask(engine, ...times(3, () => limited(rate)));
      await worker.take(3);
      await stage.elapse(60_000);
      await ask(engine, ...times(3, () => limited(rate)));
      const began = stage.now;
      await worker.take(3);
      assert.ok(stage.now - began < 1_000);
    },
  },
];

function limited(rate: RateLimit): RunRequest {
  return runOf("a", { rate });
}
