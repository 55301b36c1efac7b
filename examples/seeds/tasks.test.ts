import assert from "node:assert/strict";
import { test } from "node:test";
import { manualClock, testApp } from "livespan/testing";
import { app as managerApp, mlModels } from "./context-manager-task.ts";
import { app } from "./long-running-task.ts";

test("the task polls every five seconds, and ends in the middle of its sleep", async (context) => {
  const lines: unknown[] = [];
  context.mock.method(console, "log", (line: unknown) => void lines.push(line));
  const clock = manualClock();
  const t = await testApp(app, { clock });
  await t.event("task.started");
  await clock.advance(10_000);
  const changes = await (await t.request("/changes")).json();
  assert.deepEqual(
    changes,
    [1, 2, 3].map((sequence) => ({ from: 42, sequence, by: process.env["BAR_PARAM"] ?? "bar" })),
  );
  await t[Symbol.asyncDispose]();
  assert.deepEqual(lines, [`Starting 42 ${process.env["BAR_PARAM"] ?? "bar"} task`, "Task was stopped"]);
  assert.equal(t.events.filter(({ type }) => type === "task.failed").length, 0);
});

test("a context-manager task is set up before the first request and cleaned up after the last", async () => {
  const t = await testApp(managerApp, { listen: true });
  assert.deepEqual(await (await fetch(`${t.url}/predict?x=2`)).json(), { result: 84 });
  assert.equal(mlModels.size, 1);
  await t[Symbol.asyncDispose]();
  assert.equal(mlModels.size, 0);
  assert.ok(t.log.some(({ message }) => message === 'the models of "context-manager-task" are loaded'));
});
