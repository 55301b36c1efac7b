import assert from "node:assert/strict";
import { test } from "node:test";
import { lifespan } from "livespan";
import { task, workflow, type Runnable } from "livespan/work";
import { z } from "zod";
import type { TaskDeclaration } from "../../src/work/task.ts";

const one = () => 1;
// What an engine reads of a declaration is no part of its public type.
const read = (declared: Runnable<never, unknown>): TaskDeclaration => declared as unknown as TaskDeclaration;
type Parents = Readonly<Record<string, Runnable<never, unknown>>>;

test("a step is kept under its workflow's name, with what the workflow shares under its own options", () => {
  const [db, cache] = ["db", "cache"].map((name) =>
    lifespan(name, function* () {
      yield;
    }),
  );
  const input = z.object({ n: z.number() });
  const flow = workflow("flow", {
    needs: { db: db! },
    input,
    priority: 3,
    defaults: { retries: 2, timeout: 5, slots: 2 },
  });
  const step = read(flow.task("step", { needs: { cache: cache! }, uses: { db: 1, cache: 2 }, retries: 0 }, one));
  assert.equal(step.name, "flow/step");
  assert.deepEqual(step.needs, { db, cache });
  assert.deepEqual(
    [...step.uses],
    [
      ["db", 1],
      ["cache", 2],
    ],
  );
  const { retries, timeout, slots, priority } = step.options;
  assert.deepEqual({ retries, timeout, slots, priority }, { retries: 0, timeout: 5, slots: 2, priority: 3 });
  assert.equal(step.options.input, input);
  const own = z.object({ m: z.string() });
  assert.equal(read(flow.task("own", { input: own }, one)).options.input, own);
  const undefinedHidesNothing = { timeout: undefined } as unknown as {};
  assert.equal(read(flow.task("undefined", undefinedHidesNothing, one)).options.timeout, 5);
});

test("two tasks of one name are refused, those that run at the end included", () => {
  const flow = workflow("flow");
  flow.task("a", one);
  assert.throws(() => flow.task("a", one), { code: "DUPLICATE_TASK_NAME", message: /"flow" has two tasks named "a"/ });
  flow.onFailure(one);
  assert.throws(() => flow.onFailure(one), { code: "DUPLICATE_TASK_NAME", message: /"on-failure"/ });
  flow.task("on-success", one);
  assert.throws(() => flow.onSuccess(one), { code: "DUPLICATE_TASK_NAME", message: /"on-success"/ });
});

test("a parent is a task of the same workflow, declared before", () => {
  const flow = workflow("flow");
  const last = flow.onFailure(one);
  const declare = (parents: unknown) => flow.task("child", { parents: parents as Parents }, one);
  const bad: readonly [parents: unknown, says: RegExp][] = [
    [
      { a: workflow("other").task("a", one) },
      /"flow\/child": parents\.a is "other\/a", expected a task of the workflow/,
    ],
    [{ a: task("alone", one) }, /parents\.a is the task "alone", which is of no workflow/],
    [{ a: workflow("other") }, /parents\.a is the workflow "other"/],
    [{ a: flow }, /parents\.a is the workflow "flow"/],
    [{ a: last }, /parents\.a is "flow\/on-failure", which runs at the end/],
    [{ a: "flow/a" }, /parents\.a is "flow\/a"/],
    [{ a: undefined }, /parents\.a is undefined/],
  ];
  for (const [parents, message] of bad) assert.throws(() => declare(parents), { code: "UNKNOWN_PARENT", message });
  for (const parents of [[last], null, "a"]) {
    const message = /parents: expected a record of tasks by the key for ctx\.parents/;
    assert.throws(() => declare(parents), { code: "INVALID_TASK", message });
  }
  assert.equal(declare({}).name, "flow/child");
});

