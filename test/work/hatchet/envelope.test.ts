import assert from "node:assert/strict";
import { enveloped, failureOf, failureText, outputOf, payloadOf } from "../../../src/work/engines/hatchet/envelope.ts";
import { pack } from "../../../src/work/payload.ts";
import { test } from "node:test";

const rules = { what: "it", code: "INVALID_INPUT", limit: 1_000 } as const;

for (const value of [0, false, "", null, undefined, [], {}, "a\u0000b", "\ud800", { livespan: 1, value: 2 }]) {
  test(`${JSON.stringify(value)} comes out of its envelope as it went in`, () => {
    const text = pack(value, rules);
    const sent = enveloped(text);
    assert.doesNotMatch(sent, /(?<!\\)\\u(0000|d8)/i, "jsonb would refuse it");
    assert.equal(payloadOf(JSON.parse(sent)), text);
  });
}

test("a payload can be read there, where jsonb keeps it as it is", () => {
  assert.equal(enveloped('{"a":1}', { task: "t" }), '{"livespan":1,"task":"t","value":{"a":1}}');
});

test("what another client sent is the payload itself", () => {
  assert.equal(payloadOf({ n: 1 }), '{"n":1}');
  assert.equal(payloadOf(undefined), "null");
});

test("a skipped step says so in its output", () => {
  const settled = outputOf(JSON.parse(enveloped("null", { skipped: "not today" })));
  assert.deepEqual(settled, { state: "skipped", reason: "not today" });
});

test("a failure is shown as Hatchet shows them, and read again whole", () => {
  const error = { name: "TypeError", message: "no", code: "E_NO", stack: "at x", causes: ["because"] };
  assert.partialDeepStrictEqual(JSON.parse(failureText(error)), { message: "no", stack: "at x" });
  assert.deepEqual(failureOf(failureText(error)), error);
  assert.deepEqual(failureOf('{"message":"theirs"}'), { name: "Error", message: "theirs" });
  assert.deepEqual(failureOf("plain"), { name: "Error", message: "plain" });
  assert.deepEqual(failureOf(""), { name: "Error", message: "it failed" });
  assert.doesNotMatch(failureText({ name: "E", message: "a\u0000b" }), /\\u0000/);
});
