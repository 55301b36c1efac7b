import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { begin, checkpoint, detached, discard, finish } from "../../src/live/server/draft.ts";
import { seal } from "../../src/live/server/seal.ts";
import { viewOf } from "../../src/live/server/view.ts";
import { assertFrozen } from "./random-commits.ts";

interface Row {
  id: number;
  cells: number[];
  copy?: unknown;
}

interface Everything {
  count: number;
  rows: Row[];
  map: Map<string, Row>;
  set: Set<unknown>;
  at: Date;
  any: unknown;
}

const base = () =>
  seal<Everything>({
    count: 0,
    rows: [
      { id: 1, cells: [1] },
      { id: 2, cells: [2] },
    ],
    map: new Map([["a", { id: 3, cells: [3] }]]),
    set: new Set([[4]]),
    at: new Date(0),
    any: null,
  });

test("changes make a sealed value that shares the rest, and the base stays as it is", () => {
  const before = base();
  const draft = begin(before);
  draft.state.count++;
  draft.state.rows[1]!.cells.push(9);
  draft.state.map.get("a")!.cells.push(9);
  for (const item of draft.state.set) (item as number[]).push(9);
  const after = finish(draft);
  assertFrozen(after, new Set());
  assert.deepEqual(before, base());
  assert.equal(after.rows[0], before.rows[0]);
  assert.deepEqual(after.rows[1], { id: 2, cells: [2, 9] });
  assert.deepEqual(after.map.get("a"), { id: 3, cells: [3, 9] });
  assert.deepEqual(after.set, new Set([[4, 9]]));
});

describe("a draft that changes nothing gives the base", () => {
  const changes: [name: string, change: (s: Everything) => void][] = [
    ["at all", () => {}],
    ["but looks around", (s) => void s.rows.find((row) => row.id === 2)?.cells.includes(2)],
    ["there and back", (s) => void (s.count++, s.count--)],
    ["in a row, there and back", (s) => void (s.rows[0]!.cells.push(1), s.rows[0]!.cells.pop())],
    ["by copies of what there was", (s) => void (s.rows = s.rows.map((row) => ({ ...row })))],
    ["in an order that it had", (s) => void s.rows.sort((a, b) => a.id - b.id)],
    ["by a date of the same time", (s) => void (s.at = new Date(0))],
  ];
  for (const [name, change] of changes) {
    test(name, () => {
      const before = base();
      const draft = begin(before);
      change(draft.state);
      assert.equal(finish(draft), before);
    });
  }
});

test("a part of the draft may be put elsewhere in it, by itself or in something new", () => {
  const draft = begin(base());
  const row = draft.state.rows[0]!;
  draft.state.any = { list: [row], frozen: Object.freeze([row]) };
  row.cells.push(9);
  draft.state.rows.push(row);
  draft.state.map.set("b", row);
  const after = finish(draft);
  assertFrozen(after, new Set());
  const changed = { id: 1, cells: [1, 9] };
  assert.deepEqual(after.any, { list: [changed], frozen: [changed] });
  assert.deepEqual([after.rows[0], after.rows[2], after.map.get("b")], [changed, changed, changed]);
});

test("a view may be put into a draft, and stands for what is behind it", () => {
  const other = seal({ list: [{ a: 1 }], set: new Set([[1]]), map: new Map([["a", [1]]]) });
  const draft = begin(base());
  draft.state.rows[0]!.cells.push(1);
  draft.state.any = [viewOf(other), viewOf(other).list[0], viewOf(other).set, viewOf(other).map];
  const { any } = finish(draft);
  assert.ok(Array.isArray(any));
  assert.deepEqual(
    any.map((each, i) => each === [other, other.list[0], other.set, other.map][i]),
    [true, true, true, true],
  );
});

