import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { diff } from "../../src/live/server/diff.ts";
import { encode } from "../../src/live/server/encode.ts";
import { sealedCopy } from "../../src/live/server/seal.ts";
import { applyOps } from "../../src/live/wire/apply.ts";
import type { Op } from "../../src/live/wire/ops.ts";
import { Chance, commitRandomly, keysOfEveryObject } from "./random-commits.ts";

/** The ops from one to the other, once it is proven that they lead there. */
function changes(before: object, after: object): readonly Op[] {
  const [from, to] = [sealedCopy(before), sealedCopy(after)];
  const ops = diff(from, to);
  assert.deepEqual(applyOps(from, ops), to);
  return ops;
}

/** What a page is sent for it. */
function bytes(ops: readonly Op[]): number {
  return Buffer.byteLength(`["d",0,1,${encode(ops).text}]`);
}

const rowsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: i, name: `row ${i}`, value: i * 10, done: false }));

describe("the ops of a change are the shortest there are", () => {
  const cases: [name: string, before: object, after: object, ops: readonly Op[]][] = [
    ["nothing", { a: 1, b: [1] }, { a: 1, b: [1] }, []],
    ["a value", { a: 1, b: 2 }, { a: 1, b: 3 }, [["=", "b", 3]]],
    ["a value of another kind", { a: [1, 2, 3] }, { a: { b: 1 } }, [["=", "a", { b: 1 }]]],
    ["a field that comes", { o: { a: 1 } }, { o: { a: 1, b: 2 } }, [["=", ["o", "b"], 2]]],
    ["a field that goes", { o: { a: 1, b: "some text" } }, { o: { b: "some text" } }, [["-", ["o", "a"]]]],
    ["a text that grows", { t: "one" }, { t: "one two" }, [["+", "t", " two"]]],
    ["a text that begins", { t: "" }, { t: "one" }, [["=", "t", "one"]]],
    ["a list that grows", { l: [1, 2] }, { l: [1, 2, 3, 4] }, [["+", "l", [3, 4]]]],
    ["a list of lists that grows", { l: [[1], [2]] }, { l: [[1], [2], [3]] }, [["+", "l", [[3]]]]],
    ["the last text of a list grows", { l: ["a", "b"] }, { l: ["a", "bc"] }, [["+", ["l", 1], "c"]]],
    ["an item among many", { l: [10, 20, 30, 40, 50] }, { l: [10, 20, 31, 40, 50] }, [["=", ["l", 2], 31]]],
    ["an item is minus zero", { l: [0, "some", "more"] }, { l: [-0, "some", "more"] }, [["=", ["l", 0], -0]]],
    ["zero becomes minus zero", { n: 0 }, { n: -0 }, [["=", "n", -0]]],
    ["no number stays no number", { n: Number.NaN }, { n: Number.NaN }, []],
    ["a date", { at: new Date(1) }, { at: new Date(2) }, [["=", "at", new Date(2)]]],
    ["a map, as a whole", { m: new Map([[1, 2]]) }, { m: new Map([[1, 3]]) }, [["=", "m", new Map([[1, 3]])]]],
    ["a set, as a whole", { s: new Set([1]) }, { s: new Set([1, 2]) }, [["=", "s", new Set([1, 2])]]],
    [
      "a key like every object has",
      { o: { a: 1, b: "text" } },
      { o: { a: 1, b: "text", constructor: 2 } },
      [["=", ["o", "constructor"], 2]],
    ],
  ];
  for (const [name, before, after, ops] of cases) {
    test(name, () => assert.deepEqual(changes(before, after), ops));
  }
});

