import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp, createRouter, lifespan, lifespanTask } from "livespan";
import { manualClock, testApp } from "livespan/testing";

test("a task has its needs, its arguments, the app and a sleep that ends at stop", async () => {
  const trace: string[] = [];
  const someApi = lifespan("some-api", function* () {
    yield { poll: async () => "news" };
    trace.push("api closed");
  });
  const pushUpdates = lifespanTask(
    "push-updates",
    { needs: { someApi } },
    async ({ lifespan, sleep, app }, { foo, bar }: { foo: number; bar?: string | undefined }) => {
      try {
        for (;;) {
          trace.push(`${app.name} ${foo} ${bar} ${await lifespan.someApi.poll()}`);
          await sleep(5_000);
        }
      } finally {
        trace.push("task stopped");
      }
    },
  );
  const app = createApp({ name: "seed" });
  app.registerLifespanTask(pushUpdates, { foo: 42, bar: "b" });
  const clock = manualClock();
  await using t = await testApp(app, { clock });
  await clock.advance(5_000);
  await t.stop();
  assert.deepEqual(trace, ["seed 42 b news", "seed 42 b news", "task stopped", "api closed"]);
});

test("async functions, sync functions and generators are tasks, and start in the order of registration", async () => {
  const trace: string[] = [];
  const manager = lifespanTask("manager", async function* () {
    trace.push("manager+");
    yield;
    trace.push("manager-");
  });
  const plain = lifespanTask("plain", () => void trace.push("sync"));
  async function named() {
    trace.push("async");
  }
  await using t = await testApp(createApp({ tasks: [plain, named, manager] }));
  assert.deepEqual(trace, ["manager+"], "start waits for a yield, and for no plain body");
  await t.event("task.ended", ({ name }) => name === "named");
  await t.stop();
  assert.deepEqual(trace, ["manager+", "sync", "async", "manager-"]);
});

test("a task may be registered several times with different arguments, and each run has a name", async () => {
  const seen: number[] = [];
  const task = lifespanTask("task", (_ctx, n: number) => void seen.push(n));
  const app = createApp({ tasks: [task.with(1)] });
  app.registerLifespanTask(task, 2);
  await using t = await testApp(app);
  await t.event("task.ended", ({ name }) => name === "task#2");
  assert.deepEqual(seen, [1, 2]);
});

test("a router's tasks run with the app that includes it, once", async () => {
  let runs = 0;
  const router = createRouter({ tasks: [() => void runs++] });
  await using t = await testApp(createApp().include(router).include(router, "/again"));
  await t.event("task.ended");
  await t.stop();
  assert.equal(runs, 1);
});

test("an app starts what its tasks need, once, and shows it to none of its handlers", async () => {
  let starts = 0;
  const hidden = lifespan("hidden", function* () {
    starts++;
    yield "value";
  });
  const task = (name: string) => lifespanTask(name, { needs: { hidden } }, ({ lifespan }) => lifespan.hidden);
  const app = createApp({ tasks: [task("a"), task("b")] }).get("/", ({ lifespan }) => Object.keys(lifespan));
  await using t = await testApp(app);
  assert.deepEqual([await (await t.request("/")).json(), starts], [[], 1]);
});

const mistakes: readonly (readonly [string, () => unknown, object])[] = [
  [
    "no body",
    () => lifespanTask("t", undefined as never),
    { code: "TASK_BODY", message: /lifespan task "t" has no body/ },
  ],
  ["no name", () => lifespanTask("", () => {}), { code: "INVALID_DECLARATION" }],
  [
    "an unknown option",
    () => lifespanTask("t", { restarts: "never" } as {}, () => {}),
    { code: "UNKNOWN_OPTION", message: /Did you mean "restart"/ },
  ],
  [
    "a broken expression",
    () => lifespanTask("t", { every: "61 * * * *" }, () => {}),
    { code: "INVALID_CRON", message: /"61 \* \* \* \*" is not a cron expression/ },
  ],
  [
    "every 0 ms",
    () => lifespanTask("t", { every: 0 }, () => {}),
    { code: "INVALID_CRON", message: /more than 0 ms, got 0/ },
  ],
  [
    "a generator and every",
    () =>
      lifespanTask("t", { every: 5 }, async function* () {
        yield;
      }),
    { code: "TASK_PACE", message: /"t" is a generator/ },
  ],
  [
    "something that is no task",
    () => createApp({ tasks: [42 as never] }),
    { code: "TASK_BODY", message: /got number/ },
  ],
  [
    "an unknown restart",
    () => lifespanTask("t", { restart: "sometimes" as never }, () => {}),
    { code: "INVALID_DECLARATION", message: /restart.*"sometimes".*permanent/ },
  ],
  [
    "an unknown overlap",
    () => lifespanTask("t", { every: 5, overlap: "skipp" as never }, () => {}),
    { code: "INVALID_DECLARATION", message: /overlap.*Did you mean "skip"/ },
  ],
  [
    "an unknown part of its back-off",
    () => lifespanTask("t", { backoff: { bsae: 1 } as {} }, () => {}),
    { code: "UNKNOWN_OPTION", message: /backoff has no option "bsae"\. Did you mean "base"/ },
  ],
  [
    "a back-off that is no number",
    () => lifespanTask("t", { backoff: { base: NaN } }, () => {}),
    { code: "INVALID_DECLARATION", message: /backoff: base: expected a number, 0 or more, got NaN/ },
  ],
  [
    "an unknown jitter of its back-off",
    () => lifespanTask("t", { backoff: { jitter: "half" as never } }, () => {}),
    { code: "INVALID_DECLARATION", message: /backoff: jitter: expected "full" or "none", got "half"/ },
  ],
  [
    "an intensity that is no record",
    () => lifespanTask("t", { intensity: 3 as never }, () => {}),
    { code: "INVALID_DECLARATION", message: /intensity: expected an object of options, got number/ },
  ],
  [
    "a limit that is no time",
    () => lifespanTask("t", { stopTimeout: "2s" as never }, () => {}),
    { code: "INVALID_DECLARATION", message: /stopTimeout.*milliseconds/ },
  ],
];

for (const [what, declare, error] of mistakes) {
  test(`a task with ${what} is refused where it is declared`, () => assert.throws(declare, error));
}

test("two different tasks of one name are refused before anything runs", async () => {
  const app = createApp({
    tasks: [lifespanTask("same", () => assert.fail("ran")), lifespanTask("same", () => assert.fail("ran"))],
  });
  await assert.rejects(testApp(app), { code: "DUPLICATE_TASK", message: /"same"/ });
});

test("an app lists an unknown option of its own by name", () => {
  assert.throws(() => createApp({ lifspan: {} } as {}), { code: "UNKNOWN_OPTION", message: /Did you mean "lifespan"/ });
  assert.throws(() => createRouter({ task: [] } as {}), { code: "UNKNOWN_OPTION", message: /Did you mean "tasks"/ });
  assert.throws(() => createApp({ lifespan: { db: 5 as never } }), {
    code: "UNKNOWN_LIFESPAN",
    message: /app "app" needs "db".*number/,
  });
});
