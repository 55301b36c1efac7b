import assert from "node:assert/strict";
import { test } from "node:test";
import { enqueue, Inbox, never, request, spec, stage, succeeded } from "./stage.ts";
import { Space } from "./space.ts";

test("a worker that dies between a claim and its job's beginning keeps no place of a concurrency key, and no run", async () => {
  const world = stage();
  const space = new Space();
  let isDead = false;
  // It is heard of no more as soon as the ledger has made the claim: the answer is lost with it.
  const dying = space.engine({ lease: 3_000 }, async (name, call) => {
    if (isDead) return new Promise(() => {});
    const answer = await call();
    if (name === "exchange") isDead = true;
    return isDead ? new Promise(() => {}) : answer;
  });
  const living = space.engine({ lease: 3_000 });
  await dying.open(world);
  await living.open(world);
  const concurrency = { key: "k", limit: 2, strategy: "queue" } as const;
  const ids = await enqueue(
    living,
    Array.from({ length: 5 }, () => request("a", { concurrency })),
  );
  await dying.station(spec(() => assert.fail("its answer was lost"))).open(never);
  await world.clock.advance(100);
  assert.deepEqual(await statesOf(living), ["running", "running", "held", "held", "held"]);

  const inbox = new Inbox();
  let open = 0;
  await living
    .station(
      spec((job) => {
        assert.ok(++open <= 2);
        inbox.receive(job);
      }),
    )
    .open(never);
  const order: string[] = [];
  for (let n = 0; n < ids.length; n++) {
    const job = await world.clock.until(inbox.next());
    order.push(job.runId);
    assert.equal(job.attempt, n < 2 ? 2 : 1);
    open--;
    await world.clock.until(job.settle(succeeded));
  }
  assert.deepEqual(order, ids);
  assert.deepEqual(await statesOf(living), Array(5).fill("succeeded"));
  await Promise.all([living.close(), world.clock.until(dying.close())]);
});

async function statesOf(engine: ReturnType<Space["engine"]>): Promise<string[]> {
  return (await engine.list({})).map(({ state }) => state).reverse();
}
