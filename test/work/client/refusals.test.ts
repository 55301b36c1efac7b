import assert from "node:assert/strict";
import test from "node:test";
import { createClient, task, workflow } from "livespan/work";
import { Recorder } from "./recorder.ts";
import { z } from "zod";

const engine = new Recorder();
const client = createClient({ engine });
const plain = task("plain", (input: unknown) => input);

/** Nothing of what is refused reaches the engine. */
async function refused(asking: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  const before = engine.requests.length;
  await assert.rejects(asking, (error: Error & { code?: string }) => {
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
  assert.equal(engine.requests.length, before);
}

test("an input that does not fit its schema is refused where it is asked for, by its path", async () => {
  const mail = task("mail", { input: z.object({ to: z.array(z.string()) }) }, () => 1);
  await refused(client.enqueue(mail, { to: ["a", 7 as never] }), "INVALID_INPUT", /"mail".*to\W*1/);
  await refused(client.enqueueMany(mail, [{ to: [] }, {} as never]), "INVALID_INPUT", /to/);
});

test("the schema of a workflow holds for its tasks", async () => {
  const flow = workflow("flow", { input: z.object({ id: z.number() }) });
  const step = flow.task("step", () => 1);
  await refused(client.enqueue(flow, { id: "x" as never }), "INVALID_INPUT", /"flow".*id/);
  await refused(client.run(step, { id: "x" as never }), "INVALID_INPUT", /"flow\/step".*id/);
});

const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;
const cases: readonly (readonly [what: string, input: unknown, message: RegExp])[] = [
  ["a date", { at: new Date(0) }, /at .*Date/],
  ["NaN", { list: [1, NaN] }, /list\[1\].*NaN/],
  ["a function", { fn: () => 1 }, /fn .*function/],
  ["a map", new Map(), /Map/],
  ["a BigInt", [1n], /\[0\].*bigint/],
  ["undefined in a list", [undefined], /\[0\].*undefined/],
  ["a circle", cyclic, /self/],
];
for (const [what, input, message] of cases) {
  test(`${what} cannot be kept as JSON, and its path is named`, () =>
    refused(client.enqueue(plain, input), "INVALID_INPUT", message));
}

test("an input over the limit is refused with both sizes", async () => {
  const small = createClient({ engine, payloadLimit: 10 });
  await refused(small.enqueue(plain, "x".repeat(9)), "PAYLOAD_TOO_LARGE", /11 characters.*10/);
  await small.enqueue(plain, "x".repeat(8));
});

const options: readonly (readonly [options: unknown, message: RegExp])[] = [
  [{ dealy: 5 }, /no option "dealy".*"delay"/],
  [{ delay: -1 }, /delay.*-1/],
  [{ delay: NaN }, /delay.*NaN/],
  [{ priority: 1.5 }, /priority.*1.5/],
  [{ priority: 2 ** 40 }, /priority/],
  [{ idempotencyKey: "" }, /idempotencyKey/],
  [{ metadata: { a: 1 } }, /metadata/],
  [{ transaction: "begin" }, /transaction.*PostgreSQL client/],
  [{ concurrencyKey: "x" }, /"plain".*declares no concurrency/],
  ["soon", /object of options.*string/],
];
for (const [given, message] of options) {
  test(`${JSON.stringify(given)} are no options of a run`, () =>
    refused(client.enqueue(plain, 1, given as never), "INVALID_RUN_OPTION", message));
}

test("one idempotency key for several runs would make them one", () =>
  refused(client.runMany(plain, [1, 2], { idempotencyKey: "k" }), "INVALID_RUN_OPTION", /2 runs/));

test("inputs that are no list are refused", async () => {
  await refused(client.enqueueMany(plain, 5 as never), "INVALID_RUN_OPTION", /enqueueMany\(\).*a list of inputs.*5/);
  await refused(client.runMany(plain, undefined as never), "INVALID_RUN_OPTION", /runMany\(\).*undefined/);
});

test("a moment that is none, and a delay beside a moment, are refused", async () => {
  await refused(client.schedule(plain, new Date("x"), 1), "INVALID_RUN_OPTION", /at/);
  await refused(client.schedule(plain, "tomorrow" as never, 1), "INVALID_RUN_OPTION", /tomorrow/);
  await refused(client.schedule(plain, 5, 1, { delay: 1 }), "INVALID_RUN_OPTION", /delay/);
});

test("a key that is no text is refused with the option that gave it", async () => {
  const keyed = task("keyed", { concurrency: { key: (input) => input as string } }, () => 1);
  await refused(client.enqueue(keyed, 7), "INVALID_RUN_OPTION", /concurrency\.key of "keyed" gave number/);
});

test("filters are looked at before anything is cancelled by them", async () => {
  await refused(client.list({ sates: ["failed"] } as never), "INVALID_RUN_OPTION", /"sates".*"states"/);
  await refused(client.cancel({ states: ["runing"] as never }), "INVALID_RUN_OPTION", /"runing".*"running"/);
  await refused(client.replay({ limit: 0 }), "INVALID_RUN_OPTION", /limit/);
  await refused(client.list({ limit: 1_001 }), "INVALID_RUN_OPTION", /1,000/);
  await refused(client.list({ since: "now" as never }), "INVALID_RUN_OPTION", /since/);
});

test("what is no declaration is refused, and so is what the client does not list, with the nearest name", async () => {
  await refused(client.enqueue("plain" as never), "INVALID_TASK", /got string/);
  const listing = createClient({ engine, workflows: [plain] });
  await refused(listing.enqueue(task("plian", () => 1)), "UNKNOWN_TASK", /"plian".*"plain"/);
  assert.throws(() => createClient({ engine, workflows: [{} as never] }), { code: "INVALID_TASK" });
});

test("events and crons need names", async () => {
  await refused(client.emit(""), "INVALID_RUN_OPTION", /event/);
  await refused(client.cron("", plain, "* * * * *"), "INVALID_RUN_OPTION", /name/);
  await refused(client.cron("c", plain, 5 as never), "INVALID_RUN_OPTION", /expression/);
});

test("a task that is run where no client is in scope says so", async () => {
  const asked = [plain.run(1), plain.enqueue(1), workflow("flow").run(), workflow("flow").enqueue()];
  for (const each of asked) await assert.rejects(each, { code: "NO_CLIENT" });
});

test("keys and names that no index could hold are refused, wherever they come from", async () => {
  const long = "k".repeat(501);
  const keyed = task("keyed", { concurrency: { key: (input: string) => input } }, (input: string) => input);
  await refused(client.enqueue(plain, 1, { idempotencyKey: long }), "INVALID_RUN_OPTION", /idempotencyKey.*got 501/);
  await refused(client.enqueue(keyed, long), "INVALID_RUN_OPTION", /concurrency\.key of "keyed".*500/);
  await client.enqueue(keyed, "k".repeat(500));
  await refused(client.emit(long), "INVALID_RUN_OPTION", /event.*got 501 characters/);
  await refused(client.cron(long, plain, "* * * * *"), "INVALID_RUN_OPTION", /name.*got 501 characters/);
});