describe("after its end", () => {
  const uses: [name: string, use: (s: Everything) => unknown][] = [
    ["reading a var", (s) => s.count],
    ["setting a var", (s) => (s.count = 1)],
    ["deleting", (s) => delete s.any],
    ["asking for a var", (s) => "count" in s],
    ["listing the vars", (s) => Object.keys(s)],
    ["spreading", (s) => ({ ...s })],
    ["writing it out", (s) => JSON.stringify(s)],
  ];
  const partUses: [name: string, use: (parts: ReturnType<typeof partsOf>) => unknown][] = [
    ["a row is read", ({ row }) => row.id],
    ["a row is set", ({ row }) => (row.id = 1)],
    ["a list grows", ({ rows }) => rows.push({ id: 9, cells: [] })],
    ["a list is read", ({ rows }) => rows[0]],
    ["a list is set", ({ rows }) => (rows[0] = { id: 9, cells: [] })],
    ["a list is emptied", ({ rows }) => (rows.length = 0)],
    ["a list is sorted", ({ rows }) => rows.sort((a, b) => a.id - b.id)],
    ["a list is spliced", ({ rows }) => rows.splice(0, 1)],
    ["a list is gone through", ({ rows }) => [...rows]],
    ["a list is searched", ({ rows }) => rows.indexOf(rows[0]!)],
    ["a map is set", ({ map }) => map.set("x", { id: 1, cells: [] })],
    ["a map is read", ({ map }) => map.get("a")],
    ["a map is asked", ({ map }) => map.has("a")],
    ["a map is measured", ({ map }) => map.size],
    ["a map loses a key", ({ map }) => map.delete("a")],
    ["a map is cleared", ({ map }) => map.clear()],
    ["a map is gone through", ({ map }) => [...map]],
    ["a set is added to", ({ set }) => set.add(1)],
    ["a set is asked", ({ set }) => set.has(1)],
    ["a set loses an item", ({ set }) => set.delete(1)],
    ["a set is cleared", ({ set }) => set.clear()],
    ["a set is gone through", ({ set }) => [...set]],
    ["an item of a set is changed", ({ item }) => item.push(1)],
    ["a method that was taken out of it is called", ({ set, add }) => add.call(set, 1)],
    ["a date is set", ({ at }) => at.setTime(1)],
  ];
  const partsOf = (s: Everything) => {
    const [item] = s.set;
    const [row] = s.rows;
    return { row: row!, rows: s.rows, map: s.map, set: s.set, add: s.set.add, item: item as number[], at: s.at };
  };
  for (const [how, end] of [
    ["finished", finish],
    ["discarded", discard],
  ] as const) {
    for (const changed of [true, false]) {
      const ended = () => {
        const draft = begin(base());
        const parts = partsOf(draft.state);
        if (changed) draft.state.count = 1;
        if (changed) parts.row.cells.push(2);
        end(draft);
        return { state: draft.state, parts };
      };
      const error = { name: "ImmutableStateError", code: "IMMUTABLE_STATE" };
      for (const [name, use] of uses) {
        test(`${how}, ${changed ? "changed" : "unchanged"}: ${name}`, () => {
          const { state } = ended();
          assert.throws(() => use(state), error);
        });
      }
      for (const [name, use] of partUses) {
        test(`${how}, ${changed ? "changed" : "unchanged"}: ${name}`, () => {
          const { parts } = ended();
          assert.throws(() => use(parts), error);
        });
      }
    }
  }

  test("what it gave is not touched by what is tried", () => {
    const draft = begin(base());
    const { row, map } = partsOf(draft.state);
    row.id = 7;
    const after = finish(draft);
    assert.throws(() => (row.id = 8));
    assert.throws(() => map.clear());
    assert.equal(after.rows[0]!.id, 7);
    assert.equal(after.map.size, 1);
  });
});

test("a date in a draft is replaced, not set", () => {
  const draft = begin(base());
  assert.throws(() => draft.state.at.setFullYear(2000), {
    code: "IMMUTABLE_STATE",
    message: /setFullYear\(\) was called on a date of a state, which is replaced by a new one/,
  });
  draft.state.at = new Date(7);
  draft.state.at.setTime(8); // a new one is not of the state yet
  assert.deepEqual(finish(draft).at, new Date(8));
});

