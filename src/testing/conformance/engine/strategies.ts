import assert from "node:assert/strict";
import { ask, cancelled, keyed, succeeded, times } from "./requests.ts";
import { fired, type Case } from "./stage.ts";
import { JobAborted } from "../../../work/errors.ts";

/** What becomes of a run whose key is taken, where it does not wait in line. */
export const strategyCases: readonly Case[] = [
  {
    name: "cancel-in-progress: of ten runs the last is left, and the one that runs is told",
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const [first] = await ask(engine, keyed("k", { strategy: "cancel-in-progress" }));
      const running = await worker.next();
      const ids = [first!];
      for (let n = 0; n < 9; n++) ids.push(...(await ask(engine, keyed("k", { strategy: "cancel-in-progress" }))));
      const reason = await stage.wait(fired(running.signal));
      assert.ok(reason instanceof JobAborted && reason.why === "concurrency", String(reason));
      worker.play((job) =>
        job.runId === ids.at(-1) ? succeeded("last") : fired(job.signal).then(() => cancelled("overtaken")),
      );
      await stage.wait(running.settle(cancelled("overtaken")));
      const states = (await stage.results(engine, ids)).map(({ state }) => state);
      assert.deepEqual(states, [...times(9, () => "cancelled"), "succeeded"]);
    },
  },
  {
    name: "cancel-in-progress: within a limit, the oldest goes",
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const limit = { limit: 2, strategy: "cancel-in-progress" } as const;
      await ask(engine, keyed("k", limit));
      await ask(engine, keyed("k", limit));
      const [oldest, older] = await worker.take(2);
      await ask(engine, keyed("k", limit));
      await stage.wait(fired(oldest!.signal));
      assert.equal(older!.signal.aborted, false);
      await stage.wait(oldest!.settle(cancelled()));
      await worker.next();
      assert.equal(older!.signal.aborted, false);
    },
  },
  {
    name: "cancel-newest: cancels at once what is one too many, and says so",
    async run(stage) {
      const engine = await stage.open();
      const ids: string[] = [];
      for (let n = 0; n < 11; n++) ids.push(...(await ask(engine, keyed("k", { strategy: "cancel-newest" }))));
      for (const { state, reason } of await stage.results(engine, ids.slice(1))) {
        assert.equal(state, "cancelled");
        assert.ok(reason !== undefined && reason !== "");
      }
      const worker = await stage.worker(engine, { tasks: ["a"] });
      assert.equal((await worker.settle(succeeded())).runId, ids[0]);
      const [next] = await ask(engine, keyed("k", { strategy: "cancel-newest" }));
      assert.equal((await worker.settle(succeeded())).runId, next);
    },
  },
  {
    name: "round-robin: keys take turns, whoever asked first",
    async run(stage) {
      const engine = await stage.open();
      const requests = ["k", "l", "m"].flatMap((key) =>
        times(6, () => keyed(key, { strategy: "round-robin" }, { metadata: { key } })),
      );
      const ids = await ask(engine, ...requests);
      const worker = await stage.worker(engine, { tasks: ["a"], slots: 1 });
      worker.play(() => succeeded());
      await stage.results(engine, ids);
      const order = worker.jobs.map(({ metadata }) => metadata["key"]!);
      for (let turn = 0; turn < 6; turn++) {
        assert.deepEqual(order.slice(turn * 3, turn * 3 + 3).toSorted(), ["k", "l", "m"], order.join(""));
      }
    },
  },
];