describe("rows of a list are known again", () => {
  const rows = sealedCopy(rowsOf(1_000));
  const cases: [name: string, rows: readonly object[], most: number, first?: Op][] = [
    [
      "the head moves to the end",
      [...rows.slice(1), rows[0]!],
      60,
      [
        "~",
        "rows",
        [
          [1, 999],
          [0, 1],
        ],
      ],
    ],
    ["the end moves to the head", [rows[999]!, ...rows.slice(0, 999)], 60],
    ["two change places", rows.with(3, rows[700]!).with(700, rows[3]!), 100],
    [
      "one is deleted",
      rows.toSpliced(500, 1),
      60,
      [
        "~",
        "rows",
        [
          [0, 500],
          [501, 499],
        ],
      ],
    ],
    ["one is put in", rows.toSpliced(500, 0, { id: -1, name: "", value: 0, done: false }), 120],
    ["one comes, and the first goes", [...rows.slice(1), { id: -1, name: "", value: 0, done: false }], 100],
    ["one cell changes", rows.with(500, { ...rows[500]!, value: 7 }), 60, ["=", ["rows", 500, "value"], 7]],
    ["one moves and changes, known by its id", [...rows.slice(1), { ...rows[0]!, value: 7 }], 100],
    ["all are new objects, and one differs", rows.map((row) => ({ ...row, done: row.id === 5 })), 60],
    ["one comes to the end while another changes", [...rows.with(4, { ...rows[4]!, done: true }), { id: -1 }], 100],
  ];
  for (const [name, after, most, first] of cases) {
    test(`${name}: at most ${most} bytes`, () => {
      const ops = changes({ rows }, { rows: after });
      assert.ok(bytes(ops) <= most, JSON.stringify(ops));
      if (first !== undefined) assert.deepEqual(ops, [first]);
    });
  }

  test("by key, and by place when they have no name", () => {
    const keyed = [
      { key: "a", text: "a long text that is not sent" },
      { key: "b", text: "another" },
    ];
    assert.deepEqual(changes({ l: keyed }, { l: [keyed[1]!, { ...keyed[0], more: 1 }] }), [
      [
        "~",
        "l",
        [
          [1, 1],
          [0, 1],
        ],
      ],
      ["=", ["l", 1, "more"], 1],
    ]);
    const plain = [
      { text: "a long text that is not sent", n: 1 },
      { text: "another", n: 1 },
    ];
    assert.deepEqual(changes({ l: plain }, { l: [{ ...plain[0]!, n: 2 }, plain[1]!] }), [["=", ["l", 0, "n"], 2]]);
  });

  test("when several have the same name, or are the same", () => {
    const [a, b] = [
      { id: 1, v: "a" },
      { id: 1, v: "b" },
    ];
    changes({ l: [a, b, a] }, { l: [b, a, a, b] });
    changes({ l: [1, 1, 2, 1] }, { l: [1, 2, 1, 1, 1] });
    changes({ l: [null, undefined, null] }, { l: [undefined, null] });
  });
});

test("one cell of 10,000 rows is less than 200 bytes", () => {
  const rows = sealedCopy(rowsOf(10_000));
  assert.ok(bytes(changes({ rows }, { rows: rows.with(7_777, { ...rows[7_777]!, name: "changed" }) })) < 200);
});

test("1,000 lines are appended in 60 KB, and a text grows by 2,000 tokens in 80 KB", () => {
  let [lines, text, sent] = [sealedCopy<string[]>([]), "", 0];
  for (let i = 0; i < 1_000; i++) {
    const next = sealedCopy([...lines, `line ${i}`]);
    sent += bytes(diff({ lines }, { lines: next }));
    lines = next;
  }
  assert.ok(sent <= 60_000, `${sent} bytes for lines`);
  sent = 0;
  for (let i = 0; i < 2_000; i++) {
    sent += bytes(diff({ text }, { text: `${text} token` }));
    text += " token";
  }
  assert.ok(sent <= 80_000, `${sent} bytes for tokens`);
});

describe("what its changes are longer than is set as a whole", () => {
  test("a small object with all its fields changed", () => {
    const after = { point: { x: 3, y: 4 } };
    assert.deepEqual(changes({ point: { x: 1, y: 2 } }, after), [["=", "point", after.point]]);
  });

  test("a list that has little left of what it was", () => {
    const numbers = Array.from({ length: 100 }, (_, i) => i);
    assert.deepEqual(changes({ numbers }, { numbers: numbers.map((n) => (n * 37) % 100) }).length, 1);
  });

  test("one row of many, and not the others", () => {
    const rows = [{ id: 1, a: 1, b: 1, c: 1 }, ...rowsOf(50)];
    const ops = changes({ rows }, { rows: rows.with(0, { id: 1, a: 2, b: 2, c: 2 }) });
    assert.deepEqual(ops, [["=", ["rows", 0], { id: 1, a: 2, b: 2, c: 2 }]]);
  });
});

/** The whole of it is in diff.soak.ts. A seed that ever fails is added here for good. */
test("100 documents of 30 random commits each: replica equals source, all is frozen, no prototype is touched", (t) => {
  for (let seed = 1; seed <= 100; seed++) {
    try {
      commitRandomly(seed, 30);
    } catch (error) {
      t.diagnostic(`seed ${seed}`);
      throw error;
    }
  }
});

