import assert from "node:assert/strict";
import { test } from "node:test";
import { messagesOf, stage, traced } from "./stage.ts";
import { boom, entry, fail } from "./task-stage.ts";

test("70: a context manager is up at its yield, which the start waits for, and is closed at stop", async () => {
  const trace: string[] = [];
  const db = traced(trace, "db");
  const manager = async function* ({ sleep }: { sleep: (ms: number) => Promise<void> }) {
    await sleep(50);
    trace.push("manager up");
    yield;
    trace.push("manager down");
  };
  const staged = stage({}, { tasks: [entry(manager, {}, { db })] });
  await staged.clock.until(staged.generation.start());
  assert.deepEqual([staged.clock.now(), trace], [50, ["db+", "manager up"]]);
  await staged.generation.stop();
  assert.deepEqual(trace.slice(2), ["manager down", "db-"]);
});

test("70: a context manager that fails before its yield fails the start, and what had started is stopped", async () => {
  const trace: string[] = [];
  const manager = async function* () {
    fail();
    yield;
  };
  const staged = stage({}, { tasks: [entry(manager, {}, { db: traced(trace, "db") })] });
  await assert.rejects(staged.generation.start(), {
    code: "START_FAILED",
    message: /task "task" failed while starting: boom/,
    cause: boom,
  });
  assert.deepEqual([trace, staged.generation.state], [["db+", "db-"], "failed"]);
});

test("9: a context manager that never yields is within the start's limits, and named", async () => {
  const manager = async function* () {
    await new Promise(() => {});
    yield;
  };
  const each = stage({}, { tasks: [entry(manager)], budgets: { startEach: 200 } });
  const error = await each.clock.until(each.generation.start()).catch((thrown: unknown) => thrown);
  assert.match(messagesOf(error).join(), /task "task" did not start within 200 ms.*task "task" did not end/);
  const whole = stage({}, { tasks: [entry(manager)], budgets: { start: 200 } });
  const late = await whole.clock.until(whole.generation.start()).catch((thrown: unknown) => thrown);
  assert.match(messagesOf(late).join(), /still starting: "task"/);
});
