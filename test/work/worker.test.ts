import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lifespan } from "livespan";
import { createWorker, task, workflow, type WorkerOptions } from "livespan/work";

const one = () => 1;
const db = lifespan("db", function* () {
  yield;
});
const declare = (options: unknown, name: unknown = "w") => createWorker(name as string, options as WorkerOptions);

function flowOf(name: string, ...tasks: string[]) {
  const flow = workflow(name, { needs: { db } });
  return { flow, tasks: tasks.map((each) => flow.task(each, one)) };
}

test("a worker has 100 slots, all tasks of its workflows, and what they need", () => {
  const { flow, tasks } = flowOf("flow", "a", "b");
  const alone = task("alone", one);
  const end = flow.onFailure(one);
  const worker = declare({ workflows: [flow, alone, tasks[0]] });
  assert.deepEqual([worker.name, worker.slots, worker.capacity.size], ["w", 100, 0]);
  assert.deepEqual(worker.workflows, [flow]);
  assert.deepEqual(worker.tasks, [...tasks, end, alone]);
  assert.deepEqual(worker.roots.at(-1), { owner: 'task "alone"', needs: {} });
  assert.deepEqual(worker.roots[0], { owner: 'task "flow/a"', needs: { db } });
});

test("a workflow's task can have a worker to itself, and the others another", () => {
  const { tasks } = flowOf("flow", "light", "heavy");
  const worker = declare({ workflows: [tasks[1]] });
  assert.deepEqual([worker.workflows, worker.tasks], [[], [tasks[1]]]);
});

test("one name is one declaration, of a workflow or a task; the same one twice is one", () => {
  const { flow } = flowOf("same", "a");
  assert.equal(declare({ workflows: [flow, flow] }).tasks.length, 1);
  for (const other of [task("same", one), flowOf("same", "b").flow]) {
    assert.throws(() => declare({ workflows: [flow, other] }), {
      code: "DUPLICATE_TASK_NAME",
      message: /worker "w" has two different tasks named "same"/,
    });
  }
});

test("a task that is declared after the worker that would have to run it is refused, and one before is not", () => {
  const { flow } = flowOf("flow", "a");
  assert.throws(() => declare({ workflows: [flow], slots: -1 }), { code: "INVALID_TASK" });
  flow.task("still", one);
  declare({ workflows: [flow] });
  const message = /the task "flow\/late" was declared after worker "w", which would not run it/;
  assert.throws(() => flow.task("late", one), { code: "INVALID_TASK", message });
  assert.throws(() => flow.onSuccess(one), { code: "INVALID_TASK" });
});

test("W15, W17: a job that never fits a worker is refused where the worker is declared", () => {
  const heavy = task("heavy", { slots: 5, needs: { db }, uses: { db: 3 } }, one);
  const fits = declare({ workflows: [heavy], slots: 5, capacity: [[db, 3]] });
  assert.deepEqual([...fits.capacity], [["db", 3]]);
  assert.throws(() => declare({ workflows: [heavy], slots: 4 }), {
    code: "INVALID_TASK",
    message: /worker "w" has 4 slots, but one job of "heavy" takes 5/,
  });
  assert.throws(() => declare({ workflows: [heavy], capacity: [[db, 2]] }), {
    code: "INVALID_TASK",
    message: /worker "w" has 2 of "db", but one job of "heavy" uses 3/,
  });
});

describe("what cannot be a worker is refused where it is declared", () => {
  const user = task("user", { needs: { db }, uses: { db: 1 } }, one);
  const list = [user];
  const bad: readonly [options: unknown, code: string, says: RegExp][] = [
    [undefined, "INVALID_DECLARATION", /worker "w": expected an object of options, got undefined/],
    [{ workflow: list }, "UNKNOWN_OPTION", /worker "w" has no option "workflow"\. Did you mean "workflows"\?/],
    [{}, "INVALID_TASK", /workflows: expected a list of workflows and tasks, one at least, got undefined/],
    [{ workflows: [] }, "INVALID_TASK", /workflows: expected a list .* got an empty list/],
    [{ workflows: user }, "INVALID_TASK", /workflows: expected a list .* got object/],
    [{ workflows: [user, "t"] }, "INVALID_TASK", /workflows\[1\]: expected a workflow or a task, got "t"/],
    [{ workflows: [undefined] }, "INVALID_TASK", /workflows\[0\]: expected a workflow or a task, got undefined/],
    [{ workflows: [workflow("empty")] }, "INVALID_TASK", /the workflow "empty" has no tasks/],
    [{ workflows: list, capacity: 5 }, "INVALID_TASK", /capacity: expected a list of \[lifespan, units\], got 5/],
    [{ workflows: list, capacity: [db] }, "INVALID_TASK", /capacity\[0\]: expected \[lifespan, units\], got object/],
    [{ workflows: list, capacity: [["db", 5]] }, "UNKNOWN_LIFESPAN", /capacity\[0\]/],
    [{ workflows: list, capacity: [[db, 0]] }, "INVALID_TASK", /capacity\[0\]: expected a number, more than 0, got 0/],
    [
      {
        workflows: list,
        capacity: [
          [db, 1],
          [db, 2],
        ],
      },
      "INVALID_TASK",
      /capacity\[1\]: the capacity of "db" is given twice/,
    ],
    [{ workflows: [task("t", one)], capacity: [[db, 1]] }, "INVALID_TASK", /a capacity for "db", which none of its/],
    [{ workflows: list, engine: {} }, "INVALID_TASK", /worker "w": engine: expected an engine, got object/],
  ];
  for (const [options, code, message] of bad) {
    test(message.source, () => assert.throws(() => declare(options), { code, message }));
  }
  for (const name of ["slots", "recycleAfter", "payloadLimit"]) {
    for (const value of [0, -1, 1.5, Infinity, "1"]) {
      test(`${name}: ${value}`, () => {
        const message = new RegExp(`worker "w": ${name}: expected a whole number, 1 or more, got`);
        assert.throws(() => declare({ workflows: list, [name]: value }), { code: "INVALID_TASK", message });
      });
    }
  }
  test("a name", () => assert.throws(() => declare({ workflows: list }, ""), { code: "INVALID_DECLARATION" }));
});