describe("the vars of a state are those that it declares", () => {
  const fields = (draft: { state: object }) => draft.state as Record<string, unknown>;

  test("another one is refused, with the nearest known", () => {
    const draft = begin(base());
    fields(draft)["cuont"] = 1;
    const message = /"cuont" was set, which is no var of the state\. Did you mean "count"\? Declare it/;
    assert.throws(() => finish(draft), { code: "STATE_VALUE", message });
    assert.throws(() => draft.state.count, { code: "IMMUTABLE_STATE" });
  });

  test("one that is deleted is refused", () => {
    const draft = begin(base());
    delete fields(draft)["any"];
    assert.throws(() => checkpoint(draft), { code: "STATE_VALUE", message: /"any" was deleted/ });
    assert.throws(() => finish(draft), { code: "STATE_VALUE", message: /"any" was deleted/ });
  });

  test("a symbol is refused", () => {
    const draft = begin(base());
    Object.assign(draft.state, { [Symbol("s")]: 1 });
    assert.throws(() => finish(draft), { code: "STATE_VALUE", message: /symbols/ });
  });

  test("what a state cannot hold is refused by its path, and the draft is over", () => {
    const draft = begin(base());
    draft.state.rows[1]!.copy = { of: () => 1 };
    assert.throws(() => finish(draft), { code: "STATE_VALUE", message: /^"rows\[1\]\.copy\.of" is a function/ });
    assert.throws(() => draft.state.count, { code: "IMMUTABLE_STATE" });
  });
});

describe("a checkpoint", () => {
  test("gives what there is so far, sealed, and the draft goes on", () => {
    const draft = begin(base());
    const fresh = { id: 5, cells: [5] };
    draft.state.count = 1;
    draft.state.rows.push(fresh);
    const first = checkpoint(draft);
    assertFrozen(first, new Set());
    draft.state.count = 2;
    draft.state.rows[2]!.cells.push(6);
    draft.state.rows[0]!.cells.push(7);
    const second = checkpoint(draft);
    draft.state.rows[2]!.cells.push(8);
    const last = finish(draft);
    assert.deepEqual([first.count, second.count, last.count], [1, 2, 2]);
    assert.deepEqual(
      first.rows.map((row) => row.cells),
      [[1], [2], [5]],
    );
    assert.deepEqual(
      second.rows.map((row) => row.cells),
      [[1, 7], [2], [5, 6]],
    );
    assert.deepEqual(
      last.rows.map((row) => row.cells),
      [[1, 7], [2], [5, 6, 8]],
    );
    assert.equal(last.rows[0], second.rows[0]);
    assert.equal(second.rows[1], first.rows[1]);
  });

  test("without changes since is the one before", () => {
    const before = base();
    const draft = begin(before);
    assert.equal(checkpoint(draft), before);
    draft.state.rows.push({ id: 5, cells: [] });
    const kept = checkpoint(draft);
    assert.equal(checkpoint(draft), kept);
    assert.equal(finish(draft), kept);
  });
});

describe("drafts of two blocks at once", () => {
  test("a part of one in the other is what it was by then", () => {
    const [one, other] = [begin(base()), begin(base())];
    one.state.rows[0]!.cells.push(9);
    other.state.any = one.state.rows;
    const after = finish(other);
    one.state.rows[0]!.cells.push(10);
    assert.deepEqual((after.any as Row[])[0]!.cells, [1, 9]);
    assert.deepEqual(finish(one).rows[0]!.cells, [1, 9, 10]);
  });

  test("a part of one that is over is refused", () => {
    const [one, other] = [begin(base()), begin(base())];
    const { rows } = one.state;
    discard(one);
    other.state.any = { rows };
    assert.throws(() => finish(other), {
      code: "STATE_VALUE",
      message: /"any\.rows" is a draft whose block has ended/,
    });
  });
});

test("what a block hands out is a value of its own", () => {
  const draft = begin(base());
  draft.state.rows.push({ id: 5, cells: [] });
  const rows = detached(draft.state.rows);
  draft.state.rows.push({ id: 6, cells: [] });
  finish(draft);
  assert.deepEqual(
    rows.map((row) => row.id),
    [1, 2, 5],
  );
  assertFrozen(rows, new Set());
  const own = { a: 1 };
  assert.equal(detached(own), own);
  assert.equal(detached(5), 5);
});
