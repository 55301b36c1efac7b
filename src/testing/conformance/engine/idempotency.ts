import assert from "node:assert/strict";
import type { RunRequest } from "../../../work/engine.ts";
import { ask, cancelled, failed, runOf, succeeded, times } from "./requests.ts";
import type { Case } from "./stage.ts";

type Holds = NonNullable<RunRequest["idempotency"]>["holds"];

/** Asking once, however often it is asked. */
export const idempotencyCases: readonly Case[] = [
  {
    name: "gives the first run to whoever asks with its key, also when it has settled",
    async run(stage) {
      const engine = await stage.open();
      const [first] = await engine.enqueue([unique("k", "kept")]);
      assert.equal(first!.existing, false);
      assert.deepEqual(await engine.enqueue([unique("k", "kept")]), [{ id: first!.id, existing: true }]);
      const worker = await stage.worker(engine, { tasks: ["a"] });
      await worker.settle(succeeded(1));
      assert.deepEqual(await engine.enqueue([unique("k", "kept")]), [{ id: first!.id, existing: true }]);
      await stage.quiet();
      assert.equal(worker.jobs.length, 1);
      assert.equal((await engine.list({})).length, 1);
    },
  },
  {
    name: "keeps keys and tasks apart",
    async run(stage) {
      const engine = await stage.open();
      const ids = await ask(
        engine,
        unique("k", "kept"),
        unique("l", "kept"),
        { ...unique("k", "kept"), task: "b" },
        runOf("a"),
      );
      assert.equal(new Set(ids).size, 4);
    },
  },
  {
    name: "asks once within one batch",
    async run(stage) {
      const engine = await stage.open();
      const asked = await engine.enqueue(times(3, () => unique("k", "kept")));
      assert.equal(new Set(asked.map(({ id }) => id)).size, 1);
      assert.deepEqual(
        asked.map(({ existing }) => existing),
        [false, true, true],
      );
      assert.equal((await engine.list({})).length, 1);
    },
  },
  {
    name: "asks once when many processes ask at once",
    shared: true,
    async run(stage) {
      const engines = [await stage.open(), await stage.open(), await stage.open()];
      const asking = engines.flatMap((engine) => times(10, () => engine.enqueue([unique("k", "kept")])));
      const asked = (await stage.wait(Promise.all(asking))).flat();
      assert.equal(new Set(asked.map(({ id }) => id)).size, 1);
      assert.equal(asked.filter(({ existing }) => !existing).length, 1);
    },
  },
  {
    name: "holds a key that is held while active through all attempts, and frees it however the run ends",
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const seen = new Set<string>();
      for (const outcome of [succeeded(), failed("no"), cancelled()]) {
        const [id] = await ask(engine, unique("k", "active"));
        assert.ok(!seen.has(id!));
        seen.add(id!);
        await worker.settle(failed("no", 50));
        assert.deepEqual(await engine.enqueue([unique("k", "active")]), [{ id, existing: true }]);
        const job = await worker.next();
        assert.deepEqual(await engine.enqueue([unique("k", "active")]), [{ id, existing: true }]);
        await stage.wait(job.settle(outcome));
      }
      assert.equal((await ask(engine, unique("k", "active"))).length, 1);
      assert.equal((await engine.list({})).length, 4);
    },
  },
  {
    name: "frees a key that is held while active when its run is cancelled before it begins",
    async run(stage) {
      const engine = await stage.open();
      const [first] = await ask(engine, unique("k", "active"));
      await engine.cancel({ ids: [first!] }, "no");
      const [second] = await engine.enqueue([unique("k", "active")]);
      assert.equal(second!.existing, false);
    },
  },
  {
    name: "holds a key for as long as it is told, counted from the run that has it",
    async run(stage) {
      const engine = await stage.open();
      const [first] = await ask(engine, unique("k", 1_000));
      const asked = stage.now;
      assert.equal((await ask(engine, unique("k", 1_000)))[0], first);
      const worker = await stage.worker(engine, { tasks: ["a"] });
      await worker.settle(succeeded());
      await stage.elapse(300);
      const [same] = await ask(engine, unique("k", 1_000));
      assert.ok(same === first || stage.now - asked >= 1_000);
      await stage.elapse(1_000);
      const [second] = await engine.enqueue([unique("k", 1_000)]);
      assert.equal(second!.existing, false);
    },
  },
];

function unique(key: string, holds: Holds): RunRequest {
  return runOf("a", { idempotency: { key, holds } });
}
