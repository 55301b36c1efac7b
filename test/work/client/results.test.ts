import assert from "node:assert/strict";
import test from "node:test";
import { createApp } from "livespan";
import { createWorker, NonRetryableError, RunError, task, workflow } from "livespan/work";
import type { Runnable } from "livespan/work";
import { manualClock, testApp } from "livespan/testing";
import { z } from "zod";

function serving(...workflows: Runnable<never, unknown>[]) {
  return testApp(createApp({ workers: [createWorker("worker", { workflows })] }));
}

test("R01 R02: every way of calling gives the same result", async () => {
  const hello = task("hello", { input: z.object({ name: z.string() }) }, ({ name }) => ({ result: `Hello, ${name}!` }));
  const t = await serving(hello);
  const input = { name: "world" };
  const expected = { result: "Hello, world!" };
  assert.deepEqual(await t.work.run(hello, input), expected);
  assert.deepEqual(await (await t.work.enqueue(hello, input)).result(), expected);
  assert.deepEqual(await t.work.runMany(hello, [input, { name: "you" }]), [expected, { result: "Hello, you!" }]);
  const handles = await t.work.enqueueMany(hello, [input, input]);
  assert.deepEqual(await Promise.all(handles.map((handle) => handle.result())), [expected, expected]);
  assert.deepEqual(await t.work.handle(handles[0]!.id, hello).result(), expected);
  assert.deepEqual(await t.work.handle(handles[0]!.id).result(), expected);
  assert.deepEqual(await (await t.work.schedule(hello, 0, input)).result(), expected);
  await t[Symbol.asyncDispose]();
});

test("falsy outputs, and none at all, come back as they were", async () => {
  const given = task("given", (input: unknown) => (input === "none" ? undefined : input));
  const t = await serving(given);
  for (const value of [0, false, "", null, [], {}]) assert.deepEqual(await t.work.run(given, value), value);
  assert.equal(await t.work.run(given, "none"), undefined);
  assert.equal(await t.work.run(given), undefined);
  await t[Symbol.asyncDispose]();
});

test("R03: a schema reads what is kept, on both sides", async () => {
  const money = z.string().transform((text) => ({ cents: Number(text) * 100 }));
  const double = task("double", { input: money, output: z.object({ cents: z.number() }) }, ({ cents }) => ({
    cents: cents * 2,
  }));
  const t = await serving(double);
  const handle = await t.work.enqueue(double, "1.5");
  assert.deepEqual(await handle.result(), { cents: 300 });
  assert.equal((await handle.info()).input, "1.5");
  await t[Symbol.asyncDispose]();
});

test("R04 R05: what failed of many is one error with one for each, which has what the task threw as its cause", async () => {
  const even = task("even", (input: unknown) => {
    if (Number(input) % 2 === 0) throw new NonRetryableError(`index ${String(input)}`, { cause: new Error("deeper") });
    return input;
  });
  const t = await serving(even);
  await assert.rejects(t.work.runMany(even, [0, 1, 2, 3]), (error) => {
    assert(error instanceof AggregateError);
    assert.match(error.message, /2 of 4 runs of "even".*index 0/);
    const [first, second] = error.errors as RunError[];
    assert(first instanceof RunError && second instanceof RunError);
    assert.equal(error.errors.length, 2);
    assert.deepEqual([first.code, first.task], ["RUN_FAILED", "even"]);
    const { cause } = second;
    assert(cause instanceof Error);
    assert.deepEqual([cause.name, cause.message], ["NonRetryableError", "index 2"]);
    assert.match(cause.stack ?? "", /results\.test/);
    assert.match(String(cause.cause), /deeper/);
    return true;
  });
  const kept = await Promise.allSettled((await t.work.enqueueMany(even, [4, 5])).map((handle) => handle.result()));
  assert.deepEqual(
    kept.map(({ status }) => status),
    ["rejected", "fulfilled"],
  );
  await t[Symbol.asyncDispose]();
});

test("an error's code comes back", async () => {
  const missing = task("missing", () => {
    throw Object.assign(new Error("no such file"), { code: "ENOENT" });
  });
  const t = await serving(missing);
  await assert.rejects(t.work.run(missing), (error: RunError) => (error.cause as { code?: string }).code === "ENOENT");
  await t[Symbol.asyncDispose]();
});

