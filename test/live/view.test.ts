import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { seal } from "../../src/live/server/seal.ts";
import { unwrap, viewOf } from "../../src/live/server/view.ts";

interface Row {
  id: number;
  tags: string[];
}

const plain = () => ({
  count: 1,
  nested: { deep: { n: 1 } } as Record<string, { n: number }>,
  rows: [
    { id: 1, tags: ["a"] },
    { id: 2, tags: [] },
  ] as Row[],
  empty: [] as number[],
  map: new Map<string, Row>([["a", { id: 3, tags: [] }]]),
  keyed: new Map<Row, number>([[{ id: 4, tags: [] }, 1]]),
  set: new Set<Row>([{ id: 5, tags: [] }]),
  at: new Date(5),
  nothing: null,
});

const target = seal(plain());
const view = viewOf(target);

describe("every write throws, with its path", () => {
  const [inSet] = view.set;
  const [[inKey]] = view.keyed as unknown as [[Row]];
  const writes: [write: () => unknown, message: RegExp][] = [
    [() => (view.count = 2), /^"count" was set outside of a block/],
    [() => view.count++, /"count" was set/],
    [() => ((view as Record<string, unknown>)["more"] = 1), /"more" was set/],
    [() => delete (view as { count?: number }).count, /"count" was deleted/],
    [() => Object.defineProperty(view, "count", { value: 2 }), /"count" was defined/],
    [() => Object.setPrototypeOf(view, null), /the prototype of the state was set/],
    [() => Object.freeze(view.nested), /"nested" was frozen/],
    [() => Object.assign(view.nested, { a: 1 }), /"nested\.a" was set/],
    [() => (view.nested["deep"]!.n = 2), /"nested\.deep\.n" was set/],
    [() => (view.rows[0]!.id = 2), /"rows\[0\]\.id" was set/],
    [() => (view.rows[5] = view.rows[0]!), /"rows\[5\]" was set/],
    [() => (view.rows.length = 0), /"rows\.length" was set/],
    [() => view.rows[0]!.tags.push("b"), /push\(\) was called on "rows\[0\]\.tags"/],
    [() => view.rows.pop(), /pop\(\)/],
    [() => view.rows.shift(), /shift\(\)/],
    [() => view.rows.unshift(), /unshift\(\)/],
    [() => view.rows.splice(0, 0), /splice\(\) was called on "rows"/],
    [() => view.empty.sort((a, b) => a - b), /sort\(\) was called on "empty"/],
    [() => view.empty.reverse(), /reverse\(\)/],
    [() => view.empty.fill(1), /fill\(\)/],
    [() => view.rows.copyWithin(0, 1), /copyWithin\(\)/],
    [() => Array.prototype.push.call(view.rows, 1), /"rows\[2\]" was set/],
    [() => (view.rows.find((row) => row.id === 2)!.id = 1), /"rows\[1\]\.id" was set/],
    [() => view.map.set("b", view.rows[0]!), /set\(\) was called on "map"/],
    [() => view.map.delete("a"), /delete\(\) was called on "map"/],
    [() => view.map.clear(), /clear\(\) was called on "map"/],
    [() => (view.map.get("a")!.id = 1), /"map\.a\.id" was set/],
    [() => [...view.map.values()].forEach((row) => row.tags.push("x")), /push\(\) was called on "map\.a\.tags"/],
    [() => view.map.forEach((row) => (row.id = 1)), /"map\.a\.id" was set/],
    [() => view.map.forEach((_row, _key, map) => map.clear()), /clear\(\)/],
    [() => (view.map as unknown as Row).id++, /"map\.id" was set/],
    [() => (inKey.id = 1), /"keyed\.…\.id" was set/],
    [() => view.set.add(view.rows[0]!), /add\(\) was called on "set"/],
    [() => (inSet!.id = 1), /"set\.…\.id" was set/],
    [() => view.at.setTime(1), /setTime\(\) was called on a date/],
    [() => view.at.setUTCHours(1), /setUTCHours\(\)/],
  ];
  for (const [write, message] of writes) {
    test(String(write), () => {
      assert.throws(write, { name: "ImmutableStateError", code: "IMMUTABLE_STATE", message });
      assert.deepEqual(target, plain());
    });
  }
});

describe("it reads as what is behind it", () => {
  const reads: [read: (s: ReturnType<typeof plain>) => unknown][] = [
    [(s) => JSON.stringify(s)],
    [(s) => inspect(s, { depth: 9 })],
    [(s) => inspect([s.map, s.set, s.rows], { depth: 9 })],
    [(s) => Object.keys(s)],
    [(s) => ({ ...s }).count],
    [(s) => "count" in s && !("more" in s)],
    [(s) => Object.hasOwn(s, "count")],
    [(s) => Array.isArray(s.rows)],
    [(s) => Array.isArray(s.nested)],
    [(s) => s.rows.length],
    [(s) => [...s.rows].length],
    [(s) => s.rows.map((row) => row.id)],
    [(s) => s.rows.includes(s.rows[1]!)],
    [(s) => s.rows.indexOf(s.rows[1]!)],
    [(s) => s.rows.concat(s.rows).length],
    [(s) => s.rows.toSorted((a, b) => b.id - a.id).map((row) => row.id)],
    [(s) => Object.entries(s.rows[0]!).length],
    [(s) => s.map instanceof Map && s.set instanceof Set && s.at instanceof Date],
    [(s) => [s.map.size, s.map.has("a"), s.map.has("b"), s.map.get("a")!.id, s.map.get("b")]],
    [(s) => [...s.map].map(([key, row]) => [key, row.id])],
    [(s) => [...s.map.keys(), ...s.map.entries()].length],
    [(s) => [...s.keyed.keys()].map((key) => s.keyed.get(key))],
    [(s) => [...s.set].every((row) => s.set.has(row))],
    [(s) => [s.at.getTime(), new Date(s.at).getTime(), s.at.toJSON()]],
    [(s) => Object.prototype.toString.call(s.map)],
    [(s) => s.nothing],
  ];
  for (const [read] of reads) {
    test(String(read), () => assert.deepEqual(read(view), read(plain())));
  }
  test("by deep equality", () =>
    assert.deepEqual({ ...view.nested, rows: view.rows }, { ...plain().nested, rows: plain().rows }));
});

test("what is the same behind it is the same in it", () => {
  assert.equal(viewOf(target), view);
  assert.equal(view.rows, view.rows);
  assert.equal(view.map.get("a"), [...view.map.values()][0]);
  assert.equal(view.rows.at(0), view.rows[0]);
});

test("what is behind it can be had, and a value is its own view", () => {
  assert.equal(unwrap(view), target);
  assert.equal(unwrap(view.rows[0]), target.rows[0]);
  assert.equal(unwrap(target), target);
  assert.equal(viewOf(5), 5);
  assert.equal(viewOf(null), null);
  assert.equal(unwrap(null), null);
});
