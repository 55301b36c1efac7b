import assert from "node:assert/strict";
import { test } from "node:test";
import { NonRetryableError } from "livespan/work";
// When a job is tried again has no door of its own but a whole run.
import { NonRetryableError as Sources, workError } from "../../src/work/errors.ts";
import { retryIn } from "../../src/work/retry.ts";

const failed = new Error("failed");
const half = () => 0.5;

test("F04: waits grow by the factor up to the cap", () => {
  const backoff = { base: 2_000, factor: 2, max: 10_000, jitter: "none" } as const;
  const waits = [0, 1, 2, 3, 4].map((failures) => retryIn(failed, { retries: 5, backoff }, failures, half));
  assert.deepEqual(waits, [2_000, 4_000, 8_000, 10_000, 10_000]);
});

test("unless said, a wait is anywhere below 1 s doubled each time, and below a minute", () => {
  const wait = (failures: number, random: number) => retryIn(failed, { retries: 9_999 }, failures, () => random);
  assert.deepEqual([wait(0, 0), wait(0, 0.5), wait(1, 0.5), wait(20, 0.5)], [0, 500, 1_000, 30_000]);
  assert.equal(wait(0, 0.999_999), 999);
  // However often it has failed, and whatever the options leave out.
  assert.equal(wait(5_000, 0.5), 30_000);
  assert.equal(retryIn(failed, { retries: 9_999, backoff: { base: 0 } }, 5_000, half), 0);
});

test("F03: an attempt that fails for good has no next one", () => {
  assert.equal(retryIn(failed, {}, 0, half), undefined);
  assert.notEqual(retryIn(failed, { retries: 3 }, 2, half), undefined);
  assert.equal(retryIn(failed, { retries: 3 }, 3, half), undefined);
});

test("F01: what says that another attempt would fail as well is not tried again", () => {
  const final = [
    new NonRetryableError("no"),
    new Sources("no"),
    Object.assign(new Error("no"), { retryable: false }),
    workError("INVALID_INPUT", "no"),
    workError("INVALID_OUTPUT", "no"),
    workError("PAYLOAD_TOO_LARGE", "no"),
  ];
  for (const thrown of final) assert.equal(retryIn(thrown, { retries: 3 }, 0, half), undefined);
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw failed;
      },
    },
  );
  const others = ["text", undefined, null, hostile, Object.assign(new Error("yes"), { retryable: true })];
  for (const thrown of [...others, workError("ENGINE_DOWN", "yes"), workError("ATTEMPT_TIMEOUT", "yes")]) {
    assert.equal(retryIn(thrown, { retries: 3 }, 0, half), 500);
  }
});
