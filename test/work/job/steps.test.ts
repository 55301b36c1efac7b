import assert from "node:assert/strict";
import { test } from "node:test";
import { runOf, stage } from "./stage.ts";
import type { Settled } from "../../../src/work/run.ts";
import { workflow } from "../../../src/work/workflow.ts";
import { z } from "zod";

/** Gives the worker one step's job, with how its parents have ended. */
async function ended(
  name: string,
  steps: Parameters<typeof stage>[0],
  parents: Readonly<Record<string, Settled>>,
): Promise<Settled> {
  const { worker, engine } = stage(steps);
  const common = { priority: 0, cost: 1, concurrency: undefined, rate: undefined, scheduleTimeout: undefined };
  const none = { steps: undefined, dueAt: undefined, delay: undefined, idempotency: undefined, parentRunId: undefined };
  await engine.enqueue([{ ...common, ...none, id: name, task: name, input: '{"n":"7"}', metadata: {}, awaited: true }]);
  runOf(engine, name).parents = parents;
  await worker.open();
  return engine.result(name);
}

const input = z.object({ n: z.string().transform(Number) });

test("a step has its workflow's schema, and its parents' outputs by key; a skipped one gives undefined", async () => {
  const flow = workflow("flow", { input });
  const first = flow.task("first", ({ n }) => ({ sum: n }));
  const second = flow.task("second", () => "unused");
  flow.task("last", { parents: { one: first, two: second } }, ({ n }, ctx) => {
    assert.equal(ctx.parents.two, undefined);
    return [n, ctx.parents.one.sum];
  });
  const settled = await ended("flow/last", [flow], {
    "flow/first": { state: "succeeded", output: '{"sum":3}' },
    "flow/second": { state: "skipped", reason: "its skipIf" },
  });
  assert.deepEqual(settled, { state: "succeeded", kind: "succeeded", output: settled.output });
  assert.deepEqual(JSON.parse(settled.output!), [7, 3]);
});

test("skipIf and cancelIf look at the input and the parents, and the body does not run", async () => {
  const flow = workflow("flow", { input });
  const first = flow.task("first", ({ n }) => n);
  const body = (): never => assert.fail("the body ran");
  const parents = { first };
  flow.task("skips", { parents, skipIf: (ctx) => ctx.parents.first > 2 }, body);
  flow.task("cancels", { parents, skipIf: () => true, cancelIf: async (ctx) => ctx.input.n === 7 }, body);
  flow.task("breaks", { parents, skipIf: () => Promise.reject(new Error("no condition")) }, body);
  const found = { "flow/first": { state: "succeeded", output: "3" } } as const;
  assert.equal((await ended("flow/skips", [flow], found)).reason, 'the skipIf of "flow/skips"');
  assert.equal((await ended("flow/cancels", [flow], found)).state, "cancelled");
  assert.match((await ended("flow/breaks", [flow], found)).error!.message, /no condition/);
});

test("F06: onFailure sees what failed, by name, and the outputs of the rest", async () => {
  const flow = workflow("flow", { input });
  flow.task("good", () => 1);
  flow.task("bad", () => 2);
  flow.onFailure((_, { errors, parents }) => [errors, parents]);
  const settled = await ended("flow/on-failure", [flow], {
    "flow/good": { state: "succeeded", output: "1" },
    "flow/bad": { state: "failed", error: { name: "RangeError", message: "broke" } },
  });
  assert.deepEqual(JSON.parse(settled.output!), [
    { "flow/bad": { name: "RangeError", message: "broke" } },
    { good: 1 },
  ]);
});