test("R06 R07 R15: a body's runs are its children, each of its own, and carry its metadata", async () => {
  const child = task("child", (input: unknown, { metadata }) => ({ input, by: metadata["by"], own: metadata["own"] }));
  const parent = task("parent", async (_: unknown, ctx) => {
    const [awaited, , many] = await Promise.all([
      ctx.run(child, 1, { metadata: { own: "yes" } }),
      ctx.enqueue(child, 1),
      ctx.runMany(child, [1, 2, 3]),
    ]);
    const inScope = await child.run(4);
    return { id: ctx.runId, awaited, many: many.length, inScope };
  });
  const t = await serving(parent, child);
  const made = await t.work.run(parent, undefined, { metadata: { by: "ada" } });
  assert.deepEqual(made.awaited, { input: 1, by: "ada", own: "yes" });
  assert.deepEqual([made.many, made.inScope], [3, { input: 4, by: "ada" }]);
  await t.work.idle();
  const children = await t.work.list({ tasks: ["child"] });
  assert.equal(new Set(children.map(({ id }) => id)).size, 6);
  assert(children.every(({ parentRunId, metadata }) => parentRunId === made.id && metadata["by"] === "ada"));
  await t[Symbol.asyncDispose]();
});

test("R08: what failed is replayed by filter", async () => {
  let broken = true;
  const flaky = task("flaky", (input: unknown) => {
    if (broken) throw new Error("still broken");
    return input;
  });
  const t = await serving(flaky);
  const handles = await t.work.enqueueMany(
    flaky,
    Array.from({ length: 20 }, (_, i) => i),
    { metadata: { batch: "a" } },
  );
  await t.work.enqueue(flaky, "other");
  await t.work.idle();
  broken = false;
  assert.equal(await t.work.replay({ states: ["failed"], metadata: { batch: "a" } }), 20);
  assert.deepEqual(await Promise.all(handles.map((handle) => handle.result())), [...Array(20).keys()]);
  assert((await t.work.list({ metadata: { batch: "a" } })).every(({ attempt }) => attempt === 2));
  assert.equal((await t.work.list({ states: ["failed"] })).length, 1);
  await t[Symbol.asyncDispose]();
});

test("R09: a workflow's run says how each of its steps stands", async () => {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const flow = workflow("flow");
  const first = flow.task("first", () => 1);
  const slow = flow.task("slow", { parents: { first } }, () => {
    begun.resolve();
    return gate.promise;
  });
  const fails = flow.task("fails", { parents: { slow } }, () => {
    throw new Error("no luck");
  });
  flow.task("after", { parents: { fails } }, () => 4);
  const t = await serving(flow);
  const handle = await t.work.enqueue(flow);
  const states = async (): Promise<Record<string, string>> => {
    const steps = await t.work.list({ workflowRunId: handle.id, steps: true });
    return Object.fromEntries(steps.map((step) => [step.task.slice("flow/".length), step.state]));
  };
  await begun.promise;
  assert.deepEqual(await states(), { first: "succeeded", slow: "running", fails: "waiting", after: "waiting" });
  assert.equal(await handle.state(), "running");
  gate.resolve();
  await assert.rejects(
    handle.result(),
    (error: RunError) => error.code === "RUN_FAILED" && /no luck/.test(error.message),
  );
  assert.deepEqual(await states(), { first: "succeeded", slow: "succeeded", fails: "failed", after: "cancelled" });
  assert.equal(await handle.state(), "failed");
  await t[Symbol.asyncDispose]();
});

test("R14: names are what they are, upper case and lower", async () => {
  const upper = task("Greet", () => "upper");
  const lower = task("greet", () => "lower");
  const t = await serving(upper, lower);
  assert.deepEqual([await t.work.run(upper), await t.work.run(lower)], ["upper", "lower"]);
  await t[Symbol.asyncDispose]();
});