describe("ops that do not fit are refused, and nothing of them is done", () => {
  const before = Object.freeze({
    n: 1,
    t: "text",
    l: Object.freeze([1, 2]),
    o: Object.freeze({ a: 1 }),
    at: new Date(0),
  });
  const bad: unknown[] = [
    ["-", "gone"],
    ["-", []],
    ["-", ["l", 0]],
    ["=", ["l", 2], 3],
    ["=", ["l", -1], 3],
    ["=", ["l", 0.5], 3],
    ["=", ["l", "length"], 0],
    ["=", ["l", "0"], 0],
    ["=", ["gone", "a"], 1],
    ["=", ["n", "a"], 1],
    ["=", ["t", 0], "x"],
    ["=", ["at", "x"], 1],
    ["=", ["o", "__proto__", "polluted"], 1],
    ["=", ["o", "constructor", "prototype", "polluted"], 1],
    ["=", ["__proto__", "polluted"], 1],
    ["+", "n", "1"],
    ["+", "t", 1],
    ["+", "t", ["1"]],
    ["+", "l", "1"],
    ["+", "gone", "1"],
    ["+", "toString", "1"],
    ["~", "l", [[1, 2]]],
    ["~", "l", [[-1, 1]]],
    ["~", "l", [["a", 1]]],
    ["~", "l", 7],
    ["~", "t", [[0, 1]]],
    ["?", "n", 1],
    ["="],
    ["=", null, 1],
    [],
    null,
    7,
  ];
  for (const op of bad) {
    test(JSON.stringify(op), () => {
      // Ops come as text that says what it likes.
      assert.throws(() => applyOps(before, [["=", "n", 2], op as Op]), TypeError);
      assert.equal(before.n, 1);
      assert.equal(Reflect.ownKeys(Object.prototype).length, keysOfEveryObject);
    });
  }

  test("keys that lead to a prototype elsewhere are keys like any other", () => {
    const ops: Op[] = JSON.parse('[["=","__proto__",{"x":1}],["=",["__proto__","y"],2],["=","constructor",3]]');
    const after = applyOps({}, ops);
    assert.equal(Object.getPrototypeOf(after), Object.prototype);
    assert.deepEqual(Object.entries(after), [
      ["__proto__", { x: 1, y: 2 }],
      ["constructor", 3],
    ]);
    assert.deepEqual(Object.entries(applyOps(after, [["-", "__proto__"]])), [["constructor", 3]]);
  });

  test("whatever ops: the outcome is a value or a TypeError, and no prototype is touched", () => {
    const chance = new Chance(1);
    const keys = [
      "n",
      "t",
      "l",
      "o",
      "at",
      "__proto__",
      "constructor",
      "prototype",
      "length",
      0,
      1,
      -1,
      0.5,
      null,
      {},
      [],
    ];
    for (let i = 0; i < 20_000; i++) {
      const path =
        chance.random() < 0.3 ? chance.one(keys) : Array.from({ length: chance.below(4) }, () => chance.one(keys));
      const more =
        chance.random() < 0.5
          ? chance.value()
          : [[chance.below(4) - 1, chance.below(4)], [chance.list()], chance.one(keys)];
      const op = [chance.one(["=", "-", "+", "~", "?", null]), path, more];
      try {
        applyOps(before, [op, op] as unknown as Op[]);
      } catch (error) {
        assert.ok(error instanceof TypeError, `${inspect(op)}: ${String(error)}`);
      }
    }
    assert.equal(Reflect.ownKeys(Object.prototype).length, keysOfEveryObject);
    assert.deepEqual(before, { n: 1, t: "text", l: [1, 2], o: { a: 1 }, at: new Date(0) });
  });
});

test("what ops do not touch is shared with the snapshot before", () => {
  const before = { a: { x: 1 }, b: { x: 1 }, rows: rowsOf(3) };
  const after = applyOps(before, [
    ["=", ["a", "x"], 2],
    ["~", "rows", [[2, 1], [0, 1], [[{ id: 9 }]]]],
    ["=", ["rows", 0, "name"], "changed"],
  ]);
  assert.notEqual(after.a, before.a);
  assert.equal(after.b, before.b);
  assert.equal(after.rows[1], before.rows[0]);
  assert.equal(before.rows[2]!.name, "row 2");
  assert.equal(after.rows[0]!.name, "changed");
});
