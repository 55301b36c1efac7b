import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runInNewContext } from "node:vm";
// How values are kept, and what a failure becomes, has no public door of its own.
import { checked } from "../../src/work/check.ts";
import { failureOf } from "../../src/work/failure.ts";
import { pack, unpack, type PayloadRules } from "../../src/work/payload.ts";
import { z } from "zod";

const rules: PayloadRules = { what: 'the output of "t"', code: "INVALID_OUTPUT", limit: 1_000_000 };
const circle: Record<string, unknown> = {};
circle["list"] = [{ circle }];
class Point {
  readonly x = 1;
}
/** Lists inside of each other. */
function nested(deep: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < deep; i++) value = [value];
  return value;
}

test("R24: what JSON carries comes back as it was, falsy values and undefined included", () => {
  const shared = { twice: true };
  const flat = [0, -1.5, false, true, "", "text", "\u0000\ud800", null, undefined, [], {}];
  const deep = [[[0, false, "", null]], { a: { b: [{ c: 1 }] } }, [shared, shared], { "": 1, "a.b": 2 }, nested(500)];
  for (const value of [...flat, ...deep]) assert.deepEqual(unpack(pack(value, rules)), value);
  assert.deepEqual(unpack(pack(Object.assign(Object.create(null), { row: 1 }), rules)), { row: 1 });
  assert.deepEqual(unpack(pack(runInNewContext("({ of: ['another realm'] })"), rules)), { of: ["another realm"] });
  assert.deepEqual(unpack(pack({ a: undefined, b: 1 }, rules)), { b: 1 });
  // Whoever parses it without knowing of undefined gets null.
  assert.equal(JSON.parse(pack(undefined, rules)), null);
});

describe("what JSON would change or lose is refused by its path", () => {
  const bad: readonly [value: unknown, says: string][] = [
    [() => 1, "it is a function"],
    [Symbol("s"), "it is a symbol"],
    [5n, "it is a bigint"],
    [Number.NaN, "it is NaN"],
    [{ rows: [{ n: Infinity }] }, "rows[0].n is Infinity"],
    [{ a: [1, undefined] }, "a[1] is undefined"],
    [Object.assign([], { length: 1 }), "[0] is undefined"],
    [{ at: new Date(0) }, "at is a Date: pass its toISOString() or its time"],
    [new Map([[1, 2]]), "it is a Map: pass a list of what is in it"],
    [[new Set()], "[0] is a Set: pass a list of what is in it"],
    [{ bytes: Buffer.from("a") }, "bytes is an instance of Buffer"],
    [new Point(), "it is an instance of Point"],
    [new Error("e"), "it is an instance of Error"],
    [Promise.resolve(), "it is an instance of Promise"],
    [Object.create({ inherited: true }), "it is an instance of Object"],
    [Object.create(Object.create(Object.create(null))), "it is an instance of a class"],
    [{ toJSON: () => 1 }, "toJSON is a function"],
    [circle, "list[0].circle contains itself"],
    [nested(100_000), "it is nested too deeply"],
    [
      {
        get broken(): never {
          throw new Error("gone");
        },
      },
      "looking at it threw (gone)",
    ],
  ];
  for (const [value, says] of bad) {
    test(says, () => {
      assert.throws(
        () => pack(value, rules),
        ({ code, message }: { code: string; message: string }) => {
          assert.equal(code, "INVALID_OUTPUT");
          assert.ok(message.startsWith(`the output of "t" cannot be kept as JSON: ${says}`), message);
          return true;
        },
      );
    });
  }
});

test("a payload over the limit is refused with both sizes, one at the limit is not", () => {
  const small = { ...rules, limit: 12 };
  assert.equal(pack("0123456789", small), '"0123456789"');
  assert.throws(() => pack("0123456789a", small), {
    code: "PAYLOAD_TOO_LARGE",
    message: /the output of "t" is 13 characters of JSON; the limit is 12/,
  });
});

test("R25: a schema's refusal names every fault by its path, also of an asynchronous schema", async () => {
  const schema = z.object({ n: z.number(), rows: z.array(z.object({ id: z.string() })) });
  const of = { what: 'the input of "t"', code: "INVALID_INPUT" } as const;
  assert.deepEqual(await checked(schema, { n: 1, rows: [] }, of), { n: 1, rows: [] });
  assert.equal(await checked(undefined, "any", of), "any");
  await assert.rejects(async () => await checked(schema, { n: "1", rows: [{}] }, of), {
    code: "INVALID_INPUT",
    message: /^the input of "t" does not fit its schema: n: .*; rows\.0\.id: /,
  });
  const free = z.string().refine(async (name) => name !== "taken", "is taken");
  assert.equal(await checked(free, "free", of), "free");
  await assert.rejects(async () => await checked(free, "taken", of), {
    code: "INVALID_INPUT",
    message: /schema: is taken\./,
  });
});

describe("F09: whatever was thrown is kept, small and readable", () => {
  test("an error with its code and what caused it, aggregates included", () => {
    const inner = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    const cause = new AggregateError([inner, new TypeError("two")], "all failed");
    const { name, message, code, stack, causes } = failureOf(new RangeError("outer", { cause }));
    assert.deepEqual([name, message, code], ["RangeError", "outer", undefined]);
    assert.match(stack!, /RangeError: outer\n {4}at /);
    assert.deepEqual(causes, ["AggregateError: all failed", "Error: refused", "TypeError: two"]);
    assert.equal(failureOf(inner).code, "ECONNREFUSED");
    assert.equal(failureOf(Object.assign(new Error("n"), { code: 40_001 })).code, "40001");
  });

  test("what is no error", () => {
    assert.deepEqual(failureOf("text"), { name: "string", message: "text" });
    assert.deepEqual(failureOf(undefined), { name: "undefined", message: "undefined (not an Error)" });
    assert.deepEqual(failureOf({ a: 1 }), { name: "object", message: '{"a":1} (not an Error)' });
    assert.equal(failureOf(circle).message, "a value that cannot be printed");
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error("no");
        },
      },
    );
    assert.equal(failureOf(hostile).name, "object");
  });

  test("a circle of causes ends, and long ones are cut", () => {
    const circular = new Error("circular");
    circular.cause = circular;
    assert.equal(failureOf(circular).causes, undefined);
    let chain = new Error("0");
    for (let i = 1; i < 50; i++) chain = new Error(String(i), { cause: chain });
    assert.deepEqual(failureOf(chain).causes, ["Error: 48", "Error: 47", "Error: 46", "Error: 45", "Error: 44"]);
    const huge = new Error("x".repeat(5_000_000), { cause: new Error("y".repeat(5_000_000)) });
    const kept = failureOf(huge);
    assert.match(kept.message, /^x+… \(5000000 characters\)$/);
    assert.ok(JSON.stringify(kept).length < 40_000);
  });
});
