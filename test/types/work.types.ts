// Checked by the compiler alone: what tasks, workflows and their clients infer, and what they refuse.
import { lifespan } from "livespan";
import { task, workflow, type Client, type RunHandle, type RunInput } from "livespan/work";
import type { RunOutput, Task, WorkerOptions } from "livespan/work";
import { z } from "zod";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <_T extends true>(): void => undefined;
type OutputOf<T> = T extends Task<never, infer O> ? O : never;
type InputOf<T> = T extends Task<infer I, unknown> ? I : never;

const db = lifespan("db", async function* () {
  yield { query: async (sql: string) => ({ rows: [{ id: sql }] }) };
});
const models = lifespan("models", async function* () {
  yield { answer: (x: number) => x * 42 };
});
declare const client: Client;

// A task by itself: its input is what its body takes, or what its schema does; its output what the body gives.
const plain = task("plain", async (input: { a: number }, { step }) => step("double", () => input.a * 2));
is<Equal<typeof plain, Task<{ a: number }, number>>>();
const untyped = task("untyped", () => "text");
is<Equal<typeof untyped, Task<unknown, string>>>();
const nothing = task("nothing", async () => {});
is<Equal<OutputOf<typeof nothing>, void>>();
const parsed = task("parsed", { input: z.object({ n: z.string().transform(Number) }) }, (input, ctx) => {
  input.n satisfies number;
  ctx.attempt satisfies number;
  return { doubled: input.n * 2 };
});
is<Equal<InputOf<typeof parsed>, { n: string }>>();
is<Equal<OutputOf<typeof parsed>, { doubled: number }>>();

// A schema of the output says what is kept; what the body gives must be what it takes.
const written = task("written", { output: z.object({ n: z.string().transform(Number) }) }, async () => ({ n: "1" }));
is<Equal<OutputOf<typeof written>, { n: number }>>();
// @ts-expect-error the schema takes a text
task("bad", { output: z.object({ s: z.string() }) }, () => ({ s: 1 }));
// @ts-expect-error the schema's key is missing
task("bad", { output: z.object({ s: z.string() }) }, async () => ({}));

// Any JSON is an output, falsy values, lists and texts by themselves as well. What JSON cannot carry is refused when it is given.
interface Row {
  readonly id: string;
  readonly tags?: readonly string[];
  readonly inner: { readonly rows: Row[] } | null;
}
declare const row: Row;
is<Equal<OutputOf<typeof flag>, false>>();
const flag = task("flag", () => false as const);
const rows = task("rows", async () => [row, undefined].filter((each) => each !== undefined));
is<Equal<OutputOf<typeof rows>, Row[]>>();
task("unknown", () => JSON.parse("1") as unknown);
task("any", () => JSON.parse("1"));

// Options that look at the input are given what the schema makes of it.
task(
  "keyed",
  {
    input: z.object({ n: z.coerce.number() }),
    concurrency: { limit: 2, key: (input) => input.n.toFixed() },
    idempotencyKey: (input) => input.n.toFixed(),
    rateLimit: { limit: 5, per: 1_000, key: (input) => input.n.toFixed() },
    cron: { expression: "0 3 * * *", timezone: "Europe/Berlin", input: { n: 1 } },
  },
  () => 1,
);
// @ts-expect-error no such strategy
task("bad", { concurrency: { strategy: "first-come" } }, () => 1);
// @ts-expect-error no such option
task("bad", { retrys: 1 }, () => 1);
// @ts-expect-error a wait is in milliseconds
task("bad", { timeout: "10s" }, () => 1);
// @ts-expect-error a key is a text
task("bad", { input: z.object({ n: z.number() }), idempotencyKey: (input) => input.n }, () => 1);
// @ts-expect-error a task by itself has no parents
task("bad", { parents: { plain } }, () => 1);
// @ts-expect-error not a lifespan
task("bad", { needs: { db: {} } }, () => 1);

// What is needed is there, by key, and nothing else is; what is used is among it.
task("needy", { needs: { db, models }, uses: { db: 1 } }, async (_input, { lifespan }) => {
  const { rows } = await lifespan.db.query("select");
  return rows.map(({ id }) => id.length + lifespan.models.answer(1));
}) satisfies Task<unknown, number[]>;
task("bad", { needs: { db } }, (_input, { lifespan }) => {
  // @ts-expect-error not among its needs
  return lifespan.models;
});
task("bad", { needs: { db } }, (_input, { lifespan }) => {
  // @ts-expect-error values are read only
  lifespan.db = { query: async () => ({ rows: [] }) };
});
// @ts-expect-error only what is needed can be used
task("bad", { needs: { db }, uses: { models: 1 } }, () => 1);

