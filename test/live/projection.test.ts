import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { diff } from "../../src/live/server/diff.ts";
import { begin, finish } from "../../src/live/server/draft.ts";
import { Projection } from "../../src/live/server/projection.ts";
import { declarationOfState, defineState, type AnyState, type Draft } from "../../src/live/server/state.ts";
import { assertFrozen } from "./random-commits.ts";

/** A state that can be changed, with the snapshots that a page would see of it. */
function stage<S extends AnyState>(declared: S) {
  const declaration = declarationOfState(declared, "test");
  const projection = new Projection(declaration);
  let value: object = declaration.initial;
  let snapshot = projection.next(value);
  return {
    get snapshot() {
      return snapshot;
    },
    /** Gives the ops for the page. */
    change(fn: (s: Draft<S>) => void) {
      const draft = begin(value);
      fn(draft.state);
      const next = finish(draft);
      const shown = projection.next(next, { value, snapshot });
      const ops = diff(snapshot, shown);
      [value, snapshot] = [next, shown];
      return ops;
    },
  };
}

function counter(calls: string[] = []) {
  return stage(
    defineState("counter", {
      vars: { counter: 0, max: 10, rows: [3, 1] },
      private: { clicks: 0 },
      computed: {
        label: (s) => (calls.push("label"), `${s.counter} / ${s.max}`),
        sorted: (s) => (calls.push("sorted"), s.rows.toSorted((a, b) => a - b)),
        busy: (s) => (calls.push("busy"), s.clicks > 2),
      },
    }),
  );
}

test("a snapshot has the vars and then what is computed of them, frozen, and nothing private", () => {
  const { snapshot } = counter();
  assert.deepEqual(Object.entries(snapshot), [
    ["counter", 0],
    ["max", 10],
    ["rows", [3, 1]],
    ["label", "0 / 10"],
    ["sorted", [1, 3]],
    ["busy", false],
  ]);
  assertFrozen(snapshot, new Set());
});

test("only what reads a var that has changed is computed again", () => {
  const calls: string[] = [];
  const { change } = counter(calls);
  calls.length = 0;
  assert.deepEqual(
    change((s) => void s.counter++),
    [
      ["=", "counter", 1],
      ["=", "label", "1 / 10"],
    ],
  );
  change((s) => void s.rows.push(2));
  change((s) => void (s.max = 10));
  assert.deepEqual(calls, ["label", "sorted"]);
});

test("what comes to the same is the same, and a snapshot that a page could not tell apart is the one before", () => {
  const calls: string[] = [];
  const page = counter(calls);
  const before = page.snapshot as { sorted: object };
  assert.deepEqual(
    page.change((s) => void s.rows.reverse()),
    [["=", "rows", [1, 3]]],
  );
  assert.equal((page.snapshot as { sorted: object }).sorted, before.sorted);
  const { snapshot } = page;
  page.change((s) => void s.clicks++);
  assert.equal(page.snapshot, snapshot);
  assert.deepEqual(
    page.change((s) => void (s.clicks += 5)),
    [["=", "busy", true]],
  );
});

test("what is read depends on what was read: a branch that is taken later counts from then on", () => {
  const page = stage(
    defineState("branch", { vars: { on: false, n: 0 }, computed: { shown: (s) => (s.on ? s.n : -1) } }),
  );
  assert.deepEqual(
    page.change((s) => void (s.n = 1)),
    [["=", "n", 1]],
  );
  assert.deepEqual(page.change((s) => void (s.on = true)).at(-1), ["=", "shown", 1]);
  assert.deepEqual(page.change((s) => void (s.n = 2)).at(-1), ["=", "shown", 2]);
});

test("what goes over all vars reads all of them", () => {
  const page = stage(
    defineState("all", {
      vars: { a: 1, b: 2 },
      computed: { sum: (s) => Object.values({ ...s }).reduce((x, y) => x + y) },
    }),
  );
  assert.deepEqual(page.change((s) => void (s.b = 5)).at(-1), ["=", "sum", 6]);
});

describe("a computed value that fails is named", () => {
  const failing = (compute: (s: { n: number; list: number[] }) => unknown) =>
    stage(
      // What a program does that its types do not know of.
      defineState("failing", { vars: { n: 0, list: [1] }, computed: { bad: compute as (s: unknown) => unknown } }),
    );
  const expected = (message: RegExp) => ({ code: "COMPUTED_FAILED", message });

  test("when it throws, and the next change may succeed", () => {
    const page = failing((s) => {
      if (s.n === 1) throw new Error("one is too few");
      return s.n;
    });
    assert.throws(
      () => page.change((s) => void (s.n = 1)),
      expected(/state "failing": computed "bad" failed: one is too few/),
    );
    assert.deepEqual(page.change((s) => void (s.n = 2)).at(-1), ["=", "bad", 2]);
  });
  test("when it is a promise", () => {
    assert.throws(() => failing(async () => 1), expected(/"bad" is a promise/));
  });
  test("when it writes to a var", () => {
    assert.throws(() => failing((s) => (s.n = 1)), expected(/"n" was set by the computed "bad"/));
  });
  test("when it writes into one", () => {
    assert.throws(() => failing((s) => s.list.push(2)), expected(/computed "bad" failed/));
  });
  test("when it gives what it was given", () => {
    assert.throws(() => failing((s) => s), expected(/"bad\.n" is an accessor/));
  });
});
