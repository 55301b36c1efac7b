import assert from "node:assert/strict";
import { type Runnable, task, workflow } from "../../../src/work/index.ts";
import { declarationOf } from "../../../src/work/engines/hatchet/declared.ts";
import { sdkOf } from "../../../src/work/engines/hatchet/connection.ts";
import { shapesOf } from "../../../src/work/engines/hatchet/shape.ts";
import type { StationSpec } from "../../../src/work/engine.ts";
import { TaskDeclaration } from "../../../src/work/task.ts";
import { test } from "node:test";
import { WorkflowDeclaration } from "../../../src/work/workflow.ts";

const body = (): number => 1;
const sdk = await sdkOf();

function specOf(...all: readonly unknown[]): StationSpec {
  const workflows = all.filter((each): each is WorkflowDeclaration => each instanceof WorkflowDeclaration);
  const alone = all.filter((each): each is TaskDeclaration => each instanceof TaskDeclaration);
  const tasks = [...alone, ...workflows.flatMap((each) => each.tasks)];
  return { name: "w", slots: 1, tasks, workflows, capacity: new Map(), receive: () => {} };
}

function declared(...all: readonly Runnable<never, unknown>[]) {
  const shapes = shapesOf(specOf(...all), "ns_");
  return shapes.map((shape) => declarationOf(shape, { namespace: "ns_", sdk }));
}

test("a task is a workflow with one step, in lower case and behind the namespace", () => {
  const [mail] = declared(task("Send mail", { retries: 3, timeout: 1_000, slots: 2, scheduleTimeout: 5_000 }, body));
  assert.equal(mail!.name, "ns_send-x20-mail");
  const [step] = mail!.tasks;
  assert.equal(step!.readableId, "send-x20-mail");
  assert.equal(step!.action, "ns_send-x20-mail:send-x20-mail");
  assert.ok(step!.retries >= 3, "as many retries as it has, and some for what is given back");
  assert.equal(step!.timeout, "61000ms", "its worker sees to the timeout, Hatchet to workers that do not");
  assert.equal(step!.scheduleTimeout, "5000ms");
  assert.deepEqual(step!.slotRequests, { default: 2 });
});

test("a workflow is told of with all of its steps, and each step that can run by itself with what it needs", () => {
  const flow = workflow("flow");
  const first = flow.task("first", body);
  flow.task("second", { parents: { first } }, body);
  flow.onFailure(body);
  flow.onSuccess(body);
  const all = declared(flow);
  const [whole, alone, second] = all;
  assert.deepEqual(
    all.map(({ name }) => name),
    ["ns_flow", "ns_flow.first", "ns_flow.second"],
  );
  assert.deepEqual(
    whole!.tasks.map(({ readableId, parents }) => [readableId, parents]),
    [
      ["first", []],
      ["second", ["first"]],
      ["on-success", ["first", "second"]],
    ],
  );
  assert.equal(whole!.onFailureTask?.readableId, "on-failure");
  assert.equal(alone!.tasks.length, 1);
  assert.deepEqual(
    second!.tasks.map(({ action }) => action),
    ["ns_flow.first:first", "ns_flow.second:second"],
  );
});

test("concurrency, rates and idempotency are read from the input, where the client has put their keys", () => {
  const concurrency = { limit: 2, strategy: "cancel-newest" } as const;
  const rateLimit = { limit: 5, per: 60_000 };
  const [mail] = declared(
    task("mail", { concurrency, rateLimit, idempotencyKey: () => "k", idempotencyHold: "active" }, body),
  );
  const [limit] = mail!.concurrencyArr;
  assert.equal(limit!.maxRuns, 2);
  assert.equal(limit!.limitStrategy, sdk.ConcurrencyLimitStrategy.CANCEL_NEWEST);
  assert.match(limit!.expression, /input\.keys\["\*"\]/);
  const [rate] = mail!.tasks[0]!.rateLimits;
  assert.equal(rate!.limitValuesExpr, "5");
  assert.equal(rate!.duration, sdk.RateLimitDuration.MINUTE);
  assert.equal(mail!.idempotency?.method, sdk.IdempotencyMethod.STATUS);
});

test("back-off is Hatchet's, which begins at a second: a shorter one is none", () => {
  const [plain, short, none] = declared(
    task("plain", { retries: 1, backoff: { factor: 3, max: 9_500 } }, body),
    task("short", { retries: 1, backoff: { base: 10 } }, body),
    task("none", body),
  );
  assert.deepEqual([plain!.tasks[0]!.backoffFactor, plain!.tasks[0]!.backoffMaxSeconds], [3, 10]);
  assert.equal(short!.tasks[0]!.backoffFactor, undefined);
  assert.equal(none!.tasks[0]!.backoffFactor, undefined);
});

test("what a step waits for is a condition: any of several in one group, all of them each in its own", () => {
  const flow = workflow("flow");
  flow.task("any", { waitFor: { any: [{ event: "go" }, { sleep: 50 }] } }, body);
  flow.task("all", { waitFor: { all: [{ event: "go" }, { sleep: 50 }] } }, body);
  const [any, all] = declared(flow)[0]!.tasks.map(({ conditions }) => conditions!);
  const groups = ({ sleepConditions, userEventConditions }: NonNullable<typeof any>): number =>
    new Set([...sleepConditions, ...userEventConditions].map(({ base }) => base?.orGroupId)).size;
  assert.equal(any!.userEventConditions[0]!.userEventKey, "ns_go");
  assert.equal(any!.sleepConditions[0]!.sleepFor, "50ms");
  assert.deepEqual([groups(any!), groups(all!)], [1, 2]);
});

test("two names that are one at Hatchet are refused", () => {
  assert.throws(() => declared(task("mail", body), task("Mail", body)), {
    code: "INVALID_TASK",
    message: /"mail" and "Mail" would both be "ns_mail"/,
  });
});

test("what Hatchet has nothing for is refused by name", () => {
  const perOdd = task("odd", { rateLimit: { limit: 1, per: 5_000 } }, body);
  assert.throws(() => declared(perOdd), { code: "ENGINE_UNSUPPORTED", message: /"odd" is per 5000 ms/ });
  const grouped = task("grouped", { concurrency: { group: "g" } }, body);
  assert.throws(() => declared(grouped), { code: "ENGINE_UNSUPPORTED", message: /the group "g"/ });
  const flow = workflow("flow", { rateLimit: { limit: 1, per: 1_000 } });
  const first = flow.task("first", body);
  flow.task("second", { parents: { first } }, body);
  assert.throws(() => declared(flow), { code: "ENGINE_UNSUPPORTED", message: /"flow" has a rate limit/ });
});
