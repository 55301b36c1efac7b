import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse, stringify } from "devalue";
import { decode, encode } from "../../src/live/server/encode.ts";
import { seal } from "../../src/live/server/seal.ts";
import { keysOfEveryObject } from "./random-commits.ts";

test("what JSON can carry is JSON", () => {
  assert.deepEqual(encode(seal({ a: [1, "two", null] })), { text: '{"a":[1,"two",null]}', rich: false });
  assert.deepEqual(encode([["=", "a", seal({ b: 1 })]]), { text: '[["=","a",{"b":1}]]', rich: false });
});

test("what it cannot is text by devalue, and comes back as it was", () => {
  for (const value of [
    undefined,
    Number.NaN,
    -0,
    12n,
    new Date(5),
    new Map([[{ a: 1 }, new Set([1])]]),
    { a: undefined },
  ]) {
    for (const sent of [value, { deep: [value] }, [["=", "a", value]]]) {
      const { text, rich } = encode(seal(structuredClone(sent)));
      assert.equal(rich, true);
      assert.deepEqual(parse(text), sent);
      assert.deepEqual(decode(text), sent);
    }
  }
});

describe("text of a client that is no value of a state is a TypeError", () => {
  const bad = [
    "",
    "{",
    "null",
    "{}",
    "[]",
    "-99",
    "[5]x",
    '["x"',
    '[["Unknown",1]]',
    '[["Date",1],2]'.slice(0, 5),
    '[{"__proto__":1},2]',
    '[["null","__proto__",1],2]',
    '[["RegExp","(a+)+$"]]',
    '[["URL","http://x"]]',
    '[["Uint8Array",1],["ArrayBuffer","AAAA"]]',
    '[["Object",1],1]',
    '[["BigInt","x"]]',
    "[[-7,4294967295]]",
    "[[1,-2,1],1]",
    "[[0]]",
    '[{"a":0}]',
    '[["Map",0,0]]',
    `[${Array.from({ length: 5_000 }, (_, i) => `[${i + 1}]`).join(",")},1]`,
    `[${Array.from({ length: 60 }, (_, i) => `[${i + 1},${i + 1}]`).join(",")},1]`,
  ];
  for (const text of bad) {
    test(text.slice(0, 60), () => {
      assert.throws(() => decode(text), TypeError);
      assert.equal(Reflect.ownKeys(Object.prototype).length, keysOfEveryObject);
    });
  }
});

test("what a client sends is its own and writable, and names of prototypes are names", () => {
  const value = decode(stringify({ constructor: 1, toString: [2], at: new Date(1) })) as {
    at: Date;
    toString: unknown;
  };
  assert.deepEqual(Object.keys(value), ["constructor", "toString", "at"]);
  value.at.setTime(2);
  value.toString = 3;
});
