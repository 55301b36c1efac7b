import assert from "node:assert/strict";
import test from "node:test";
import { createClient, task, workflow } from "livespan/work";
import { Recorder } from "./recorder.ts";
import { z } from "zod";

function recorded() {
  const engine = new Recorder();
  return { engine, client: createClient({ engine }) };
}

test("the input is kept as it was given, and functions of it are given what the schema made of it", async () => {
  const seen: unknown[] = [];
  const mail = task(
    "mail",
    {
      input: z.object({ to: z.string().trim(), copies: z.number().default(1) }),
      concurrency: {
        key: (input) => {
          seen.push(input);
          return input.to;
        },
      },
    },
    (input) => input.copies,
  );
  const { engine, client } = recorded();
  await client.enqueue(mail, { to: " ada " });
  assert.equal(engine.last.input, '{"to":" ada "}');
  assert.deepEqual(seen, [{ to: "ada", copies: 1 }]);
  assert.deepEqual(engine.last.concurrency, { key: "mail/ada", limit: 1, strategy: "queue" });
});

test("an input that is left out is undefined for the schema, and null in what is kept", async () => {
  const optional = task("optional", { input: z.string().optional() }, (input) => input ?? "none");
  const { engine, client } = recorded();
  await client.enqueue(optional);
  assert.equal(JSON.parse(engine.last.input), null);
});

test("what a task declares is how its run is scheduled, and options of the run go over it", async () => {
  const heavy = task(
    "heavy",
    {
      priority: 3,
      slots: 4,
      scheduleTimeout: 9_000,
      concurrency: { limit: 2, group: "gpu", strategy: "round-robin" },
      rateLimit: { limit: 5, per: 1_000 },
      idempotencyKey: () => "once",
      idempotencyHold: "active",
    },
    () => 1,
  );
  const { engine, client } = recorded();
  await client.enqueue(heavy);
  const { id, ...rest } = engine.last;
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual(rest, {
    task: "heavy",
    steps: undefined,
    input: "null ",
    metadata: {},
    dueAt: undefined,
    delay: undefined,
    idempotency: { key: "once", holds: "active" },
    parentRunId: undefined,
    awaited: false,
    priority: 3,
    cost: 4,
    concurrency: { key: "gpu/", limit: 2, strategy: "round-robin" },
    rate: { key: "heavy/", limit: 5, per: 1_000 },
    scheduleTimeout: 9_000,
  });
  const options = { priority: 7, delay: 50, idempotencyKey: "mine", concurrencyKey: "card-1", metadata: { by: "ada" } };
  await client.enqueue(heavy, undefined, options);
  const { priority, delay, idempotency, concurrency, metadata } = engine.last;
  assert.deepEqual(
    { priority, delay, idempotency, key: concurrency?.key, metadata },
    {
      priority: 7,
      delay: 50,
      idempotency: { key: "mine", holds: "active" },
      key: "gpu/card-1",
      metadata: { by: "ada" },
    },
  );
});

test("a run is asked for at a moment, and the engine knows whether somebody waits", async () => {
  const later = task("later", () => 1);
  const { engine, client } = recorded();
  await client.schedule(later, new Date(5_000));
  assert.equal(engine.last.dueAt, 5_000);
  await client.schedule(later, 6_000);
  assert.deepEqual([engine.last.dueAt, engine.last.awaited], [6_000, false]);
  await assert.rejects(client.run(later), /only keeps what is enqueued/);
  assert.equal(engine.last.awaited, true);
});

test("a workflow is asked for with all its steps, one of them with its ancestors only, the first one alone", async () => {
  const report = workflow("report", { concurrency: { limit: 2 }, priority: 1, defaults: { slots: 2 } });
  const fetched = report.task("fetch", () => 1);
  const parsed = report.task("parse", { parents: { fetched }, priority: 5 }, () => 2);
  report.task("draw", { parents: { parsed }, waitFor: { any: [{ event: "paper" }, { sleep: 40 }] } }, () => 3);
  report.onFailure(() => 0);
  const { engine, client } = recorded();

  await client.enqueue(report);
  const { task: name, steps = [], concurrency } = engine.last;
  assert.equal(name, "report");
  assert.deepEqual(concurrency, { key: "report/", limit: 2, strategy: "queue" });
  const told = steps.map((step) => [step.task, step.parents, step.finally, step.priority, step.cost]);
  assert.deepEqual(told, [
    ["report/fetch", [], undefined, 1, 2],
    ["report/parse", ["report/fetch"], undefined, 5, 2],
    ["report/draw", ["report/parse"], undefined, 1, 2],
    ["report/on-failure", [], "failure", 1, 2],
  ]);
  assert.deepEqual(steps[2]?.waitFor, { mode: "any", sleep: 40, events: ["paper"] });
  assert.equal(new Set(steps.map(({ id }) => id)).size, 4);

  await client.enqueue(parsed);
  assert.deepEqual(
    [engine.last.task, engine.last.steps?.map((step) => step.task)],
    ["report/parse", ["report/fetch", "report/parse"]],
  );

  await client.enqueue(fetched);
  assert.deepEqual([engine.last.task, engine.last.steps], ["report/fetch", undefined]);
  // What its workflow limits holds for it as well.
  assert.equal(engine.last.concurrency?.key, "report/");
});

test("runs that are asked for together go out together, in order, and their ids grow", async () => {
  const each = task("each", (input: unknown) => input);
  const { engine, client } = recorded();
  const handles = await client.enqueueMany(
    each,
    Array.from({ length: 5_000 }, (_, i) => i),
  );
  assert.equal(engine.transactions.length, 1);
  assert.deepEqual(
    engine.requests.map(({ input }) => Number(input)),
    [...Array(5_000).keys()],
  );
  const ids = handles.map(({ id }) => id);
  assert.deepEqual(ids, ids.toSorted());
  assert.equal(new Set(ids).size, 5_000);
  assert.deepEqual(await client.enqueueMany(each, []), []);
  assert.equal(engine.transactions.length, 1);
});

test("a transaction reaches the engine, and nobody can wait inside of it", async () => {
  const paid = task("paid", () => 1);
  const { engine, client } = recorded();
  const transaction = { query: async () => ({ rows: [] }) };
  await client.enqueue(paid, undefined, { transaction });
  assert.equal(engine.transactions[0], transaction);
  await assert.rejects(client.run(paid, undefined, { transaction }), { code: "INVALID_RUN_OPTION" });
  await assert.rejects(client.runMany(paid, [1], { transaction }), /begins after it.*enqueue/);
  assert.equal(engine.requests.length, 1);
});
