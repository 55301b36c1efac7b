import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defineState } from "livespan/live";
import { begin, discard } from "../../src/live/server/draft.ts";
import { assertHolds, seal, sealedCopy } from "../../src/live/server/seal.ts";
import { viewOf } from "../../src/live/server/view.ts";
import { isRich, sizeOf } from "../../src/live/server/weight.ts";
import { assertFrozen } from "./random-commits.ts";

const everything = () => ({
  text: "über",
  numbers: [0, -0, 1.5, Number.NaN, Infinity, -Infinity, 12n],
  nothing: [null, undefined],
  flag: true,
  at: new Date(5),
  map: new Map<unknown, unknown>([["a", { deep: [new Set([new Date(6)])] }]]),
  set: new Set<unknown>([[1]]),
});

test("all that a state can hold is frozen, all the way down, and stays what it is", () => {
  const sealed = seal(everything());
  assertFrozen(sealed, new Set());
  assert.deepEqual(sealed, everything());
});

test("what is sealed is not walked again, and what is not is frozen in place", () => {
  const inner = { a: 1 };
  const sealed = seal({ inner });
  assert.equal(sealed.inner, inner);
  assert.equal(seal({ again: sealed.inner }).again, inner);
});

test("a copy leaves what it was made from writable, and shares what is sealed", () => {
  const shared = seal({ a: 1 });
  const value = { shared, own: { list: [1], map: new Map([[1, { a: 1 }]]), set: new Set([1]), at: new Date(1) } };
  const copy = sealedCopy(value);
  assertFrozen(copy, new Set());
  assert.deepEqual(copy, value);
  assert.equal(copy.shared, shared);
  value.own.list.push(2);
  value.own.map.get(1)!.a = 2;
  value.own.set.add(2);
  value.own.at.setTime(2);
  assert.deepEqual(copy.own, { list: [1], map: new Map([[1, { a: 1 }]]), set: new Set([1]), at: new Date(1) });
});

test("the first values of a state are copied: those that wrote them may go on", () => {
  const vars = { list: [1], at: new Date(0) };
  defineState("copied", { vars });
  vars.list.push(2);
  vars.at.setTime(1);
});

test("a date is copied, for who made it may go on to set it", () => {
  const at = new Date(1);
  const sealed = seal({ at });
  at.setTime(2);
  assert.deepEqual(sealed.at, new Date(1));
});

test("what somebody else has frozen is copied where something in it has to be another", () => {
  const view = viewOf(seal({ a: 1 }));
  const frozen = Object.freeze({ list: Object.freeze([view]), map: Object.freeze(new Map([[1, view]])) });
  const sealed = seal({ frozen });
  assertFrozen(sealed, new Set());
  assert.deepEqual(sealed.frozen, { list: [{ a: 1 }], map: new Map([[1, { a: 1 }]]) });
});

test("views stand for what is behind them, and an object without a prototype for a plain one", () => {
  const inner = seal({ a: [1] });
  const bare: { a?: unknown } = Object.assign(Object.create(null) as object, { a: { b: 1 } });
  const sealed = seal({ view: viewOf(inner), bare, list: [bare] });
  assert.equal(sealed.view, inner);
  assert.equal(Object.getPrototypeOf(sealed.bare), Object.prototype);
  assert.deepEqual(sealed, { view: { a: [1] }, bare: { a: { b: 1 } }, list: [{ a: { b: 1 } }] });
});

test("an open draft stands for what it is by now", () => {
  const draft = begin(seal({ rows: [{ id: 1 }], n: 1 }));
  draft.state.rows.push({ id: 2 });
  const sealed = sealedCopy({ rows: draft.state.rows, first: draft.state.rows[0] });
  draft.state.rows.push({ id: 3 });
  assert.deepEqual(sealed, { rows: [{ id: 1 }, { id: 2 }], first: { id: 1 } });
  discard(draft);
});

describe("what is like what stood there before is that", () => {
  const before = seal({
    o: { a: 1, at: new Date(1) },
    l: [{ a: 1 }, { a: 2 }],
    m: new Map([["k", [1]]]),
    s: new Set([[1]]),
  });

  test("as a whole", () => assert.equal(seal(structuredClone(before), "", before), before));
  test("in part", () => {
    const after = seal({ ...structuredClone(before), l: [{ a: 1 }, { a: 3 }] }, "", before);
    assert.notEqual(after, before);
    assert.equal(after.o, before.o);
    assert.equal(after.l[0], before.l[0]);
    assert.deepEqual(after.l, [{ a: 1 }, { a: 3 }]);
  });
  test("but for another order of a map or set, another key, another kind", () => {
    const map = seal({
      m: new Map([
        ["a", 1],
        ["b", 2],
      ]),
    });
    assert.deepEqual(
      [
        ...seal(
          {
            m: new Map([
              ["b", 2],
              ["a", 1],
            ]),
          },
          "",
          map,
        ).m.keys(),
      ],
      ["b", "a"],
    );
    const set = seal({ m: new Set([1, 2]) });
    assert.deepEqual([...seal({ m: new Set([2, 1]) }, "", set).m], [2, 1]);
    assert.deepEqual(seal({ o: { b: undefined } }, "", seal({ o: { a: undefined } })), { o: { b: undefined } });
    assert.deepEqual(seal({ o: {} }, "", seal({ o: new Map() })), { o: {} });
    assert.deepEqual(seal({ o: [] }, "", seal({ o: {} })), { o: [] });
    assert.deepEqual(seal({ o: -0 }, "", seal({ o: 0 })), { o: -0 });
  });
});

