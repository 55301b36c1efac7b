import assert from "node:assert/strict";
import { test } from "node:test";
import { lifespan, type Lifespan, type Needs } from "livespan/kernel";
import { stage, traced } from "./stage.ts";

test("1: a cycle is refused before any setup runs, and named whole", () => {
  const needs: Record<string, Lifespan<unknown>> = {};
  const trace: string[] = [];
  const a = traced(trace, "a", { needs });
  const b = traced(trace, "b", { needs: { a } });
  const c = traced(trace, "c", { needs: { b } });
  needs["c"] = c;
  assert.throws(() => stage({ c }), { code: "LIFESPAN_CYCLE", message: /"c" → "b" → "a" → "c"/ });
  assert.deepEqual(trace, []);
});

test("1: a lifespan that needs itself is a cycle of one", () => {
  const needs: Record<string, Lifespan<unknown>> = {};
  const a = traced([], "a", { needs });
  needs["a"] = a;
  assert.throws(() => stage({ a }), { code: "LIFESPAN_CYCLE", message: /"a" → "a"/ });
});

test("2: two lifespans of one name are refused before any setup runs", () => {
  const trace: string[] = [];
  const one = traced(trace, "db");
  const two = traced(trace, "db");
  assert.throws(() => stage({ one, two }), { code: "DUPLICATE_LIFESPAN", message: /"db"/ });
  assert.deepEqual(trace, []);
});

test("2: what is not a lifespan is refused by its key and its owner", () => {
  const forgotten = undefined as unknown as Lifespan<number>;
  const repo = lifespan("repo", { needs: { forgotten } }, function* () {
    yield;
  });
  assert.throws(() => stage({ repo }), { code: "UNKNOWN_LIFESPAN", message: /repo.* needs "forgotten".*undefined/ });
  assert.throws(() => stage({ fake: { name: "fake" } as unknown as Lifespan<number> }), {
    code: "UNKNOWN_LIFESPAN",
    message: /needs "fake".*object/,
  });
});

test("18: what must start may not need what may fail", () => {
  const cache = traced([], "cache", { optional: true });
  const repo = traced([], "repo", { needs: { cache } });
  assert.throws(() => stage({ repo }), { code: "NEEDS_OPTIONAL", message: /"repo".*"cache"/ });
});

test("a lifespan that several need starts once", async () => {
  const trace: string[] = [];
  const db = traced(trace, "db");
  const a = traced(trace, "a", { needs: { db } });
  const b = traced(trace, "b", { needs: { database: db, a } });
  const { generation } = stage({ a, b, db });
  await generation.start();
  assert.equal(generation.value(db), "db");
  assert.deepEqual(generation.values({ x: a, y: db }), { x: "a", y: "db" });
  await generation.stop();
  assert.deepEqual(trace, ["db+", "a+", "b+", "b-", "a-", "db-"]);
});

const setup = function* (): Generator<void> {
  yield;
};

const malformed: readonly (readonly [string, () => unknown, object])[] = [
  ["an empty name", () => lifespan("", setup), { code: "INVALID_DECLARATION", message: /non-empty string, got ""/ }],
  ["no name", () => lifespan(undefined as never, setup), { code: "INVALID_DECLARATION" }],
  [
    "no setup",
    () => lifespan("a", undefined as never),
    { code: "INVALID_DECLARATION", message: /"a" has no setup.*undefined/ },
  ],
  [
    "options alone",
    () => lifespan("a", {} as never),
    { code: "INVALID_DECLARATION", message: /"a" has no setup.*object/ },
  ],
  [
    "a health check that is none",
    () => lifespan("a", { health: true as never }, setup),
    { code: "INVALID_DECLARATION", message: /"a" has no health check.*boolean/ },
  ],
  [
    "no options",
    () => lifespan("a", null as never, setup),
    { code: "INVALID_DECLARATION", message: /object of options/ },
  ],
  [
    "an unknown option",
    () => lifespan("a", { stopTimout: 5 } as never, setup),
    { code: "UNKNOWN_OPTION", message: /"a" has no option "stopTimout". Did you mean "stopTimeout"\?/ },
  ],
  [
    "a limit that is no number",
    () => lifespan("a", { startTimeout: "5s" as never }, setup),
    { code: "INVALID_DECLARATION", message: /lifespan "a".*startTimeout.*milliseconds.*"5s"/ },
  ],
  [
    "a limit below zero",
    () => lifespan("a", { stopTimeout: -1 }, setup),
    { code: "INVALID_DECLARATION", message: /lifespan "a".*stopTimeout.*milliseconds.*-1/ },
  ],
];

for (const [what, declare, error] of malformed) {
  test(`2: a declaration with ${what} is refused where it is made`, () => assert.throws(declare, error));
}

test("budgets are checked by name and by value", () => {
  assert.throws(() => stage({}, { budgets: { drian: 5 } as never }), { code: "UNKNOWN_OPTION", message: /"drain"/ });
  assert.throws(() => stage({}, { budgets: { drain: Number.NaN } }), {
    code: "INVALID_DECLARATION",
    message: /budgets\.drain/,
  });
});

test("the parts of a stop keep their shares when only the whole is given", () => {
  const { budgets } = stage({}, { budgets: { stop: 2_500, tasks: 700 } }).generation;
  assert.deepEqual([budgets.stop, budgets.drain, budgets.tasks, budgets.resources], [2_500, 800, 700, 700]);
});

/** How often a graph of `count` reads the clock and sets timers, from its making to its end. */
async function workOf(count: number, shape: (i: number, made: Lifespan<unknown>[]) => Needs): Promise<number> {
  const made: Lifespan<unknown>[] = [];
  for (let i = 0; i < count; i++) made.push(traced([], `n${i}`, { needs: shape(i, made) }));
  let work = 0;
  const counted = {
    now: () => (work++, 0),
    wall: () => 0,
    after: () => (work++, () => void work++),
  };
  const needs = Object.fromEntries(made.map((each, i) => [`k${i}`, each]));
  const { generation } = stage(needs, {}, { clock: counted });
  await generation.start();
  const report = await generation.stop();
  assert.equal(report.entries.length, count);
  return work;
}

for (const [name, shape] of [
  ["chain", (i: number, made: Lifespan<unknown>[]) => (i === 0 ? {} : { before: made[i - 1]! })],
  ["star", (i: number, made: Lifespan<unknown>[]) => (i === 0 ? {} : { hub: made[0]! })],
] as const) {
  test(`5,000 lifespans in a ${name} start and stop with as much work for each as 500`, async () => {
    const few = await workOf(500, shape);
    const many = await workOf(5_000, shape);
    assert.ok(many <= few * 10.5, `${few} for 500, ${many} for 5,000`);
  });
}