// A workflow's tasks have its lifespans and their own, and the outputs of their parents.
const flow = workflow("flow", { needs: { db } });
const count = flow.task("count", async (_input, { lifespan }) => {
  const { rows } = await lifespan.db.query("select");
  return { numRows: rows.length, ids: rows.map(({ id }) => id) };
});
const double = flow.task("double", { input: z.object({ n: z.coerce.number() }) }, async (input) => input.n * 2);
const child = flow.task(
  "child",
  {
    needs: { models },
    uses: { db: 1, models: 2 },
    input: z.object({ k: z.string() }),
    parents: { count, double },
    skipIf: ({ input, parents }) => parents.count.numRows === 0 && input.k === "",
    waitFor: { any: [{ event: "go" }, { sleep: 1_000 }] },
  },
  async (input, { parents, lifespan }) => {
    is<Equal<typeof parents, { readonly count: { numRows: number; ids: string[] }; readonly double: number }>>();
    await lifespan.db.query("select");
    return lifespan.models.answer(parents.count.numRows + parents.double + input.k.length);
  },
);
is<Equal<typeof child, Task<{ k: string }, number>>>();
flow.task("late", { parents: { child } }, (_input, { parents }) => {
  // @ts-expect-error only its own parents
  return parents.count;
});
// @ts-expect-error a parent is a task
flow.task("bad", { parents: { count: "count" } }, () => 1);
// @ts-expect-error not a lifespan of this workflow
flow.task("bad", async (_input, { lifespan }) => lifespan.models);
// @ts-expect-error neither the workflow nor the task needs it
flow.task("bad", { uses: { models: 1 } }, () => 1);
flow.onFailure((_input, { errors, lifespan }) => [lifespan.db, errors["flow/count"]?.message]);
flow.onSuccess((_input, { parents }) => {
  is<Equal<(typeof parents)[string], unknown>>();
});

// The workflow's schema is that of its tasks, unless they have one of their own.
const asked = workflow("asked", { input: z.object({ q: z.string() }), defaults: { retries: 2 } });
const length = asked.task("length", (input) => input.q.length);
is<Equal<typeof length, Task<{ q: string }, number>>>();
const own = asked.task("own", { input: z.object({ m: z.number() }) }, (input) => input.m);
is<Equal<typeof own, Task<{ m: number }, number>>>();
// @ts-expect-error the input of the workflow
void asked.run({ q: 1 });
(await asked.run({ q: "1" })) satisfies Readonly<Record<string, unknown>>;
// @ts-expect-error what is of one task alone is no default of all
workflow("bad", { defaults: { cron: "* * * * *" } });

// Runs, by the declaration itself or by a client.
(await child.run({ k: "x" })) satisfies number;
(await count.run()) satisfies { numRows: number; ids: string[] };
(await plain.enqueue({ a: 1 }, { delay: 5, metadata: { by: "test" } })) satisfies RunHandle<number>;
// @ts-expect-error the input is checked
void child.run({ k: 1 });
// @ts-expect-error the input is needed
void child.run();
// @ts-expect-error no such option of a run
void plain.run({ a: 1 }, { dealy: 5 });
// @ts-expect-error metadata are texts
void plain.run({ a: 1 }, { metadata: { n: 1 } });
(await client.run(parsed, { n: "1" })) satisfies { doubled: number };
(await client.enqueue(untyped)) satisfies RunHandle<string>;
(await client.runMany(parsed, [{ n: "1" }, { n: "2" }])) satisfies { doubled: number }[];
(await client.enqueueMany(parsed, [{ n: "1" }])) satisfies RunHandle<{ doubled: number }>[];
(await client.schedule(parsed, new Date(), { n: "1" })) satisfies RunHandle<{ doubled: number }>;
(await client.handle("id", parsed).result()) satisfies { doubled: number };
(await client.handle("id").result()) satisfies unknown;
// @ts-expect-error the schema takes a text
void client.run(parsed, { n: 1 });
// @ts-expect-error all of them
void client.runMany(parsed, [{ n: "1" }, { n: 2 }]);
// @ts-expect-error not a task
void client.run("parsed", { n: "1" });
// @ts-expect-error the cron's input is the task's
void client.cron("nightly", parsed, "0 3 * * *", { n: 1 });
// @ts-expect-error what a lifespan is cannot be run
void client.run(db);
task("parent", async (_input, ctx) => (await ctx.run(parsed, { n: "1" })).doubled) satisfies Task<unknown, number>;
task("parent", async (_input, ctx) => {
  // @ts-expect-error a child's input is checked
  await ctx.run(parsed, { n: 1 });
});

// Workers take workflows and tasks of all kinds, and capacities of any lifespan.
({ workflows: [flow, parsed, length], slots: 5, capacity: [[db, 10]] }) satisfies WorkerOptions;
// @ts-expect-error a lifespan is nothing to run
({ workflows: [db] }) satisfies WorkerOptions;

// What something that is run takes and gives.
is<Equal<RunInput<typeof child>, { k: string }>>();
is<Equal<RunOutput<typeof child>, number>>();
is<Equal<RunInput<typeof asked>, { q: string }>>();
is<Equal<RunOutput<typeof count>, { numRows: number; ids: string[] }>>();
is<Equal<RunInput<string>, never>>();
(await client.settleMany(parsed, [{ n: "1" }], {
  onSettled: (result) => result.status === "fulfilled" && (result.value satisfies { doubled: number }),
})) satisfies PromiseSettledResult<{ doubled: number }>[];