class Account {
  owner = "somebody";
}

describe("what a state cannot hold is refused by its path", () => {
  const cyclic: unknown[] = [];
  cyclic.push({ back: cyclic });
  const match = /b/.exec("abc");
  const hole: unknown[] = [1];
  hole[2] = 3;
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
  const withField = Object.assign(new Map(), { field: 1 });
  const ended = begin(seal({ a: { b: 1 } }));
  const endedPart = ended.state.a;
  discard(ended);
  const bad: [name: string, value: unknown, expected: RegExp][] = [
    ["a function", { a: [1, { b: () => 1 }] }, /"a\[1\]\.b" is a function/],
    ["a symbol", { a: Symbol("s") }, /"a" is a symbol/],
    ["a class", { a: { b: new Account() } }, /"a\.b" is of the class Account/],
    [
      "a class without a name",
      {
        a: new (class {
          x = 1;
        })(),
      },
      /"a" is of the class without a name/,
    ],
    ["an error", { a: new Error("x") }, /"a" is of the class Error/],
    ["a regular expression", { a: /x/ }, /class RegExp/],
    ["an address", { a: new URL("http://x") }, /class URL/],
    ["a promise", { a: Promise.resolve(1) }, /"a" is a promise.* Await it first/],
    ["a typed array", { a: new Uint8Array(1) }, /"a" is a typed array.* list of numbers/],
    ["a map of a class of its own", { a: new (class Own extends Map {})() }, /class Own/],
    ["a map with a field", { a: withField }, /"a" is a map or set with fields/],
    ["something in a map", { a: new Map([["k", () => 1]]) }, /"a\.k" is a function/],
    ["something in a set", { a: new Set([1, () => 1]) }, /"a\[1\]" is a function/],
    ["a cycle", { a: cyclic }, /"a\[0\]\.back" is inside itself/],
    [
      "an accessor",
      {
        a: {
          get b() {
            return 1;
          },
        },
      },
      /"a\.b" is an accessor/,
    ],
    ["a symbol for a key", { a: { [Symbol("s")]: 1 } }, /"a" is an object with symbols/],
    ["a way to a prototype", JSON.parse('{"a":{"__proto__":{"x":1}}}'), /"a\.__proto__" is a way to a prototype/],
    ["a list with fields", { a: match }, /"a" is a list with fields/],
    ["a list with a hole", { a: hole }, /"a\[1\]" is a hole in a list/],
    ["a foreign proxy", { a: new Proxy({}, {}) }, /"a" is a proxy/],
    ["a revoked proxy", { a: revoked.proxy }, /"a" is a proxy/],
    ["a draft whose block has ended", { a: endedPart }, /"a" is a draft whose block has ended/],
    ["too many levels", { a: deep(600) }, /more than 500 levels deep/],
  ];
  for (const [name, value, message] of bad) {
    test(name, () => {
      for (const refuse of [seal, sealedCopy, assertHolds]) {
        assert.throws(() => refuse(value, ""), { code: "STATE_VALUE", message });
      }
    });
  }

  test("at the root", () =>
    assert.throws(() => seal(() => 1), { code: "STATE_VALUE", message: /^the state is a function/ }));
  test("below a path", () =>
    assert.throws(() => seal([Symbol("s")], "result"), { message: /^"result\[0\]" is a symbol/ }));
  test("in a state that is declared", () => {
    const vars = { rows: [{ owner: new Account() }] };
    assert.throws(() => defineState("bad", { vars }), {
      code: "STATE_VALUE",
      message: /"rows\[0\]\.owner" is of the class Account/,
    });
  });
});

describe("the weight of a value", () => {
  test("is the length of its JSON text, or near it", () => {
    for (const value of ["text", 5, 12_345, 0.25, true, null, [], {}, { a: [1, "two", { three: null }] }]) {
      const { length } = JSON.stringify(value);
      for (const weighed of [value, sealedCopy(value)]) assert.ok(Math.abs(sizeOf(weighed) - length) <= 4, `${length}`);
    }
  });

  test("grows with what is put in and shrinks with what is taken out, wherever that is", () => {
    let rows = seal(Array.from({ length: 50 }, (_, i) => ({ id: i, text: `row ${i}` })));
    const next = (made: typeof rows): void => {
      rows = seal(made, "", rows);
      assert.equal(sizeOf(rows), sizeOf(structuredClone(rows)));
    };
    next(rows.toSpliced(20, 5));
    next([...rows.slice(1), { id: 99, text: "more" }]);
    next(rows.toReversed());
    next(rows.with(3, { id: 3, text: "another" }).with(30, { id: 30, text: "" }));
    next([]);
  });

  test("says whether JSON would lose something", () => {
    for (const plain of [0, "", null, true, [], {}, { a: [{ b: 1.5 }] }])
      assert.equal(isRich(sealedCopy({ plain })), false);
    for (const rich of [undefined, Number.NaN, Infinity, -0, 1n, new Date(), new Map(), new Set()]) {
      assert.equal(isRich(rich), true);
      assert.equal(isRich({ a: [rich] }), true);
      assert.equal(isRich(seal({ a: [rich] })), true);
      assert.equal(isRich(seal({ a: [1] }, "", seal({ a: [rich] }))), false);
    }
  });
});

test("the same part in too many places is refused in what is only looked at", () => {
  let value: unknown = [1];
  for (let i = 0; i < 64; i++) value = [value, value];
  assert.throws(() => assertHolds(value, "argument"), {
    code: "STATE_VALUE",
    message: /larger than 1048576 characters/,
  });
});
