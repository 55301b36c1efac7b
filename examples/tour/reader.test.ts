import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { Reader } from "./reader.ts";

const { signal } = new AbortController();

/** The number of words that a reader finds in a text. */
async function words(reader: Reader, text: string, until = signal): Promise<number> {
  return (await reader.read({ text, format: "plain" }, until)).reading.words;
}

suite("a reader", () => {
  let reader: Reader;
  before(async () => void (reader = await Reader.open(signal, { renewAfter: 10 })));
  after(() => reader[Symbol.asyncDispose]());

  test("answers each question with its own answer, in turn, also when its thread is renewed in between", async () => {
    const texts = ["one", "one two", "one two three", "one two three four"];
    assert.deepEqual(await Promise.all(texts.map((text) => words(reader, text))), [1, 2, 3, 4]);
    assert.equal(reader.waiting, 0);
  });

  test("leaves out who has left, and reads for those behind", async () => {
    const leave = new AbortController();
    const first = words(reader, "one");
    const second = words(reader, "one two", leave.signal);
    const third = words(reader, "one two three");
    leave.abort(new Error("left"));
    await assert.rejects(second, /left/);
    assert.deepEqual([await first, await third], [1, 3]);
  });

  test("gets over a renewal that nobody waits for any more", async () => {
    await words(reader, "more than ten characters");
    const leave = new AbortController();
    const renewing = words(reader, "one", leave.signal);
    await new Promise((resolve) => void setImmediate(resolve));
    leave.abort(new Error("left"));
    await assert.rejects(renewing, /left/);
    assert.equal(await words(reader, "one two"), 2);
  });
});

test("a reader that is given up while it loads leaves no thread behind", async () => {
  const before = process.getActiveResourcesInfo().length;
  await assert.rejects(Reader.open(AbortSignal.abort(new Error("given up"))), { name: "AbortError" });
  assert.equal(process.getActiveResourcesInfo().length, before);
});
