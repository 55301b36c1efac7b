import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp } from "livespan";
import { createClient, createWorker, memoryEngine, task, workflow } from "livespan/work";
import { testApp } from "livespan/testing";

test("why a run was cancelled is kept as it was given, and said once, whether it ran or not", async () => {
  const begun = Promise.withResolvers<void>();
  const slow = task("slow", async (_: unknown, { sleep }) => {
    begun.resolve();
    await sleep(20_000);
  });
  const quits = task("quits", (_: unknown, { cancel }): void => cancel("no need"));
  await using t = await testApp(createApp({ workers: [createWorker("worker", { workflows: [slow, quits] })] }));
  const running = await t.work.enqueue(slow);
  const later = await t.work.enqueue(slow, undefined, { delay: 3_600_000 });
  await begun.promise;
  for (const run of [running, later]) {
    await run.cancel("nobody wants it");
    await assert.rejects(run.result(), (error: Error) => {
      assert.ok(error.message.startsWith(`run ${run.id} of "slow" was cancelled: nobody wants it. `), error.message);
      return true;
    });
    assert.equal((await run.info()).reason, "nobody wants it");
  }
  await assert.rejects(t.work.run(quits), { message: /of "quits" was cancelled: no need\. / });
  const unsaid = await t.work.enqueue(slow, undefined, { delay: 3_600_000 });
  await unsaid.cancel();
  await assert.rejects(unsaid.result(), { message: /was cancelled: by hand\. / });
});

test("a step says by which parent it was cancelled, and how that ended", async () => {
  const flow = workflow("flow");
  const quits = flow.task("quits", (_, { cancel }): void => cancel("no need"));
  const fails = flow.task("fails", () => {
    throw new Error("no");
  });
  flow.task("a", { parents: { quits } }, () => 1);
  flow.task("b", { parents: { fails } }, () => 1);
  await using t = await testApp(createApp({ workers: [createWorker("worker", { workflows: [flow] })] }));
  await assert.rejects(t.work.run(flow), { code: "RUN_FAILED" });
  const steps = await t.work.list({ tasks: ["flow/a", "flow/b"], steps: true });
  assert.deepEqual(steps.map(({ reason }) => String(reason)).toSorted(), [
    'its parent "flow/fails" failed',
    'its parent "flow/quits" was cancelled',
  ]);
});

test("the memory engine refuses a transaction, since none reaches it", async () => {
  await using client = createClient({ engine: memoryEngine() });
  const transaction = { query: async () => ({ rows: [] }) };
  await assert.rejects(
    client.enqueue(
      task("plain", () => 1),
      1,
      { transaction },
    ),
    {
      code: "ENGINE_UNSUPPORTED",
      message: /memory cannot enqueue inside a transaction/,
    },
  );
  assert.deepEqual(await client.list(), []);
});