test("a cancelled run rejects with the reason, and an unknown one says so", async () => {
  const never = task(
    "never",
    (_: unknown, { signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  const t = await serving(never);
  const handle = await t.work.enqueue(never);
  assert.equal(await t.work.cancel(handle.id, "not needed"), 1);
  await assert.rejects(handle.result(), (error: RunError) => {
    assert.deepEqual([error.code, error.runId], ["RUN_CANCELLED", handle.id]);
    assert.match(error.message, /not needed/);
    return true;
  });
  assert.equal(await handle.cancel(), false);
  const unknown = t.work.handle("00000000-0000-7000-8000-000000000000", never);
  await assert.rejects(unknown.result(), { code: "RUN_UNKNOWN" });
  await assert.rejects(unknown.info(), { code: "RUN_UNKNOWN" });
  assert.equal(await t.work.get(unknown.id), undefined);
  await t[Symbol.asyncDispose]();
});

test("a run that could not start in time is cancelled, and says that by its cause", async () => {
  const clock = manualClock();
  const urgent = task("urgent", { scheduleTimeout: 1_000 }, () => 1);
  const t = await testApp(createApp({ workflows: [urgent] }), { clock });
  const handle = await t.work.enqueue(urgent);
  await clock.advance(1_100);
  await assert.rejects(handle.result(), (error: RunError) => {
    assert.deepEqual([error.code, (error.cause as { code?: string }).code], ["RUN_CANCELLED", "START_TOO_LATE"]);
    return true;
  });
  await t[Symbol.asyncDispose]();
});

test("whoever waits for a result can give up, and the run goes on", async () => {
  const gate = Promise.withResolvers<string>();
  const slow = task("slow", () => gate.promise);
  const t = await serving(slow);
  const handle = await t.work.enqueue(slow);
  const reason = new Error("no time");
  await assert.rejects(handle.result({ signal: AbortSignal.abort(reason) }), reason);
  gate.resolve("done");
  assert.equal(await handle.result(), "done");
  await t[Symbol.asyncDispose]();
});

test("progress and the stream of a run come as they are said, to their end", async () => {
  const steps = task("steps", async (_: unknown, ctx) => {
    for (const part of [1, 2, 3]) {
      ctx.stream({ part });
      ctx.progress(part);
    }
    ctx.log("info", "not a part of the stream");
  });
  const t = await serving(steps);
  const handle = await t.work.enqueue(steps);
  const chunks: unknown[] = [];
  for await (const chunk of handle.stream()) chunks.push(chunk);
  assert.deepEqual(chunks, [{ part: 1 }, { part: 2 }, { part: 3 }]);
  let last: unknown;
  for await (const value of handle.progress()) last = value;
  assert.equal(last, 3);
  await t[Symbol.asyncDispose]();
});

test("a cron is kept by its name, fires on the clock, and is removed", async () => {
  const clock = manualClock();
  const tick = task("tick", (input: unknown) => input);
  const app = createApp({ workers: [createWorker("worker", { workflows: [tick] })] });
  const t = await testApp(app, { clock });
  const cron = await t.work.cron("every-minute", tick, "* * * * *", { n: 1 });
  assert.deepEqual(
    (await t.work.crons()).map(({ name, task: of }) => [name, of]),
    [["every-minute", "tick"]],
  );
  await clock.advance(61_000);
  await t.work.idle();
  const [ran] = await t.work.list({ tasks: ["tick"] });
  assert.deepEqual(ran?.output, { n: 1 });
  assert.equal(await cron.remove(), true);
  assert.equal(await cron.remove(), false);
  await assert.rejects(t.work.cron("bad", tick, "every day"), { code: "INVALID_RUN_OPTION" });
  await t[Symbol.asyncDispose]();
});

test("an event lets what waits for it go on", async () => {
  const flow = workflow("flow");
  const waiting = flow.task("waiting", { waitFor: { event: "paid" } }, () => "shipped");
  const t = await serving(flow);
  const handle = await t.work.enqueue(waiting);
  assert.equal(await handle.state(), "running");
  assert.equal(await t.work.emit("other"), 0);
  assert.equal(await t.work.emit("paid", { by: "card" }), 1);
  assert.equal(await handle.result(), "shipped");
  await t[Symbol.asyncDispose]();
});
