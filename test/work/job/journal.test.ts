import assert from "node:assert/strict";
import { test } from "node:test";
import { runOf, stage } from "./stage.ts";
import { task } from "../../../src/work/task.ts";

const kinds = (run: ReturnType<typeof runOf>) => run.outcomes.map(({ kind }) => kind);
const minute = 60_000;

test("U11: a step is done once, and the first attempt sees of its result what a later one sees", async () => {
  let done = 0;
  const seen: unknown[] = [];
  const memo = task("memo", { retries: 1 }, async (_: unknown, { step, attempt }) => {
    const found = await step("find", (): { at: number; gone?: undefined } => {
      done++;
      return { at: 5, gone: undefined };
    });
    seen.push(found, await step("nothing", () => {}), await step("falsy", async () => 0));
    if (attempt === 1) throw new Error("after the steps");
    return done;
  });
  const { worker, client, clock } = stage([memo]);
  await worker.open();
  assert.equal(await clock.until(client.run(memo)), 1);
  assert.deepEqual(seen, [{ at: 5 }, undefined, 0, { at: 5 }, undefined, 0]);
  assert.equal("gone" in (seen[0] as object), false);
});

test("two steps of one name are refused; one that failed may be done again", async () => {
  const twice = task("twice", async (_: unknown, { step }) => {
    await assert.rejects(
      step("a", () => Promise.reject(new Error("first"))),
      { message: "first" },
    );
    assert.equal(await step("a", () => 1), 1);
    await step("a", () => 2);
  });
  const { worker, client } = stage([twice]);
  await worker.open();
  await assert.rejects(client.run(twice), { code: "RUN_FAILED", message: /two steps named "a"/ });
});

test("a step's result that JSON cannot keep is refused by its name", async () => {
  const lossy = task("lossy", (_: unknown, { step }) => step("odd", () => ({ n: Number.NaN })));
  const { worker, client } = stage([lossy]);
  await worker.open();
  await assert.rejects(client.run(lossy), { message: /the result of step "odd" cannot be kept as JSON: n is NaN/ });
});

test("a short sleep waits in its slot, a long one leaves it and goes on as the same attempt", async () => {
  const order: string[] = [];
  const sleeper = task("sleeper", async (_: unknown, { sleep, step, attempt }) => {
    await step("before", () => void order.push("before"));
    await sleep(1_000);
    order.push(`short ${attempt}`);
    await sleep(10 * minute);
    return attempt;
  });
  const quick = task("quick", () => void order.push("quick"));
  const { worker, engine, client, clock } = stage([sleeper, quick], { slots: 1 });
  await worker.open();
  const handle = await client.enqueue(sleeper);
  await clock.advance(1_000);
  assert.deepEqual(kinds(runOf(engine, handle.id)), ["suspended"]);
  await client.run(quick);
  assert.equal(await clock.until(handle.result()), 1);
  assert.deepEqual(order, ["before", "short 1", "quick", "short 1"]);
  // The short one was slept again; the long one was over when it began anew.
  assert.equal(clock.now(), 1_000 + 10 * minute + 1_000);
});

test("U08: a sleep of another length than before is refused, for good", async () => {
  let ms = 10 * minute;
  const moody = task("moody", { retries: 3 }, (_: unknown, { sleep }) => sleep(ms));
  const { worker, engine, client, clock } = stage([moody]);
  await worker.open();
  const handle = await client.enqueue(moody);
  await clock.advance(0);
  ms = 20 * minute;
  await assert.rejects(clock.until(handle.result()), { message: /waits for 1200000 ms where.*600000 ms before/ });
  assert.deepEqual(kinds(runOf(engine, handle.id)), ["suspended", "failed"]);
});

test("an event brings its data, once and for every later attempt, or nothing when its time is over", async () => {
  const waits = task("waits", { retries: 1 }, async (_: unknown, { event, attempt }) => {
    const paid = await event("paid");
    const shipped = await event("shipped", { timeout: 5 * minute });
    if (attempt === 1) throw new Error("once");
    return { paid, shipped };
  });
  const { worker, engine, client, clock } = stage([waits]);
  await worker.open();
  const handle = await client.enqueue(waits);
  await clock.advance(0);
  assert.deepEqual(runOf(engine, handle.id).waits, { key: "paid", step: "event:0" });
  assert.equal(await client.emit("other"), 0);
  assert.equal(await client.emit("paid", { by: "card" }), 1);
  await clock.advance(0);
  assert.deepEqual(await clock.until(handle.result()), { paid: { by: "card" } });
  assert.deepEqual(kinds(runOf(engine, handle.id)), ["suspended", "suspended", "failed", "succeeded"]);
});

test("what a suspended body does in its finally is done, and what it catches does not keep it going", async () => {
  const order: string[] = [];
  const tidy = task("tidy", async (_: unknown, { event, signal }) => {
    try {
      const data = await event("go");
      order.push(String(data));
    } catch {
      order.push(`caught ${String(signal.aborted)}`);
    } finally {
      order.push("finally");
    }
    return "end";
  });
  const { worker, engine, client, clock } = stage([tidy]);
  await worker.open();
  const handle = await client.enqueue(tidy);
  await clock.advance(0);
  assert.deepEqual(kinds(runOf(engine, handle.id)), ["suspended"]);
  await client.emit("go", "went");
  assert.equal(await handle.result(), "end");
  assert.deepEqual(order, ["caught true", "finally", "went", "finally"]);
});

test("two waits at the same time are refused, with what to do instead", async () => {
  const both = task("both", (_: unknown, { event }) => Promise.all([event("a"), event("b")]));
  const { worker, client } = stage([both]);
  await worker.open();
  await assert.rejects(client.run(both), { message: /waits for the event "b" while it waits for the event "a"/ });
});

test("progress, stream and log are kept with the run, whatever is beside a line of the log", async () => {
  const says = task("says", (_: unknown, { progress, stream, log }) => {
    progress(0.5);
    stream({ part: 1 });
    const circle: { self?: object } = {};
    circle.self = circle;
    log("info", "kept", { error: new Error("inner") });
    log("info", "too", { circle });
    assert.throws(() => stream(() => {}), { code: "INVALID_OUTPUT" });
  });
  const { worker, engine, client, world } = stage([says]);
  await worker.open();
  const handle = await client.enqueue(says);
  await handle.result();
  const run = runOf(engine, handle.id);
  assert.deepEqual(run.progress, ["0.5"]);
  assert.equal(run.chunks[0], 'stream {"part":1}');
  const lines = run.chunks.slice(1).map((chunk) => JSON.parse(chunk.slice("log ".length)) as Record<string, unknown>);
  assert.deepEqual(
    lines.map(({ level, message }) => [level, message]),
    [
      ["info", "kept"],
      ["info", "too"],
    ],
  );
  assert.equal((lines[0]!["fields"] as { error: { message: string } }).error.message, "inner");
  assert.equal(world.lines[0]!.fields["run"], handle.id);
});
