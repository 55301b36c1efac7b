import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { lifespan } from "livespan";
import { manualClock, mockRun } from "livespan/testing";
import { NonRetryableError, task, workflow } from "livespan/work";

const db = lifespan("db", async function* () {
  yield { rows: ["real"] };
});
const fake = { rows: ["a", "b"] };

/** What a body sees, as it is given to each of the nine. */
const given = { input: { k: "v" }, metadata: { tenant: "t" }, attempt: 3, lifespan: { db: fake } };
const expected = { k: "v", tenant: "t", attempt: 3, rows: ["a", "b"] };

const input = z.object({ k: z.string() });
const flow = workflow("flow", { needs: { db }, input });

interface Seen {
  readonly lifespan: { readonly db: { readonly rows: string[] } };
  readonly metadata: Readonly<Record<string, string>>;
  readonly attempt: number;
}
const saw = ({ k }: { k: string }, { lifespan: values, metadata, attempt }: Seen) => ({
  k,
  tenant: metadata["tenant"],
  attempt,
  rows: values.db.rows,
});

const variants = {
  "a sync task": task("sync", { needs: { db }, input }, (value, ctx) => saw(value, ctx)),
  "an async task": task("async", { needs: { db }, input }, async (value, ctx) => saw(value, ctx)),
  "a sync step of a workflow": flow.task("sync", (value, ctx) => saw(value, ctx)),
  "an async step of a workflow": flow.task("async", async (value, ctx) => saw(value, ctx)),
  "a task that remembers steps": task("steps", { needs: { db }, input }, (value, ctx) =>
    ctx.step("a", () => saw(value, ctx)),
  ),
  "a task that sleeps long": task("sleeps", { needs: { db }, input }, async (value, ctx) => {
    await ctx.sleep(86_400_000);
    return saw(value, ctx);
  }),
  "a step at the end of a workflow": flow.onFailure((value, ctx) => saw(value, ctx)),
};
for (const [name, declared] of Object.entries(variants)) {
  test(`L04: ${name} is given what a worker would give it`, async () => {
    assert.deepEqual(await mockRun(declared, given), expected);
  });
}

test("L04: a step of a DAG is given its parents' outputs, and one that is left out was skipped", async () => {
  const first = flow.task("first", () => ({ sum: 1 }));
  const second = flow.task("second", () => 2);
  const last = flow.task("last", { parents: { first, second } }, (_, { parents }) => [
    parents.first.sum,
    parents.second ?? "none",
  ]);
  assert.deepEqual(await mockRun(last, { ...given, parents: { first: { sum: 40 } } }), [40, "none"]);
});

test("L04: an event brings what the test says, and children give what the test answers", async () => {
  const child = task("child", { input: z.number() }, () => "real");
  const parent = task("parent", async (_: unknown, ctx) => {
    const paid = await ctx.event("paid");
    return [paid, await ctx.run(child, 1), ...(await ctx.runMany(child, [2, 3])), await child.run(4)];
  });
  const asked: unknown[] = [];
  const runs = (name: string, value: unknown): unknown => {
    asked.push([name, value]);
    return `mocked ${String(value)}`;
  };
  const output = await mockRun(parent, { events: { paid: { by: "card" } }, runs });
  assert.deepEqual(output, [{ by: "card" }, "mocked 1", "mocked 2", "mocked 3", "mocked 4"]);
  assert.deepEqual(asked[0], ["child", 1]);
  await assert.rejects(mockRun(parent, { events: { paid: 1 } }), { code: "NO_CLIENT", message: /runs:/ });
  await assert.rejects(mockRun(parent, { runs }), { code: "MOCK_MISMATCH", message: /event "paid"/ });
});

test("schemas hold: bad input and bad output are refused, and the output is the schema's", async () => {
  const strict = task("strict", { input, output: z.number().transform((n) => n + 1) }, ({ k }) => k.length);
  assert.equal(await mockRun(strict, { input: { k: "four" } }), 5);
  await assert.rejects(mockRun(strict, { input: { k: 4 as never } }), { code: "INVALID_INPUT" });
  const wrong = task("wrong", { output: z.number() }, () => "text" as never);
  await assert.rejects(mockRun(wrong), { code: "INVALID_OUTPUT" });
});

test("it throws the very error that the body threw", async () => {
  const error = new NonRetryableError("this one");
  const fails = task("fails", () => Promise.reject(error));
  await assert.rejects(mockRun(fails), (thrown) => thrown === error);
});

test("it is cancelled by its signal, by itself, by its conditions, and by its timeout", async () => {
  const clock = manualClock();
  const waits = task("waits", { timeout: 1_000 }, (_: unknown, { sleep }) => sleep(5_000));
  const controller = new AbortController();
  const running = mockRun(waits, { signal: controller.signal, clock });
  controller.abort(new Error("by the test"));
  await assert.rejects(running, { code: "RUN_CANCELLED", message: /by the test/ });
  await assert.rejects(clock.until(mockRun(waits, { clock })), { code: "ATTEMPT_TIMEOUT" });
  const quits = task("quits", (_: unknown, ctx): void => ctx.cancel("enough"));
  await assert.rejects(mockRun(quits), { code: "RUN_CANCELLED", message: /enough/ });
  const skips = workflow("w").task("skips", { skipIf: () => true }, () => assert.fail("it ran"));
  assert.equal(await mockRun(skips), undefined);
  assert.equal(clock.pending, 0);
});

test("steps that were remembered are not done again", async () => {
  const memo = task("memo", (_: unknown, { step }) => step("charge", (): string => assert.fail("it was done again")));
  assert.equal(await mockRun(memo, { steps: { charge: "receipt" }, attempt: 2 }), "receipt");
});

test("what the task does not have, or misses, is named", async () => {
  const uses = task("uses", { needs: { db } }, (_, ctx) => ctx.lifespan.db.rows);
  const code = "MOCK_MISMATCH";
  await assert.rejects(mockRun(uses, { lifespan: { bd: fake } }), { code, message: /lifespan\.bd.*Did you mean "db"/ });
  await assert.rejects(mockRun(uses, { parents: { first: 1 } }), { code, message: /parents\.first.*It has: none/ });
  await assert.rejects(mockRun(uses), { code, message: /looked at lifespan\.db/ });
  await assert.rejects(mockRun(workflow("empty")), { code, message: /is a workflow/ });
  await assert.rejects(mockRun(uses, { inputs: 1 } as never), { code: "UNKNOWN_OPTION", message: /"input"/ });
});