test("a circle cannot be written: parents are fixed when a task is declared, and only earlier ones can be", () => {
  const flow = workflow("flow");
  const parents: Record<string, Runnable<never, unknown>> = {};
  const a = flow.task("a", { parents }, one);
  const b = flow.task("b", { parents: { a } }, one);
  parents["b"] = b;
  assert.deepEqual(read(a).parents, {});
  assert.deepEqual(Object.values(read(b).parents), [a]);
  // A task that names itself would have to be there before it is.
  let self: Runnable<never, unknown> | undefined;
  const its = { parents: { self } as unknown as Parents };
  assert.throws(() => (self = flow.task("self", its, one)), { code: "UNKNOWN_PARENT", message: /parents\.self/ });
});

test("what cannot be a workflow, or a step, is refused where it is declared", () => {
  const flow = workflow("flow");
  const declare = workflow as (name: unknown, options?: unknown) => unknown;
  const step = (options: object) => flow.task("step", options, one);
  const bad: readonly [declare: () => unknown, code: string, says: RegExp][] = [
    [() => declare(""), "INVALID_DECLARATION", /a workflow needs a name/],
    [() => declare("a/b"), "INVALID_TASK", /the workflow "a\/b" has a "\/" in its name/],
    [() => declare("w", { need: {} }), "UNKNOWN_OPTION", /workflow "w" has no option "need"\. Did you mean "needs"\?/],
    [() => declare("w", { retries: 1 }), "UNKNOWN_OPTION", /workflow "w" has no option "retries"/],
    [() => declare("w", { needs: { a: 1 } }), "UNKNOWN_LIFESPAN", /workflow "w" needs "a"/],
    [() => declare("w", { cron: "x" }), "INVALID_TASK", /workflow "w": cron: "x" is not a cron expression/],
    [() => declare("w", { defaults: { retry: 1 } }), "UNKNOWN_OPTION", /workflow "w": defaults has no option "retry"/],
    [() => declare("w", { defaults: { slots: 0 } }), "INVALID_TASK", /workflow "w": defaults: slots: expected/],
    [() => flow.task("a/b", one), "INVALID_TASK", /the task "a\/b" has a "\/"/],
    [() => flow.task("g", function* () {}), "INVALID_TASK", /task "flow\/g" is a generator/],
    [() => flow.onFailure(undefined as never), "INVALID_TASK", /task "flow\/on-failure" has no body/],
    [() => step({ parent: {} }), "UNKNOWN_OPTION", /no option "parent"\. Did you mean "parents"\?/],
    [() => step({ skipIf: true }), "INVALID_TASK", /skipIf: expected a function, got true/],
    [() => step({ cancelIf: {} }), "INVALID_TASK", /cancelIf: expected a function, got object/],
    [() => step({ waitFor: {} }), "INVALID_TASK", /waitFor: expected one of event, sleep, any and all/],
    [() => step({ waitFor: { event: "a", sleep: 1 } }), "INVALID_TASK", /waitFor: expected one of/],
    [() => step({ waitFor: { event: "" } }), "INVALID_DECLARATION", /event \(task "flow\/step": waitFor\.event\)/],
    [() => step({ waitFor: { sleep: -1 } }), "INVALID_TASK", /waitFor\.sleep: expected milliseconds, 0 or more/],
    [() => step({ waitFor: { any: [] } }), "INVALID_TASK", /waitFor\.any: expected a list of events and sleeps/],
    [() => step({ waitFor: { all: [{ sleep: "1" }] } }), "INVALID_TASK", /waitFor\.all\[0\]\.sleep: expected/],
    [() => step({ waitFor: { all: [{ all: [] }] } }), "UNKNOWN_OPTION", /waitFor\.all\[0\] has no option "all"/],
  ];
  for (const [declaring, code, message] of bad) assert.throws(declaring, { code, message });
  const waits = [{ event: "a" }, { sleep: 0 }, { any: [{ event: "a" }, { sleep: 5 }] }, { all: [{ event: "b" }] }];
  for (const [at, waitFor] of waits.entries()) assert.equal(flow.task(`w${at}`, { waitFor }, one).name, `flow/w${at}`);
});
